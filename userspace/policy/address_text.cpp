// SPDX-License-Identifier: Apache-2.0
#include "policy/address_text.h"

#include "policy/unix_names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace sluice::policy {
namespace {

constexpr std::string_view kForms =
    "write host:port, address:port, network/length:port, [IPv6]:port, [IPv6]/length:port or "
    "unix:/path";
constexpr std::size_t kHostMax = 253;  // RFC 1035 section 3.1, without the last dot
constexpr std::size_t kLabelMax = 63;

template <class N>
std::optional<N> number_of(std::string_view text, N min, N max) {
  N value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

bool is_host_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// RFC 1123 names, and underscores, which are in use. A last label of digits only would be a
// mistyped address.
bool is_host(std::string_view host) {
  if (host.empty() || host.size() > kHostMax) return false;
  std::string_view label;
  while (true) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    label = host.substr(0, dot);
    if (label.empty() || label.size() > kLabelMax) return false;
    if (!std::all_of(label.begin(), label.end(), is_host_letter)) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    if (dot == host.size()) break;
    host.remove_prefix(dot + 1);
  }
  return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void clear_host_bits(IpAddress& ip, unsigned prefix_length) {
  for (unsigned bit = prefix_length; bit < 128; ++bit)
    ip.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
}

Result<ResourceAddress> network_address(std::string_view ip_text,
                                        std::optional<std::string_view> length_text, bool bracketed,
                                        std::uint16_t port) {
  const auto ip = parse_ip(ip_text);
  const bool written_as_v6 = ip_text.find(':') != std::string_view::npos;
  if (!ip || written_as_v6 != bracketed) {
    return Error{"'" + std::string{ip_text} + "' is not an IP address; " + std::string{kForms}};
  }
  const unsigned base = bracketed ? 0 : 96;  // IPv4 lengths count from the mapped prefix
  unsigned length = 128 - base;
  if (length_text) {
    const auto given = number_of<unsigned>(*length_text, 0, 128 - base);
    if (!given)
      return Error{"'/" + std::string{*length_text} + "' is not a prefix length; write /0 to /" +
                   std::to_string(128 - base)};
    length = *given;
  }
  ResourceAddress address;
  address.kind = ResourceAddress::Kind::kNetwork;
  address.network = *ip;
  address.prefix_length = static_cast<std::uint8_t>(base + length);
  address.port = port;
  IpAddress begin = *ip;
  clear_host_bits(begin, address.prefix_length);
  if (begin != *ip) {
    IpAddress shown = begin;
    const std::string text = bracketed ? "[" + shown.text() + "]" : shown.text();
    return Error{"the address has bits set beyond its prefix length; write " + text + "/" +
                 std::to_string(length) + ":" + std::to_string(port) +
                 ", or leave the length out for the one address"};
  }
  // IPv4 is kept inside ::ffff:0:0/96, so such a prefix would silently be about IPv4 too.
  if (bracketed && address.prefix_length < 96 && begin == IpAddress{} && length_text)
    return Error{
        "this prefix also covers every IPv4 address; write [2000::]/3 for what is routed "
        "over IPv6, and 0.0.0.0/0 for IPv4"};
  return address;
}

}  // namespace

Result<ResourceAddress> parse_address(std::string_view text) {
  ResourceAddress address;
  if (text.starts_with("unix:")) {
    address.kind = ResourceAddress::Kind::kUnix;
    address.path = text.substr(5);
    if (const char* wrong = what_is_wrong_with_unix_path(address.path))
      return Error{"the absolute path of a Unix socket " + std::string{wrong} +
                   "; write unix:/run/name.sock"};
    return address;
  }
  if (!text.starts_with('[') && std::count(text.begin(), text.end(), ':') > 1)
    return Error{"an IPv6 address stands in brackets, with a port behind: [::1]:5432"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']'))
    return Error{"the port is missing; " + std::string{kForms}};
  const auto port = number_of<std::uint16_t>(text.substr(colon + 1), 1, 65535);
  std::string_view rest = text.substr(0, colon);
  if (!port) {
    return Error{"'" + std::string{text.substr(colon + 1)} +
                 "' is not a port; write a number from 1 to 65535"};
  }
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos)
      return Error{"the bracket is not closed; " + std::string{kForms}};
    const std::string_view after = rest.substr(close + 1);
    if (!after.empty() && !after.starts_with('/'))
      return Error{"after the bracket only /length may stand; " + std::string{kForms}};
    return network_address(rest.substr(1, close - 1),
                           after.empty() ? std::nullopt : std::optional{after.substr(1)}, true,
                           *port);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos)
    return network_address(rest.substr(0, slash), rest.substr(slash + 1), false, *port);
  if (parse_ip(rest)) return network_address(rest, std::nullopt, false, *port);
  address.kind = ResourceAddress::Kind::kHost;
  address.port = *port;
  address.host = rest;
  for (char& c : address.host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (address.host.ends_with('.')) address.host.pop_back();
  if (!is_host(address.host))
    return Error{"'" + std::string{rest} + "' is neither a host name nor an IP address; " +
                 std::string{kForms}};
  return address;
}

bool is_loopback(const ResourceAddress& address) {
  switch (address.kind) {
    case ResourceAddress::Kind::kUnix: return true;
    case ResourceAddress::Kind::kHost:
      return address.host == "localhost" || address.host.ends_with(".localhost");
    case ResourceAddress::Kind::kNetwork: break;
  }
  if (address.network.is_v4())
    return address.prefix_length >= 104 && address.network.bytes[12] == 127;
  return address.prefix_length == 128 && address.network.text() == "::1";
}

}  // namespace sluice::policy
