// SPDX-License-Identifier: Apache-2.0
// The first packet of a connection: it has a length but no type (PostgreSQL manual, "SSL Session
// Encryption", "StartupMessage", "CancelRequest"). After SSLRequest and GSSENCRequest are answered
// the next packet is read the same way.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/postgres/frame.h"
#include "proto/postgres/limits.h"

namespace sluice::pg {

struct SslRequest {};
struct GssEncRequest {};
// The first byte is a TLS handshake record (0x16): PostgreSQL 17's sslnegotiation=direct. Nothing
// is consumed; the TLS library gets all bytes. ALPN must be "postgresql".
struct DirectTls {};
struct CancelRequest {
  ByteView key;  // process id (4 bytes) and secret (4 to 256), as BackendKeyData gave them
};
struct StartupParameter {
  std::string_view name;
  std::string_view value;
  bool operator==(const StartupParameter&) const = default;
};
struct StartupMessage {
  std::uint16_t minor = 0;  // of protocol 3; may be above what we know: NegotiateProtocolVersion
  std::vector<StartupParameter> parameters;        // in the order sent, without the next
  std::vector<StartupParameter> protocol_options;  // names that begin with "_pq_."
  // The last one of that name, which is the one the server would take.
  std::optional<std::string_view> find(std::string_view name) const;
};
// Well formed, but a protocol that is not 3: owed an ErrorResponse (0A000) before the close.
struct UnsupportedProtocol {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
};

// Views the input.
struct StartupPacket {
  std::variant<SslRequest, GssEncRequest, CancelRequest, StartupMessage, DirectTls,
               UnsupportedProtocol>
      packet;
  std::size_t size = 0;  // bytes consumed, length field included; 0 for DirectTls
};

using StartupStep = std::variant<StartupPacket, NeedMore, Bad>;
StartupStep next_startup(ByteView in, const Limits& limits);

// The newest minor version of protocol 3 that this codec speaks.
constexpr std::uint16_t kProtocolMinorMax = 2;

// Error if a name or value holds a NUL or a name is empty, or the packet would be longer than the
// server takes.
Result<void> append_startup_message(Bytes& out, std::uint16_t minor,
                                    std::span<const StartupParameter> parameters);
void append_ssl_request(Bytes& out);
void append_gssenc_request(Bytes& out);
// `key` is process id and secret, 8 to 260 bytes.
void append_cancel_request(Bytes& out, ByteView key);
// The server's answer to a minor version or options that it does not know. `minor` is the newest
// it speaks.
void append_negotiate_protocol_version(Bytes& out, std::uint16_t minor,
                                       std::span<const std::string_view> unknown_options);

}  // namespace sluice::pg
