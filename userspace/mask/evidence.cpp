// SPDX-License-Identifier: Apache-2.0
#include "mask/evidence.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace sluice::mask {
namespace {

constexpr std::size_t kAccessKeyLength = 20;
constexpr std::size_t kSecretKeyLength = 40;
constexpr std::size_t kSecretDistanceMax = 100;
constexpr std::size_t kSsnLength = 11;
constexpr std::size_t kJwtHeaderMax = 16384;  // some carry certificate chains (x5c)
constexpr std::size_t kJwtStartsMax = 4;      // places in one run of letters tried as its begin

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_base64url(char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '_'; }
bool is_base64(char c) { return is_digit(c) || is_letter(c) || c == '+' || c == '/'; }

template <class Test>
std::size_t run_begin(std::string_view text, std::size_t at, Test test) {
  while (at > 0 && test(text[at - 1])) --at;
  return at;
}
template <class Test>
std::size_t run_end(std::string_view text, std::size_t at, Test test) {
  while (at < text.size() && test(text[at])) ++at;
  return at;
}

}  // namespace

std::optional<Range> ssn_before(std::string_view text, std::size_t end) {
  if (end < kSsnLength || end > text.size()) return std::nullopt;
  const std::size_t begin = end - kSsnLength;
  const std::string_view ssn = text.substr(begin, kSsnLength);
  if (ssn[3] != ssn[6]) return std::nullopt;
  const bool runs_on =
      (begin > 0 && (is_digit(text[begin - 1]) ||
                     (begin > 1 && text[begin - 1] == '-' && is_digit(text[begin - 2])))) ||
      (end < text.size() && (is_digit(text[end]) || (text[end] == '-' && end + 1 < text.size() &&
                                                     is_digit(text[end + 1]))));
  if (runs_on) return std::nullopt;
  const std::string_view area = ssn.substr(0, 3);
  if (area == "000" || area == "666" || area[0] == '9') return std::nullopt;
  if (ssn.substr(4, 2) == "00" || ssn.substr(7) == "0000") return std::nullopt;
  return Range{begin, end};
}

std::optional<Range> aws_key_id_before(std::string_view text, std::size_t end) {
  if (end < kAccessKeyLength || end > text.size()) return std::nullopt;
  const auto is_key = [](char c) { return is_upper(c) || is_digit(c); };
  const std::size_t begin = end - kAccessKeyLength;
  if (begin > 0 && is_key(text[begin - 1])) return std::nullopt;
  if (end < text.size() && is_key(text[end])) return std::nullopt;
  return Range{begin, end};
}

std::optional<Range> aws_secret_after(std::string_view text, std::size_t from) {
  const std::size_t last = std::min(text.size(), from + kSecretDistanceMax);
  // A longer run is no secret, so there is no need to see its end.
  text = text.substr(0, last + kSecretKeyLength + 1);
  std::size_t at = run_end(text, from, is_base64);  // the rest of the keyword itself
  while (at < last) {
    at = run_end(text, at, [](char c) { return !is_base64(c); });
    const std::size_t end = run_end(text, at, is_base64);
    if (at < last && end - at == kSecretKeyLength) return Range{at, end};
    at = std::max(end, at + 1);
  }
  return std::nullopt;
}

std::optional<Range> private_key_around(std::string_view text, std::size_t end) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  constexpr std::size_t kLabelMax = 80;
  if (end > text.size()) return std::nullopt;
  const std::size_t from = end > kLabelMax ? end - kLabelMax : 0;
  const std::size_t begin = text.substr(from, end - from).rfind(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t closing = text.find(kEnd, end);
  if (closing == std::string_view::npos) return Range{from + begin, text.size()};
  const std::size_t dashes = text.find("-----", closing + kEnd.size());
  const bool closed = dashes != std::string_view::npos && dashes - closing <= kLabelMax;
  return Range{from + begin, closed ? dashes + 5 : text.size()};
}

namespace {

int base64url_value(char c) {
  if (is_upper(c)) return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '-' ? 62 : 63;
}

std::string base64url_decoded(std::string_view text) {
  std::string decoded;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    bits = (bits << 6U) | static_cast<std::uint32_t>(base64url_value(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded += static_cast<char>(static_cast<unsigned char>(bits >> count));
  }
  return decoded;
}

// A JSON object that has "alg": enough to know the header of a token from a word with dots.
bool is_jwt_header(std::string_view encoded) {
  const std::string header = base64url_decoded(encoded);
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t last = header.find_last_not_of(kSpace);
  if (header.empty() || header[0] != '{' || header[last] != '}') return false;
  const std::size_t alg = header.find("\"alg\"");
  if (alg == std::string::npos) return false;
  const std::size_t colon = header.find_first_not_of(kSpace, alg + 5);
  return colon != std::string::npos && header[colon] == ':';
}

}  // namespace

std::optional<Range> jwt_around(std::string_view text, std::size_t end) {
  if (end < 2 || end > text.size() || text[end - 1] != '.') return std::nullopt;
  const std::size_t payload = run_begin(text, end - 1, is_base64url);
  if (payload == 0 || text[payload - 1] != '.') return std::nullopt;
  const std::size_t header_end = payload - 1;
  std::size_t begin = run_begin(text, header_end, is_base64url);
  if (header_end - begin > kJwtHeaderMax) begin = header_end - kJwtHeaderMax;
  // What stands before the token may be of the same letters: "token_eyJ...".
  for (std::size_t tries = 0; tries < kJwtStartsMax && begin < header_end; ++tries) {
    const std::string_view rest = text.substr(begin, header_end - begin);
    const std::size_t start = std::min(rest.find("ey"), rest.find("ew"));
    if (start == std::string_view::npos) return std::nullopt;
    begin += start;
    if (is_jwt_header(text.substr(begin, header_end - begin)))
      return Range{begin, run_end(text, end, is_base64url)};
    ++begin;
  }
  return std::nullopt;
}

}  // namespace sluice::mask
