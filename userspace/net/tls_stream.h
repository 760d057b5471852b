// SPDX-License-Identifier: Apache-2.0
// TLS over a Socket, never blocking. Bytes that were read before TLS was wanted come first.
#pragma once

#include "net/socket.h"
#include "net/upstream.h"

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace sluice::net {

class ServerTlsContext;
class ClientTlsContext;

class TlsStream {
 public:
  struct ServerOptions {
    ByteView received;  // the beginning of the handshake; copied
    std::string alpn;   // protocol to agree on, "" for none
    bool alpn_required = false;
  };
  // `socket` must outlive the stream.
  static Result<std::unique_ptr<TlsStream>> accept(std::shared_ptr<ServerTlsContext> context,
                                                   Socket& socket, const ServerOptions& options);
  // Verifies as settings.tls says. `received`: what the upstream sent behind its consent.
  static Result<std::unique_ptr<TlsStream>> connect(std::shared_ptr<ClientTlsContext> context,
                                                    Socket& socket,
                                                    const UpstreamSettings& settings, bool direct,
                                                    ByteView received);
  ~TlsStream();

  // kBytes: done. kReset: failed, see failure().
  IoStatus handshake();
  bool established() const;
  // Call until it gives kAgain: OpenSSL may hold bytes that no event tells of.
  IoResult receive(std::span<std::uint8_t> into);
  // Everything goes to the socket or its queue.
  void send(ByteView bytes);
  void close_notify();

  const Bytes& endpoint_hash() const;      // once established
  const std::string& description() const;  // once established: "TLSv1.3 TLS_AES_256_GCM_SHA384"
  const std::string& server_name() const;  // SNI that the agent sent; "" for none
  const std::string& failure() const;      // one sentence, fit for the peer's user

 private:
  struct State;
  explicit TlsStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::net
