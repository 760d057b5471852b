// SPDX-License-Identifier: Apache-2.0
// Which encodings COPY rows can be read in, and in which of them tokens of characters are made.
#pragma once

#include <sluice/copy_format.h>

#include <string>
#include <string_view>

namespace sluice::session {

// The encoding that a COPY's rows come in.
const std::string& copy_encoding(const CopyFormat& format, const std::string& client_encoding);
// In some, the second byte of a character can be a backslash or a letter. Binary is read in none.
bool copy_encoding_is_readable(std::string_view encoding);
// What the server sends in it is UTF-8, or what its database holds, as from a client that asked for
// UTF8. Tokens are made of nothing else: who may choose among encodings and compare the tokens
// could tell of which characters a value is.
bool comes_as_utf8(std::string_view encoding, std::string_view server_encoding);

}  // namespace sluice::session
