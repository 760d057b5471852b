// SPDX-License-Identifier: Apache-2.0
// The trusted CAs of the upstreams, read once per file and again when the file changes. Any thread.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::net {

class ClientTlsContext;

class UpstreamTlsContexts {
 public:
  Result<std::shared_ptr<ClientTlsContext>> get(UpstreamTls mode, const std::string& ca_file);

 private:
  struct Entry {
    std::int64_t changed_ns = 0;
    std::int64_t size = 0;
    std::shared_ptr<ClientTlsContext> context;
  };
  std::mutex mutex_;
  // One entry per resource's setting in the policy, so the policy bounds it.
  std::map<std::pair<UpstreamTls, std::string>, Entry> entries_;
};

}  // namespace sluice::net
