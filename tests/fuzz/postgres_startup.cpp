// SPDX-License-Identifier: Apache-2.0
// The first packet: read, build again, compare.
#include <algorithm>
#include <cstdlib>

#include "../unit/proto/pg_reencode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::pg;
  sluice::ByteView rest{data, size};
  while (!rest.empty()) {
    const auto step = next_startup(rest, Limits{});
    const auto* startup = std::get_if<StartupPacket>(&step);
    if (startup == nullptr) return 0;
    if (startup->size > rest.size()) std::abort();
    const auto again = testing::reencode(*startup);
    if (!again.empty() &&
        !std::equal(again.begin(), again.end(), rest.begin(), rest.begin() + startup->size))
      std::abort();
    if (startup->size == 0) return 0;
    rest = rest.subspan(startup->size);
  }
  return 0;
}
