// SPDX-License-Identifier: Apache-2.0
// Text on a terminal, for the listings.
#pragma once

#include "cli/replay/visible.h"

#include <sluice/clock.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// Several lines, each visible() and behind `margin`, so that no line of the text can pass for one
// of ours.
std::string visible_block(std::string_view text, std::string_view margin);

// "2026-11-23 09:00:00Z"
std::string utc_text(WallTime time);
// "in 9m", "2h05m ago"
std::string from_now(WallTime time, WallTime now);

std::string join(const std::vector<std::string>& parts, std::string_view between);

// Columns as wide as their widest cell. Cells go through visible().
class Columns {
 public:
  explicit Columns(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sluice::cli
