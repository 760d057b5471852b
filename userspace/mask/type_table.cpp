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

constexpr std::string_view kZeros =
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view zeros(std::size_t count) { return kZeros.substr(0, count); }

constexpr TypeRow text(std::uint32_t oid) { return {oid, Shape::kText, 0, {}, {}}; }
constexpr TypeRow array(std::uint32_t oid, std::uint32_t element) {
  return {oid, Shape::kArray, element, {}, {}};
}
constexpr TypeRow fixed(std::uint32_t oid, std::string_view text, std::string_view binary,
                        Token token = Token::kNone) {
  return {oid, Shape::kFixed, 0, text, binary, token};
}
constexpr TypeRow number(std::uint32_t oid, std::uint32_t width, Token token) {
  return {oid, Shape::kFixed, width, "0", zeros(width), token};
}

// Names and words, which detectors read.
constexpr TypeRow words(std::uint32_t oid, std::string_view text, std::string_view binary) {
  return {oid, Shape::kWords, 0, text, binary};
}

// No transaction between 1 and 1.
constexpr std::string_view kSnapshot = "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1"sv;
// One dimension without an element, from 0.
constexpr std::string_view kNoInt2s = "\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view kNoOids = "\0\0\0\1\0\0\0\0\0\0\0\x1a\0\0\0\0\0\0\0\0"sv;
// One point at 0,0; a path says first that it is closed.
constexpr std::string_view kPath = "\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view kPolygon = kPath.substr(1);
// A and B of a line are never both 0.
constexpr std::string_view kLine = "\x3f\xf0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view kEmptyRange = "\1";

