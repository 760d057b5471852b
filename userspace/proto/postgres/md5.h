// SPDX-License-Identifier: Apache-2.0
// The answer to AuthenticationMD5Password: "md5" + hex(md5(hex(md5(password + user)) + salt)).
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::pg {

// For append_password_message(). Error where OpenSSL has no MD5 (FIPS): the server must then use
// scram-sha-256.
Result<Secret> md5_password_response(std::string_view user, const Secret& password,
                                     const std::array<std::uint8_t, 4>& salt);

}  // namespace sluice::pg
