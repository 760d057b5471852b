// SPDX-License-Identifier: Apache-2.0
// Where a flow gets an estimate of what a held statement would touch: from the upstream's planner,
// over the daemon's own connection.
#pragma once

#include "net/upstream.h"

#include <sluice/intent.h>
#include <sluice/resource.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice::net {

struct PlanRequest {
  std::shared_ptr<const Resource> resource;  // never null; its login is used
  UpstreamSettings upstream;
  std::string database;
  PlanQuestion question;
};

class PlanSource {
 public:
  using Callback = std::function<void(std::uint64_t rows)>;
  virtual ~PlanSource() = default;
  // Never blocks. The callback comes at most once, on any thread: not where the planner gives none.
  virtual void rows(PlanRequest request, Callback callback) = 0;
};

}  // namespace sluice::net
