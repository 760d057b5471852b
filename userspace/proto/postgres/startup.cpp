// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/startup.h"

#include "base/check.h"
#include "proto/postgres/wire.h"
#include "proto/postgres/writer.h"

namespace sluice::pg {
namespace {

// "Versions" that no server will ever speak stand for the other first packets.
constexpr std::uint16_t kRequestMajor = 1234;
constexpr std::uint16_t kCancelMinor = 5678;
constexpr std::uint16_t kSslMinor = 5679;
constexpr std::uint16_t kGssEncMinor = 5680;
constexpr std::uint8_t kTlsHandshake = 0x16;
constexpr std::size_t kProcessIdBytes = 4;

using Packet = decltype(StartupPacket::packet);
using PacketOrBad = std::variant<Packet, Bad>;

PacketOrBad read_cancel(Reader& reader, const Limits& limits) {
  const std::size_t secret_bytes = reader.left() - std::min(reader.left(), kProcessIdBytes);
  if (secret_bytes < limits.cancel_secret_bytes_min ||
      secret_bytes > limits.cancel_secret_bytes_max)
    return Bad{"CancelRequest: the secret has an impossible length"};
  return Packet{CancelRequest{reader.rest()}};
}

PacketOrBad read_startup_message(Reader& reader, std::uint16_t minor, const Limits& limits) {
  StartupMessage message;
  message.minor = minor;
  for (std::uint32_t count = 0;; ++count) {
    const std::string_view name = reader.string();
    if (reader.failed()) return Bad{"StartupMessage: the last byte is not a terminator"};
    if (name.empty()) break;
    if (count == limits.startup_parameters_max) return Bad{"StartupMessage: too many parameters"};
    const std::string_view value = reader.string();
    if (reader.failed()) return Bad{"StartupMessage: a parameter has no value"};
    auto& list = name.starts_with("_pq_.") ? message.protocol_options : message.parameters;
    list.push_back({name, value});
  }
  if (!reader.exhausted()) return Bad{"StartupMessage: bytes after its terminator"};
  return Packet{std::move(message)};
}

PacketOrBad read_packet(Reader& reader, const Limits& limits) {
  const std::uint16_t major = reader.u16();
  const std::uint16_t minor = reader.u16();
  if (major == kRequestMajor) {
    if (minor == kCancelMinor) return read_cancel(reader, limits);
    const bool is_ssl = minor == kSslMinor;
    if (!is_ssl && minor != kGssEncMinor) return Bad{"first packet: unknown request code"};
    if (!reader.exhausted())
      return Bad{is_ssl ? "SSLRequest: bytes after its code"
                        : "GSSENCRequest: bytes after its code"};
    return is_ssl ? Packet{SslRequest{}} : Packet{GssEncRequest{}};
  }
  if (major == 3) return read_startup_message(reader, minor, limits);
  return Packet{UnsupportedProtocol{major, minor}};
}

}  // namespace

std::optional<std::string_view> StartupMessage::find(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const StartupParameter& parameter : parameters)
    if (parameter.name == name) found = parameter.value;
  return found;
}

StartupStep next_startup(ByteView in, const Limits& limits) {
  if (in.empty()) return NeedMore{4};
  if (in[0] == kTlsHandshake) return StartupPacket{DirectTls{}, 0};
  // The length is under 64 KiB, so its first byte is 0; anything else (an HTTP request, a typed
  // message) is known by one byte.
  if (in[0] != 0) return Bad{"the first byte is neither of a PostgreSQL start-up nor of TLS"};
  if (in.size() < 4) return NeedMore{4};
  const std::uint32_t length = load_u32(in.data());
  if (length < 8) return Bad{"first packet: its length does not cover a protocol version"};
  if (length - 4 > limits.startup_bytes_max) return Bad{"first packet: too long"};
  if (in.size() < length) return NeedMore{length};
  Reader reader{in.subspan(4, length - 4)};
  PacketOrBad packet = read_packet(reader, limits);
  if (const auto* bad = std::get_if<Bad>(&packet)) return *bad;
  return StartupPacket{std::move(*std::get_if<Packet>(&packet)), length};
}

Result<void> append_startup_message(Bytes& out, std::uint16_t minor,
                                    std::span<const StartupParameter> parameters) {
  std::size_t body_bytes = 4 + 1;
  for (const auto& [name, value] : parameters) {
    if (name.empty()) return Error{"startup message: a parameter has no name"};
    if (name.find('\0') != name.npos || value.find('\0') != value.npos)
      return Error{"startup message: a parameter holds a NUL byte"};
    body_bytes += name.size() + 1 + value.size() + 1;
  }
  if (body_bytes > Limits{}.startup_bytes_max)
    return Error{"startup message: longer than a server takes (10000 bytes)"};
  Writer writer = Writer::untyped(out);
  writer.u16(3);
  writer.u16(minor);
  for (const auto& [name, value] : parameters) {
    writer.string(name);
    writer.string(value);
  }
  writer.u8(0);
  writer.finish();
  return {};
}

namespace {
void append_request(Bytes& out, std::uint16_t minor, ByteView rest) {
  Writer writer = Writer::untyped(out);
  writer.u16(kRequestMajor);
  writer.u16(minor);
  writer.bytes(rest);
  writer.finish();
}
}  // namespace

void append_ssl_request(Bytes& out) { append_request(out, kSslMinor, {}); }
void append_gssenc_request(Bytes& out) { append_request(out, kGssEncMinor, {}); }
void append_cancel_request(Bytes& out, ByteView key) {
  SLUICE_CHECK(key.size() >= 8 && key.size() <= 260);
  append_request(out, kCancelMinor, key);
}

void append_negotiate_protocol_version(Bytes& out, std::uint16_t minor,
                                       std::span<const std::string_view> unknown_options) {
  Writer writer{out, 'v'};
  // The manual says "minor version"; PostgreSQL sends the whole version, 3 in its upper half, and
  // libpq reads it so.
  writer.u32(std::uint32_t{3} << 16 | minor);
  writer.u32(static_cast<std::uint32_t>(unknown_options.size()));
  for (const std::string_view option : unknown_options) writer.string(option);
  writer.finish();
}

}  // namespace sluice::pg
