// SPDX-License-Identifier: Apache-2.0
// A network namespace of a test's own. It goes when its descriptor and what lives in it are gone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/unique_fd.h"

namespace sluice::kernel::testing_lab {

class NetworkNamespace {
 public:
  // With nothing in it but a loopback that is down. `set_up` runs in it.
  explicit NetworkNamespace(const std::function<void()>& set_up = {});

  // Runs `act` in it, on a thread of its own.
  void in(const std::function<void()>& act) const;
  void enter() const;  // for good: the calling thread, in a child
  std::uint64_t cookie() const { return cookie_; }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::uint64_t cookie_ = 0;
};

// For set_up; each throws where the kernel refuses.
void loopback_up();
void add_loopback_address(const std::string& ip);                    // IPv4
void set_sysctl(const std::string& path, const std::string& value);  // below /proc/sys
void run_ip(const std::string& arguments);                           // ip(8)

}  // namespace sluice::kernel::testing_lab
