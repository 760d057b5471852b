// SPDX-License-Identifier: Apache-2.0
#include "mask/text_masks.h"

#include <algorithm>

namespace sluice::mask {
namespace {

constexpr std::size_t kShownCharacters = 4;
constexpr std::size_t kPartialCharactersMin = 9;  // of 8, four would be half the value
constexpr std::size_t kEmailBytesMax = 254;       // RFC 5321
constexpr std::string_view kHidden = "****";
constexpr std::string_view kHiddenLocalPart = "***";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

// Length of the UTF-8 character at the front, by its first byte and its continuation bytes; 0 where
// there is none. Overlong forms do not matter to a mask.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (text.size() < length) return 0;
  const std::string_view rest = text.substr(1, length - 1);
  return std::all_of(rest.begin(), rest.end(), is_continuation) ? length : 0;
}

// Position of the '@' of something that is nothing but an e-mail address.
std::optional<std::size_t> at_of_email(std::string_view text) {
  if (text.size() > kEmailBytesMax) return std::nullopt;
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.rfind('@') != at) return std::nullopt;
  const std::string_view domain = text.substr(at + 1);
  const std::size_t dot = domain.find('.');
  if (dot == std::string_view::npos || dot == 0 || domain.ends_with('.')) return std::nullopt;
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == ',' || c == ';' || c == '<' || c == '>';
  });
  return plain ? std::optional{at} : std::nullopt;
}

}  // namespace

std::optional<std::size_t> characters_of(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) return std::nullopt;
    text.remove_prefix(length);
    ++count;
  }
  return count;
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (count-- > 0 && end < text.size())
    end += std::max<std::size_t>(1, character_length(text.substr(end)));
  return text.substr(0, end);
}

bool append_partial(std::string_view text, Bytes& out) {
  const auto count = characters_of(text);
  if (!count) return false;
  if (const auto at = at_of_email(text)) {
    const std::string_view first = first_characters(text, 1);
    // Of a local part of one letter that letter is all there is to hide.
    if (first.size() < *at) append(out, first);
    append(out, kHiddenLocalPart);
    append(out, text.substr(*at));
    return true;
  }
  if (*count < kPartialCharactersMin) return false;
  append(out, kHidden);
  append(out, text.substr(first_characters(text, *count - kShownCharacters).size()));
  return true;
}

void append_hex(ByteView bytes, Bytes& out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    out.push_back(static_cast<std::uint8_t>(kHex[byte >> 4U]));
    out.push_back(static_cast<std::uint8_t>(kHex[byte & 15U]));
  }
}

bool append_hash(ByteView value, KeyedHash& hash, Bytes& out) {
  Digest digest{};
  if (!hash.digest(value, digest)) return false;
  append_hex(ByteView{digest}.first(kHashDigits / 2), out);
  return true;
}

}  // namespace sluice::mask
