// SPDX-License-Identifier: Apache-2.0
// A client's typed messages: read, build again, compare, render parameters.
#include <algorithm>
#include <cstdlib>

#include "../unit/proto/pg_reencode.h"
#include "proto/postgres/values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::pg;
  const Limits limits;
  sluice::ByteView rest{data, size};
  while (!rest.empty()) {
    const Step step = next_frame(Direction::kFrontend, rest, limits);
    const auto* frame = std::get_if<Frame>(&step);
    if (frame == nullptr) return 0;
    if (frame->size > rest.size()) std::abort();
    const auto message = decode_frontend(*frame, limits);
    if (!message) return 0;
    const auto again = testing::reencode(*message);
    if (!std::equal(again.begin(), again.end(), rest.begin(), rest.begin() + frame->size))
      std::abort();
    if (const auto* bind = std::get_if<Bind>(&*message)) {
      std::uint32_t type = 0;  // every small OID in turn, known types among them
      for (const Cell& value : bind->parameters)
        if (value) (void)render_value(type++, Format::kBinary, *value);
    }
    if (const auto* password = std::get_if<PasswordMessage>(&*message)) {
      (void)decode_sasl_initial_response(password->body);
      (void)decode_password(password->body);
    }
    rest = rest.subspan(frame->size);
  }
  return 0;
}
