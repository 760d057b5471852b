// SPDX-License-Identifier: Apache-2.0
// Which encodings COPY rows can be read in.
#pragma once

#include <sluice/copy_format.h>

#include <string>
#include <string_view>

namespace sluice::session {

// The encoding that a COPY's rows come in.
const std::string& copy_encoding(const CopyFormat& format, const std::string& client_encoding);
// In some, the second byte of a character can be a backslash or a letter. Binary is read in none.
bool copy_encoding_is_readable(std::string_view encoding);

}  // namespace sluice::session
