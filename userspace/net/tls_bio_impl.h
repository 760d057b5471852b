// SPDX-License-Identifier: Apache-2.0
// How OpenSSL reads and writes a Socket: first what was received before TLS, then the socket. It
// never asks to wait for writing, because the socket's queue takes what the kernel does not.
#pragma once

#include "net/openssl_impl.h"
#include "net/socket.h"

namespace sluice::net {

struct TlsWire {
  Socket& socket;
  ByteQueue received;  // not yet given to OpenSSL
};

// `wire` must outlive the BIO. Null if there is no memory.
BioPtr make_wire_bio(TlsWire& wire);

}  // namespace sluice::net
