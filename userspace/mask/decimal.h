// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's numeric in both formats (numeric_out, numeric_send).
#pragma once

#include "mask/cell_type.h"

#include <sluice/bytes.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::mask {

// 0.DIGITS times 10 to the power of `point`. No zero at either end of the digits, so that equal
// values are equal here; none at all: 0.
struct Decimal {
  bool negative = false;
  std::string digits;
  long point = 0;
};

// Nothing: NaN, infinity, or no numeric.
std::optional<Decimal> read_decimal(Format format, ByteView cell);

// A number of `scale` decimals: `units` of the last of them.
void append_decimal(Format format, bool negative, std::uint64_t units, std::size_t scale,
                    Bytes& out);

// The modifier of numeric(precision, scale) is precision << 16 | scale, where the scale has 11 bits
// with a sign. Nothing: the type has none.
struct DecimalLimits {
  unsigned precision = 0;
  int scale = 0;
};
std::optional<DecimalLimits> decimal_limits(std::int32_t modifier);

}  // namespace sluice::mask
