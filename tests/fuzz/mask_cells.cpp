// SPDX-License-Identifier: Apache-2.0
// Masks of any cell of any type: never longer than the type allows, the same value for redact
// whatever the cell, and nothing where the answer is NULL.
#include "base/check.h"
#include "mask/masks.h"

#include <sluice/postgres_types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  static mask::KeyedHash hash = *mask::KeyedHash::make(Secret{std::string_view{"key"}});
  if (size < 6) return 0;
  mask::CellType type;
  type.oid = (std::uint32_t{data[0]} << 8U) | data[1];
  type.modifier = static_cast<std::int16_t>((data[2] << 8) | data[3]);
  // Two numbers are in that of numeric(precision, scale).
  if (type.oid == postgres_type::kNumeric && type.modifier >= 0)
    type.modifier = ((data[2] << 16) | data[3]) + 4;
  type.format = static_cast<mask::Format>(data[4] & 1U);
  const auto kind = static_cast<MaskKind>(data[5] & 3U);
  const ByteView cell{data + 6, size - 6};
  Bytes out;
  const mask::Masked masked = mask::mask_cell(type, cell, kind, hash, out);
  SLUICE_CHECK(masked == mask::Masked::kValue || out.empty());
  SLUICE_CHECK(kind != MaskKind::kNull || masked == mask::Masked::kNull);
  SLUICE_CHECK(out.size() <= cell.size() + 96);
  return 0;
}
