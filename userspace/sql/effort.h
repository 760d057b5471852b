// SPDX-License-Identifier: Apache-2.0
// How much work one text may make. Whatever can grow faster than the text is counted here before it
// is done.
#pragma once

#include <cstddef>

namespace sluice::sql {

class Effort {
 public:
  // What a name or column costs that is made or copied, in looks.
  static constexpr std::size_t kPerCopy = 16;

  explicit Effort(std::size_t max) : max_(max), left_(max) {}
  // False: it is too much, now and for whatever is asked later.
  bool spend(std::size_t looks) {
    if (looks > left_) spent_ = true;
    if (!spent_) left_ -= looks;
    return !spent_;
  }
  bool spent() const { return spent_; }
  std::size_t used() const { return max_ - left_; }

 private:
  std::size_t max_, left_;
  bool spent_ = false;
};

}  // namespace sluice::sql
