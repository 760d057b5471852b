// SPDX-License-Identifier: Apache-2.0
#include "keeper/capabilities.h"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <type_traits>

namespace sluice::keeper {
namespace {

struct FreeCaps {
  void operator()(cap_t caps) const noexcept { ::cap_free(caps); }
};
using Caps = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCaps>;

bool is_in(std::span<const int> kept, cap_value_t capability) {
  return std::find(kept.begin(), kept.end(), capability) != kept.end();
}

}  // namespace

bool may_lower_bounding_set() {
  const Caps caps{::cap_get_proc()};
  cap_flag_value_t value = CAP_CLEAR;
  return caps && ::cap_get_flag(caps.get(), CAP_SETPCAP, CAP_EFFECTIVE, &value) == 0 &&
         value == CAP_SET;
}

Result<void> lower_bounding_set(std::span<const int> kept) {
  for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); ++capability)
    if (!is_in(kept, capability) && ::cap_drop_bound(capability) != 0)
      return Error::sys(errno, "lower the capability bounding set");
  return {};
}

Result<void> limit_capabilities(std::span<const int> kept) {
  const Caps caps{::cap_get_proc()};
  if (!caps) return Error::sys(errno, "read capabilities");
  // Fails only on kernels without ambient capabilities, which then has none to clear.
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); ++capability)
    if (!is_in(kept, capability))
      for (const cap_flag_t set : {CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE})
        ::cap_set_flag(caps.get(), set, 1, &capability, CAP_CLEAR);
  if (::cap_set_proc(caps.get()) != 0) return Error::sys(errno, "give up capabilities");
  return {};
}

bool has_any_capability() {
  const Caps now{::cap_get_proc()};
  const Caps none{::cap_init()};
  if (!now || !none || ::cap_compare(now.get(), none.get()) != 0) return true;
  for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); ++capability)
    if (::cap_get_bound(capability) != 0) return true;
  return false;
}

}  // namespace sluice::keeper
