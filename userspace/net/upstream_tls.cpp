// SPDX-License-Identifier: Apache-2.0
#include "net/upstream_tls.h"

#include "net/tls_context_impl.h"

#include <sys/stat.h>

namespace sluice::net {

Result<std::shared_ptr<ClientTlsContext>> UpstreamTlsContexts::get(UpstreamTls mode,
                                                                   const std::string& ca_file) {
  Entry now;
  struct stat status {};
  if (!ca_file.empty() && ::stat(ca_file.c_str(), &status) == 0) {
    now.changed_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    now.size = status.st_size;
  }
  const std::lock_guard lock{mutex_};
  Entry& entry = entries_[{mode, ca_file}];
  if (entry.context && entry.changed_ns == now.changed_ns && entry.size == now.size)
    return entry.context;
  SLUICE_TRY(now.context, ClientTlsContext::create(mode, ca_file));
  entry = std::move(now);
  return entry.context;
}

}  // namespace sluice::net
