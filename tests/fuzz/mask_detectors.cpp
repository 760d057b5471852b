// SPDX-License-Identifier: Apache-2.0
// Detectors on any text: hits lie within it and in order, and what replaces them leaves the rest as
// it was.
#include "base/check.h"
#include "mask/detectors.h"

#include <sluice/postgres_types.h>

#include <cstddef>
#include <cstdint>

namespace {

struct Fixture {
  sluice::mask::Detectors detectors = *sluice::mask::Detectors::make();
  sluice::mask::Scratch scratch = *detectors.make_scratch();
  sluice::mask::KeyedHash hash =
      *sluice::mask::KeyedHash::make(sluice::Secret{std::string_view{"key"}});
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  static Fixture fixture;
  const ByteView text{data, size};
  const mask::DetectorSet all = {Detector::kCreditCard, Detector::kUsSsn, Detector::kAwsKey,
                                 Detector::kPrivateKey, Detector::kJwt,   Detector::kIban};
  std::vector<mask::Hit> hits;
  SLUICE_CHECK(fixture.detectors.scan(text, all, fixture.scratch, hits).ok());
  std::size_t previous = 0;
  for (const mask::Hit& hit : hits) {
    SLUICE_CHECK(previous <= hit.begin);
    SLUICE_CHECK(hit.begin < hit.end);
    SLUICE_CHECK(hit.end <= size);
    previous = hit.begin;
  }
  Bytes out;
  mask::redact_hits(text, hits, {{Detector::kUsSsn, MaskKind::kPartial}}, fixture.hash, out);
  SLUICE_CHECK(!hits.empty() || out == Bytes(text.begin(), text.end()));
  if (hits.empty()) return 0;
  for (const std::uint32_t type : {postgres_type::kJson, postgres_type::kVarchar}) {
    out.clear();
    mask::mask_hits_in_cell({type, 14, mask::Format::kText}, text, hits, {}, fixture.hash, out);
    SLUICE_CHECK(type != postgres_type::kVarchar || out.size() <= 40);
  }
  return 0;
}
