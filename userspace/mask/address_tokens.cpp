// SPDX-License-Identifier: Apache-2.0
// Tokens of network addresses and of values that are plain bytes.
#include "mask/big_endian.h"
#include "mask/text_masks.h"
#include "mask/tokens.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace sluice::mask {
namespace {

// inet_send: the family's number, the length of the prefix, whether it is a cidr, the length of the
// address, the address.
constexpr std::uint8_t kIpv4 = 2;
constexpr std::uint8_t kIpv6 = 3;
constexpr std::size_t kHeadBytes = 4;
constexpr std::size_t kTokenBytes = 16;  // of bytea

struct Address {
  bool v6 = false;
  unsigned prefix = 0;
  std::array<std::uint8_t, 16> bytes{};  // the first 4 of IPv4

  std::size_t width() const { return v6 ? 16 : 4; }
  unsigned prefix_max() const { return v6 ? 128 : 32; }
};

int hex_digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Pairs of digits; `separator` may stand between two of them.
bool read_hex(ByteView text, char separator, Bytes& bytes) {
  for (std::size_t at = 0; at < text.size(); at += 2) {
    if (text[at] == static_cast<std::uint8_t>(separator) && ++at == text.size()) return false;
    if (at + 1 >= text.size()) return false;
    const int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return false;
    bytes.push_back(static_cast<std::uint8_t>(16 * high + low));
  }
  return true;
}

std::optional<Address> read_text_address(std::string_view text) {
  Address address;
  address.v6 = text.find(':') != std::string_view::npos;
  address.prefix = address.prefix_max();
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string host{text.substr(0, slash)};
  if (::inet_pton(address.v6 ? AF_INET6 : AF_INET, host.c_str(), address.bytes.data()) != 1)
    return std::nullopt;
  if (slash == text.size()) return address;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + slash + 1, end, address.prefix);
  if (error != std::errc{} || stopped != end || address.prefix > address.prefix_max())
    return std::nullopt;
  return address;
}

std::optional<Address> read_binary_address(ByteView cell) {
  if (cell.size() < kHeadBytes) return std::nullopt;
  Address address;
  address.v6 = cell[0] == kIpv6;
  address.prefix = cell[1];
  if ((cell[0] != kIpv4 && !address.v6) || address.prefix > address.prefix_max() ||
      cell[3] != address.width() || cell.size() != kHeadBytes + address.width())
    return std::nullopt;
  std::copy(cell.begin() + kHeadBytes, cell.end(), address.bytes.begin());
  return address;
}

void append_address(const CellToMask& from, const Address& address, bool is_cidr, Bytes& out) {
  if (from.type.format == Format::kBinary) {
    for (const std::size_t each :
         {std::size_t{address.v6 ? kIpv6 : kIpv4}, std::size_t{address.prefix},
          std::size_t{is_cidr}, address.width()})
      append_big_endian(out, each, 1);
    append(out, ByteView{address.bytes}.first(address.width()));
    return;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  append(out, std::string_view{text.data()});
  if (is_cidr || address.prefix != address.prefix_max())
    append(out, "/" + std::to_string(address.prefix));
}

// The first `bits` bits of the address become others, and nothing of what is behind them stays.
bool permute_bits_of(Address& address, unsigned bits, KeyedHash& hash) {
  if (bits < 2) return false;
  std::array<std::uint8_t, 16> token{};
  if (bits <= 64) {
    std::uint64_t number = unsigned_of(ByteView{address.bytes}.first(8)) >> (64 - bits);
    const Domain domain = address.v6 ? Domain::kIpv6 : Domain::kIpv4;
    if (!hash.permutation().of_bits(number, bits, domain)) return false;
    number <<= 64 - bits;
    for (unsigned i = 0; i < 8; ++i) token[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  } else {
    Digest digest{};
    if (!hash.digest(ByteView{address.bytes}, digest)) return false;
    for (unsigned i = 0; i < bits / 8; ++i) token[i] = digest[i];
    if (bits % 8 != 0)
      token[bits / 8] = static_cast<std::uint8_t>(digest[bits / 8] & (0xff00U >> (bits % 8)));
  }
  address.bytes = token;
  return true;
}

bool append_address_token(const CellToMask& from, bool is_cidr, Bytes& out) {
  auto address = from.type.format == Format::kBinary ? read_binary_address(from.cell)
                                                     : read_text_address(as_text(from.cell));
  // Behind the prefix a cidr has nothing.
  if (!address ||
      !permute_bits_of(*address, is_cidr ? address->prefix : address->prefix_max(), from.hash))
    return false;
  append_address(from, *address, is_cidr, out);
  return true;
}

// 32 digits with or without hyphens.
std::optional<Bytes> read_uuid(Format format, ByteView cell) {
  Bytes bytes;
  if (format == Format::kText) {
    if (!read_hex(cell, '-', bytes)) return std::nullopt;
  } else {
    bytes.assign(cell.begin(), cell.end());
  }
  return bytes.size() == 16 ? std::optional{std::move(bytes)} : std::nullopt;
}

}  // namespace

bool append_inet_token(const CellToMask& from, Bytes& out) {
  return append_address_token(from, false, out);
}

bool append_cidr_token(const CellToMask& from, Bytes& out) {
  return append_address_token(from, true, out);
}

bool append_macaddr_token(const CellToMask& from, std::size_t width, Bytes& out) {
  Bytes bytes;
  if (from.type.format == Format::kBinary)
    bytes.assign(from.cell.begin(), from.cell.end());
  else if (!read_hex(from.cell, ':', bytes))
    return false;
  if (bytes.size() != width) return false;
  std::uint64_t number = unsigned_of(bytes);
  if (!from.hash.permutation().of_bits(number, static_cast<unsigned>(8 * width), Domain::kMacaddr))
    return false;
  bytes.clear();
  append_big_endian(bytes, number, width);
  if (from.type.format == Format::kBinary) {
    append(out, ByteView{bytes});
    return true;
  }
  for (std::size_t i = 0; i < width; ++i) {
    if (i > 0) out.push_back(':');
    append_hex(ByteView{bytes}.subspan(i, 1), out);
  }
  return true;
}

// In text: what bytea_output = hex writes.
bool append_bytea_token(const CellToMask& from, Bytes& out) {
  Bytes read;
  ByteView bytes = from.cell;
  if (from.type.format == Format::kText) {
    if (!as_text(from.cell).starts_with("\\x") || !read_hex(from.cell.subspan(2), '\0', read))
      return false;
    bytes = read;
  }
  Digest digest{};
  if (!from.hash.digest(bytes, digest)) return false;
  const ByteView token = ByteView{digest}.first(kTokenBytes);
  if (from.type.format == Format::kBinary) {
    append(out, token);
    return true;
  }
  append(out, "\\x");
  append_hex(token, out);
  return true;
}

bool append_uuid_token(const CellToMask& from, Bytes& out) {
  const auto uuid = read_uuid(from.type.format, from.cell);
  Digest digest{};
  if (!uuid || !from.hash.digest(*uuid, digest)) return false;
  digest[6] =
      static_cast<std::uint8_t>((digest[6] & 0x0fU) | 0x80U);  // RFC 9562: version 8, custom
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3fU) | 0x80U);
  const ByteView token = ByteView{digest}.first(16);
  if (from.type.format == Format::kBinary) {
    append(out, token);
    return true;
  }
  std::size_t begin = 0;
  for (const std::size_t end : {4U, 6U, 8U, 10U, 16U}) {
    if (begin > 0) out.push_back('-');
    append_hex(token.subspan(begin, end - begin), out);
    begin = end;
  }
  return true;
}

}  // namespace sluice::mask
