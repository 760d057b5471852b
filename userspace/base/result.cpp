// SPDX-License-Identifier: Apache-2.0
#include <sluice/result.h>

#include <system_error>

namespace sluice {

Error Error::sys(int err, std::string_view doing) {
  Error error{std::string(doing) + ": " + std::generic_category().message(err)};
  error.code_ = err;
  return error;
}

Error Error::within(std::string_view phrase) const {
  Error outer{std::string(phrase) + ": " + text_};
  outer.code_ = code_;
  return outer;
}

}  // namespace sluice
