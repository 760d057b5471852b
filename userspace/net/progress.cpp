// SPDX-License-Identifier: Apache-2.0
#include "net/progress.h"

namespace sluice::net {

std::optional<SteadyTime> ProgressMonitor::proven(SteadyTime now) {
  if (open_ && open_->answers.load() < threads_.size()) return proven_;
  if (open_) proven_ = open_->asked;
  open_ = std::make_shared<Question>();
  open_->asked = now;
  // A thread may answer after this object is gone.
  for (const PostTask& post : threads_)
    post([question = open_] { question->answers.fetch_add(1); });
  return proven_;
}

}  // namespace sluice::net
