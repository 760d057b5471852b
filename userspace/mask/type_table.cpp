// SPDX-License-Identifier: Apache-2.0
#include "mask/type_table.h"

#include <sluice/postgres_types.h>

#include <algorithm>
#include <array>

namespace sluice::mask {
namespace {

namespace type = postgres_type;
using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): the literals
                                                // below

constexpr std::string_view kZeros = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view zeros(std::size_t count) { return kZeros.substr(0, count); }

constexpr TypeRow text(std::uint32_t oid) { return {oid, Shape::kText, 0, {}, {}}; }
constexpr TypeRow integer(std::uint32_t oid, std::uint32_t width) {
  return {oid, Shape::kInteger, width, {}, {}};
}
constexpr TypeRow array(std::uint32_t oid, std::uint32_t element) {
  return {oid, Shape::kArray, element, {}, {}};
}
constexpr TypeRow fixed(std::uint32_t oid, std::string_view text, std::string_view binary) {
  return {oid, Shape::kFixed, 0, text, binary};
}

// Sorted below, at compile time. Binary forms: the *_send functions of the server; times count from
// 2000-01-01; inet is family (2 = IPv4), bits, is_cidr, length, address.
constexpr auto kTypes = [] {
  std::array rows = {
      fixed(type::kBool, "f", zeros(1)),
      fixed(type::kBytea, "\\x", ""),
      text(type::kChar),
      text(type::kName),
      integer(type::kInt8, 8),
      integer(type::kInt2, 2),
      integer(type::kInt4, 4),
      text(type::kText),
      integer(type::kOid, 4),
      TypeRow{type::kJson, Shape::kJson, 0, {}, {}},
      TypeRow{type::kXml, Shape::kXml, 0, {}, {}},
      fixed(type::kFloat4, "0", zeros(4)),
      fixed(type::kFloat8, "0", zeros(8)),
      text(type::kUnknown),
      fixed(type::kMoney, "$0.00", zeros(8)),
      fixed(type::kMacaddr, "00:00:00:00:00:00", zeros(6)),
      fixed(type::kMacaddr8, "00:00:00:00:00:00:00:00", zeros(8)),
      fixed(type::kInet, "0.0.0.0", "\x02\x20\x00\x04\0\0\0\0"sv),
      fixed(type::kCidr, "0.0.0.0/32", "\x02\x20\x01\x04\0\0\0\0"sv),
      text(type::kBpchar),
      text(type::kVarchar),
      fixed(type::kDate, "2000-01-01", zeros(4)),
      fixed(type::kTime, "00:00:00", zeros(8)),
      fixed(type::kTimestamp, "2000-01-01 00:00:00", zeros(8)),
      fixed(type::kTimestamptz, "2000-01-01 00:00:00+00", zeros(8)),
      fixed(type::kInterval, "00:00:00", zeros(16)),
      fixed(type::kTimetz, "00:00:00+00", zeros(12)),
      TypeRow{type::kBit, Shape::kBits, 0, {}, {}},
      fixed(type::kVarbit, "", zeros(4)),
      fixed(type::kNumeric, "0", zeros(8)),
      text(type::kCstring),
      TypeRow{type::kUuid, Shape::kUuid, 0, {}, {}},
      TypeRow{type::kJsonb, Shape::kJsonb, 0, {}, {}},
      array(type::kXmlArray, type::kXml),
      array(type::kJsonArray, type::kJson),
      array(type::kCidrArray, type::kCidr),
      array(type::kMoneyArray, type::kMoney),
      array(type::kBoolArray, type::kBool),
      array(type::kByteaArray, type::kBytea),
      array(type::kCharArray, type::kChar),
      array(type::kNameArray, type::kName),
      array(type::kInt2Array, type::kInt2),
      array(type::kInt4Array, type::kInt4),
      array(type::kTextArray, type::kText),
      array(type::kBpcharArray, type::kBpchar),
      array(type::kVarcharArray, type::kVarchar),
      array(type::kInt8Array, type::kInt8),
      array(type::kFloat4Array, type::kFloat4),
      array(type::kFloat8Array, type::kFloat8),
      array(type::kOidArray, type::kOid),
      array(type::kInetArray, type::kInet),
      array(type::kTimestampArray, type::kTimestamp),
      array(type::kDateArray, type::kDate),
      array(type::kTimeArray, type::kTime),
      array(type::kTimestamptzArray, type::kTimestamptz),
      array(type::kIntervalArray, type::kInterval),
      array(type::kNumericArray, type::kNumeric),
      array(type::kTimetzArray, type::kTimetz),
      array(type::kUuidArray, type::kUuid),
      array(type::kJsonbArray, type::kJsonb),
  };
  std::sort(rows.begin(), rows.end(),
            [](const TypeRow& a, const TypeRow& b) { return a.oid < b.oid; });
  return rows;
}();

}  // namespace

const TypeRow* find_type(std::uint32_t oid) {
  const auto* found =
      std::lower_bound(kTypes.begin(), kTypes.end(), oid,
                       [](const TypeRow& row, std::uint32_t wanted) { return row.oid < wanted; });
  return found != kTypes.end() && found->oid == oid ? found : nullptr;
}

}  // namespace sluice::mask