// Sorted below, at compile time. Binary forms: the *_send functions of the server; times count from
// 2000-01-01; inet is family (2 = IPv4), bits, is_cidr, length, address.
constexpr auto kTypes = [] {
  std::array rows = {
      fixed(type::kBool, "f", zeros(1)),
      fixed(type::kBytea, "\\x", "", Token::kBytea),
      text(type::kChar),
      text(type::kName),
      number(type::kInt8, 8, Token::kInteger),
      number(type::kInt2, 2, Token::kInteger),
      number(type::kInt4, 4, Token::kInteger),
      text(type::kText),
      number(type::kOid, 4, Token::kInteger),
      TypeRow{type::kJson, Shape::kJson, 0, {}, {}},
      TypeRow{type::kXml, Shape::kXml, 0, {}, {}},
      number(type::kFloat4, 4, Token::kNone),
      number(type::kFloat8, 8, Token::kNone),
      text(type::kUnknown),
      fixed(type::kMoney, "$0.00", zeros(8)),
      TypeRow{type::kMacaddr, Shape::kFixed, 6, "00:00:00:00:00:00", zeros(6), Token::kMacaddr},
      TypeRow{type::kMacaddr8, Shape::kFixed, 8, "00:00:00:00:00:00:00:00", zeros(8),
              Token::kMacaddr},
      fixed(type::kInet, "0.0.0.0", "\x02\x20\x00\x04\0\0\0\0"sv, Token::kInet),
      fixed(type::kCidr, "0.0.0.0/32", "\x02\x20\x01\x04\0\0\0\0"sv, Token::kCidr),
      text(type::kBpchar),
      text(type::kVarchar),
      fixed(type::kDate, "2000-01-01", zeros(4), Token::kDate),
      fixed(type::kTime, "00:00:00", zeros(8), Token::kTime),
      fixed(type::kTimestamp, "2000-01-01 00:00:00", zeros(8), Token::kTimestamp),
      fixed(type::kTimestamptz, "2000-01-01 00:00:00+00", zeros(8), Token::kTimestamptz),
      fixed(type::kInterval, "00:00:00", zeros(16)),
      fixed(type::kTimetz, "00:00:00+00", zeros(12)),
      TypeRow{type::kBit, Shape::kBits, 0, {}, {}},
      fixed(type::kVarbit, "", zeros(4)),
      TypeRow{type::kNumeric, Shape::kNumeric, 0, {}, {}, Token::kNumeric},
      text(type::kCstring),
      fixed(type::kUuid, "00000000-0000-0000-0000-000000000000", zeros(16), Token::kUuid),
      TypeRow{type::kJsonb, Shape::kJsonb, 0, {}, {}},
      fixed(type::kTid, "(0,0)", zeros(6)),
      fixed(type::kXid, "0", zeros(4)),
      fixed(type::kCid, "0", zeros(4)),
      fixed(type::kXid8, "0", zeros(8)),
      fixed(type::kPgLsn, "0/0", zeros(8)),
      fixed(type::kTxidSnapshot, "1:1:", kSnapshot),
      fixed(type::kPgSnapshot, "1:1:", kSnapshot),
      fixed(type::kInt2Vector, "", kNoInt2s),
      fixed(type::kOidVector, "", kNoOids),
      fixed(type::kPoint, "(0,0)", zeros(16)),
      fixed(type::kLseg, "[(0,0),(0,0)]", zeros(32)),
      fixed(type::kPath, "((0,0))", kPath),
      fixed(type::kBox, "(0,0),(0,0)", zeros(32)),
      fixed(type::kPolygon, "((0,0))", kPolygon),
      fixed(type::kLine, "{1,0,0}", kLine),
      fixed(type::kCircle, "<(0,0),0>", zeros(24)),
      words(type::kTsvector, "", zeros(4)),
      words(type::kTsquery, "", zeros(4)),
      words(type::kJsonpath, "$", "\x01$"),
      text(type::kRefcursor),
      words(type::kRegproc, "-", zeros(4)),
      words(type::kRegprocedure, "-", zeros(4)),
      words(type::kRegoper, "0", zeros(4)),
      words(type::kRegoperator, "0", zeros(4)),
      words(type::kRegclass, "-", zeros(4)),
      words(type::kRegtype, "-", zeros(4)),
      words(type::kRegconfig, "-", zeros(4)),
      words(type::kRegdictionary, "-", zeros(4)),
      words(type::kRegnamespace, "-", zeros(4)),
      words(type::kRegrole, "-", zeros(4)),
      words(type::kRegcollation, "-", zeros(4)),
      fixed(type::kInt4Range, "empty", kEmptyRange),
      fixed(type::kNumRange, "empty", kEmptyRange),
      fixed(type::kTsRange, "empty", kEmptyRange),
      fixed(type::kTstzRange, "empty", kEmptyRange),
      fixed(type::kDateRange, "empty", kEmptyRange),
      fixed(type::kInt8Range, "empty", kEmptyRange),
      fixed(type::kInt4Multirange, "{}", zeros(4)),
      fixed(type::kNumMultirange, "{}", zeros(4)),
      fixed(type::kTsMultirange, "{}", zeros(4)),
      fixed(type::kTstzMultirange, "{}", zeros(4)),
      fixed(type::kDateMultirange, "{}", zeros(4)),
      fixed(type::kInt8Multirange, "{}", zeros(4)),
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
      array(type::kInt2VectorArray, type::kInt2Vector),
      array(type::kRegprocArray, type::kRegproc),
      array(type::kTidArray, type::kTid),
      array(type::kXidArray, type::kXid),
      array(type::kCidArray, type::kCid),
      array(type::kOidVectorArray, type::kOidVector),
      array(type::kPointArray, type::kPoint),
      array(type::kLsegArray, type::kLseg),
      array(type::kPathArray, type::kPath),
      array(type::kBoxArray, type::kBox),
      array(type::kPolygonArray, type::kPolygon),
      array(type::kLineArray, type::kLine),
      array(type::kCircleArray, type::kCircle),
      array(type::kRefcursorArray, type::kRefcursor),
      array(type::kRegprocedureArray, type::kRegprocedure),
      array(type::kRegoperArray, type::kRegoper),
      array(type::kRegoperatorArray, type::kRegoperator),
      array(type::kRegclassArray, type::kRegclass),
      array(type::kRegtypeArray, type::kRegtype),
      array(type::kTxidSnapshotArray, type::kTxidSnapshot),
      array(type::kPgLsnArray, type::kPgLsn),
      array(type::kTsvectorArray, type::kTsvector),
      array(type::kTsqueryArray, type::kTsquery),
      array(type::kRegconfigArray, type::kRegconfig),
      array(type::kRegdictionaryArray, type::kRegdictionary),
      array(type::kInt4RangeArray, type::kInt4Range),
      array(type::kNumRangeArray, type::kNumRange),
      array(type::kTsRangeArray, type::kTsRange),
      array(type::kTstzRangeArray, type::kTstzRange),
      array(type::kDateRangeArray, type::kDateRange),
      array(type::kInt8RangeArray, type::kInt8Range),
      array(type::kJsonpathArray, type::kJsonpath),
      array(type::kRegnamespaceArray, type::kRegnamespace),
      array(type::kRegroleArray, type::kRegrole),
      array(type::kRegcollationArray, type::kRegcollation),
      array(type::kInt4MultirangeArray, type::kInt4Multirange),
      array(type::kNumMultirangeArray, type::kNumMultirange),
      array(type::kTsMultirangeArray, type::kTsMultirange),
      array(type::kTstzMultirangeArray, type::kTstzMultirange),
      array(type::kDateMultirangeArray, type::kDateMultirange),
      array(type::kInt8MultirangeArray, type::kInt8Multirange),
      array(type::kPgSnapshotArray, type::kPgSnapshot),
      array(type::kXid8Array, type::kXid8),
      array(type::kMacaddr8Array, type::kMacaddr8),
      array(type::kMacaddrArray, type::kMacaddr),
      array(type::kBitArray, type::kBit),
      array(type::kVarbitArray, type::kVarbit),
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
