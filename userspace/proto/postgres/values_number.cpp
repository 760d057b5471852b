// SPDX-License-Identifier: Apache-2.0
// numeric, floating point and network addresses as PostgreSQL prints them.
#include <sluice/resource.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "proto/postgres/values_detail.h"
#include "proto/postgres/wire.h"

namespace sluice::pg::detail {
namespace {

constexpr std::uint16_t kNegative = 0x4000;
constexpr std::uint16_t kNan = 0xC000;
constexpr std::uint16_t kPositiveInfinity = 0xD000;
constexpr std::uint16_t kNegativeInfinity = 0xF000;
constexpr std::uint16_t kScaleMax = 0x3FFF;

std::string four_digits(std::uint16_t group) {
  std::string text = std::to_string(group);
  return std::string(4 - text.size(), '0') + text;
}

// Digits in groups of four; the first group weighs 10000^weight.
std::string numeric_text(const std::vector<std::uint16_t>& groups, int weight, std::uint16_t scale,
                         bool negative) {
  const auto group_at = [&](int index) -> std::uint16_t {
    return index >= 0 && index < static_cast<int>(groups.size())
               ? groups[static_cast<std::size_t>(index)]
               : std::uint16_t{0};
  };
  std::string text;
  for (int index = 0; index <= weight; ++index) text += four_digits(group_at(index));
  text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
  if (text.empty()) text = "0";
  if (scale > 0) {
    std::string fraction;
    for (int index = weight + 1; fraction.size() < scale; ++index)
      fraction += four_digits(group_at(index));
    text += "." + fraction.substr(0, scale);
  }
  return negative ? "-" + text : text;
}

// PostgreSQL prints an exponent below 1e-4 and from the type's safe decimal digits on.
template <class T>
std::string float_text(T value, int exponent_from) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char buffer[64];
  const auto scientific =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text{buffer, static_cast<std::size_t>(scientific.ptr - buffer)};
  std::string_view digits = text.substr(text.find('e') + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int exponent = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (exponent < -4 || exponent >= exponent_from) return std::string(text);
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return {buffer, fixed.ptr};
}

std::string ipv6_text(ByteView bytes) {
  IpAddress ip;
  std::copy(bytes.begin(), bytes.end(), ip.bytes.begin());
  // IpAddress shows a mapped address as plain IPv4; PostgreSQL keeps the two apart.
  return ip.is_v4() ? "::ffff:" + ip.text() : ip.text();
}

std::string ipv4_text(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += (text.empty() ? "" : ".") + std::to_string(byte);
  return text;
}

}  // namespace

Result<std::string> render_numeric(ByteView value) {
  Reader reader{value};
  const std::uint16_t count = reader.u16();
  const std::int16_t weight = reader.i16();
  const std::uint16_t sign = reader.u16();
  const std::uint16_t scale = reader.u16();
  if (reader.failed() || reader.left() != std::size_t{count} * 2) return malformed_value("numeric");
  if (sign == kNan) return std::string("NaN");
  if (sign == kPositiveInfinity) return std::string("Infinity");
  if (sign == kNegativeInfinity) return std::string("-Infinity");
  if ((sign != 0 && sign != kNegative) || scale > kScaleMax) return malformed_value("numeric");
  std::vector<std::uint16_t> groups(count);
  for (std::uint16_t& group : groups) {
    group = reader.u16();
    if (group > 9999) return malformed_value("numeric");
  }
  return numeric_text(groups, weight, scale, sign == kNegative);
}

std::string render_float8(double value) { return float_text(value, 15); }
std::string render_float4(float value) { return float_text(value, 6); }

Result<std::string> render_inet(ByteView value, bool is_cidr) {
  constexpr std::uint8_t kIpv4 = 2, kIpv6 = 3;  // PGSQL_AF_INET, PGSQL_AF_INET6
  if (value.size() < 4) return malformed_value("inet");
  const std::uint8_t family = value[0], prefix = value[1], address_bytes = value[3];
  const ByteView address = value.subspan(4);
  if ((family != kIpv4 && family != kIpv6) || address_bytes != (family == kIpv4 ? 4 : 16) ||
      address.size() != address_bytes || prefix > address_bytes * 8)
    return malformed_value("inet");
  std::string text = family == kIpv4 ? ipv4_text(address) : ipv6_text(address);
  if (is_cidr || prefix != address_bytes * 8) text += "/" + std::to_string(prefix);
  return text;
}

}  // namespace sluice::pg::detail
