// SPDX-License-Identifier: Apache-2.0
// What the wire says of a cell beside its bytes.
#pragma once

#include <cstdint>

namespace sluice::mask {

enum class Format : std::uint8_t { kText = 0, kBinary = 1 };  // the wire's format codes

struct CellType {
  std::uint32_t oid = 0;       // RowDescription's type OID
  std::int32_t modifier = -1;  // atttypmod: varchar(n) and char(n) say n + 4; -1 = none
  Format format = Format::kText;
};

}  // namespace sluice::mask
