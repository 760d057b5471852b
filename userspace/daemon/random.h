// SPDX-License-Identifier: Apache-2.0
// Secure random bytes and the names made of them.
#pragma once

#include <sluice/bytes.h>

#include <string>

namespace sluice::daemon {

Bytes random_bytes(std::size_t count);
std::string random_hex(std::size_t bytes);  // two digits a byte
std::string random_ticket();                // 8 characters of a-z2-7

}  // namespace sluice::daemon
