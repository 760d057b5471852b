// SPDX-License-Identifier: Apache-2.0
// Text that an agent or a server had a hand in, made safe for a terminal: a statement that carries
// an escape sequence must not move the reader's cursor, set a title, or hide itself.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

// Every control character (C0, DEL, C1), every Unicode character that reorders text, hides in it or
// looks like a space, and every byte that is not valid UTF-8 is shown as \n, \t, \xNN or \u{NNNN}.
// With `lines`, newlines and tabs stay as they are.
std::string visible(std::string_view text, bool lines = false);

// Columns of a terminal that valid UTF-8 takes: one per character.
std::size_t width(std::string_view text);

}  // namespace sluice::cli
