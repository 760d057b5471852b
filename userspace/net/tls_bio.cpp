// SPDX-License-Identifier: Apache-2.0
#include "net/tls_bio_impl.h"

#include <algorithm>
#include <cstring>

namespace sluice::net {

namespace {

TlsWire& wire_of(BIO* bio) { return *static_cast<TlsWire*>(BIO_get_data(bio)); }

int read_wire(BIO* bio, char* into, std::size_t size, std::size_t* count) {
  TlsWire& wire = wire_of(bio);
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (!wire.received.empty()) {
    *count = std::min(size, wire.received.size());
    std::memcpy(into, wire.received.view().data(), *count);
    wire.received.consume(*count);
    wire.received.release();
    return 1;
  }
  const IoResult got = wire.socket.receive({reinterpret_cast<std::uint8_t*>(into), size});
  if (got.status == IoStatus::kBytes) {
    *count = got.count;
    return 1;
  }
  if (got.status == IoStatus::kAgain) {
    BIO_set_retry_read(bio);
    return -1;
  }
  return got.status == IoStatus::kEnd ? 0 : -1;
}

int write_wire(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  wire_of(bio).socket.send({reinterpret_cast<const std::uint8_t*>(from), size});
  *count = size;
  return 1;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int create_wire(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* wire_method() {
  static const BioMethodPtr method = [] {
    BioMethodPtr made{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice wire")};
    if (made) {
      BIO_meth_set_read_ex(made.get(), read_wire);
      BIO_meth_set_write_ex(made.get(), write_wire);
      BIO_meth_set_ctrl(made.get(), control_wire);
      BIO_meth_set_create(made.get(), create_wire);
    }
    return made;
  }();
  return method.get();
}

}  // namespace

BioPtr make_wire_bio(TlsWire& wire) {
  if (wire_method() == nullptr) return nullptr;
  BioPtr bio{BIO_new(wire_method())};
  if (bio) BIO_set_data(bio.get(), &wire);
  return bio;
}

}  // namespace sluice::net
