// SPDX-License-Identifier: Apache-2.0
// A server's typed messages: read, build again, compare; replay the same bytes whole and cut in
// two; answer its SCRAM messages; render its cells as every type.
#include <algorithm>
#include <cstdlib>

#include "../unit/proto/pg_reencode.h"
#include "proto/postgres/replay_text.h"
#include "proto/postgres/scram.h"
#include "proto/postgres/type_oids.h"

namespace {

using namespace sluice::pg;

void scram(const Authentication& authentication) {
  ScramOptions options;
  options.nonce = "r";
  options.iterations_min = 1;
  options.iterations_max = 3;
  ScramClient client{std::move(options)};
  const auto text = sluice::as_text(authentication.data);
  (void)client.respond(text);
  (void)client.verify(text);
  if (client.verified()) std::abort();
}

void render_as_every_type(sluice::ByteView value) {
  const RenderLimits limits{.text_bytes_max = 100, .array_elements_max = 5};
  for (const std::uint32_t type :
       {oid::kBool,         oid::kInt8,        oid::kFloat4,   oid::kFloat8,    oid::kNumeric,
        oid::kText,         oid::kJsonb,       oid::kUuid,     oid::kDate,      oid::kTime,
        oid::kTimetz,       oid::kTimestamptz, oid::kInterval, oid::kInet,      oid::kCidr,
        oid::kMacaddr,      oid::kVarbit,      oid::kTid,      oid::kInt4Array, oid::kTextArray,
        oid::kNumericArray, oid::kOidVector,   oid::kBytea}) {
    const auto text = render_value(type, Format::kBinary, value, limits);
    if (text && text->size() > 1000) std::abort();
  }
}

void read_messages(sluice::ByteView rest) {
  const Limits limits;
  while (!rest.empty()) {
    const Step step = next_frame(Direction::kBackend, rest, limits);
    const auto* frame = std::get_if<Frame>(&step);
    if (frame == nullptr) return;
    if (frame->size > rest.size()) std::abort();
    const auto message = decode_backend(*frame, limits);
    if (!message) return;
    const auto again = testing::reencode(*message);
    // A NegotiateProtocolVersion with a bare minor is read, and built with the whole version.
    const bool comparable = !again.empty() && frame->type != 'v';
    if (comparable &&
        !std::equal(again.begin(), again.end(), rest.begin(), rest.begin() + frame->size))
      std::abort();
    if (const auto* authentication = std::get_if<Authentication>(&*message)) scram(*authentication);
    if (const auto* row = std::get_if<DataRow>(&*message))
      for (const Cell& cell : row->cells)
        if (cell) render_as_every_type(*cell);
    rest = rest.subspan(frame->size);
  }
}

void replay_whole_and_cut(sluice::ByteView bytes) {
  ReplayText whole, cut;
  auto events = whole.feed(bytes);
  const std::size_t at = bytes.empty() ? 0 : bytes[0] * bytes.size() / 256;
  auto got = cut.feed(bytes.first(at));
  const auto more = cut.feed(bytes.subspan(at));
  got.insert(got.end(), more.begin(), more.end());
  if (got != events || whole.finish() != cut.finish()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_messages({data, size});
  replay_whole_and_cut({data, size});
  return 0;
}
