// SPDX-License-Identifier: Apache-2.0
// Where a flow gets the upstream's catalogue (tables, columns, functions) from: read over the
// daemon's own connection, never over the agent's.
#pragma once

#include "net/upstream.h"

#include <sluice/resource.h>

#include <functional>
#include <memory>
#include <string>

namespace sluice::sql {
class Catalog;
}

namespace sluice::net {

struct CatalogRequest {
  std::shared_ptr<const Resource> resource;  // never null; its login is used
  UpstreamSettings upstream;
  std::string database;
  bool fresh = false;            // true: an answer read before this call is not good enough
  std::uint64_t generation = 0;  // DatabaseNews: nor one that was read before this
};

class CatalogSource {
 public:
  // Null catalogue: `reason` says why in one sentence that is fit for the agent.
  using Callback =
      std::function<void(std::shared_ptr<const sql::Catalog> catalog, const std::string& reason)>;
  virtual ~CatalogSource() = default;
  // Never blocks. The callback comes exactly once, on any thread, possibly before get() returns.
  virtual void get(const CatalogRequest& request, Callback callback) = 0;
};

}  // namespace sluice::net
