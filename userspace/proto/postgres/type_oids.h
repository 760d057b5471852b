// SPDX-License-Identifier: Apache-2.0
// OIDs of built-in types (PostgreSQL's pg_type.dat). They are fixed for all versions and databases;
// every other type's OID is known only to one database's catalogue.
#pragma once

#include <cstdint>

namespace sluice::pg::oid {

constexpr std::uint32_t kBool = 16;
constexpr std::uint32_t kBytea = 17;
constexpr std::uint32_t kChar = 18;  // "char", one byte
constexpr std::uint32_t kName = 19;
constexpr std::uint32_t kInt8 = 20;
constexpr std::uint32_t kInt2 = 21;
constexpr std::uint32_t kInt2Vector = 22;
constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kRegproc = 24;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kOid = 26;
constexpr std::uint32_t kTid = 27;
constexpr std::uint32_t kXid = 28;
constexpr std::uint32_t kCid = 29;
constexpr std::uint32_t kOidVector = 30;
constexpr std::uint32_t kJson = 114;
constexpr std::uint32_t kXml = 142;
constexpr std::uint32_t kXmlArray = 143;
constexpr std::uint32_t kJsonArray = 199;
constexpr std::uint32_t kPoint = 600;
constexpr std::uint32_t kCidr = 650;
constexpr std::uint32_t kCidrArray = 651;
constexpr std::uint32_t kFloat4 = 700;
constexpr std::uint32_t kFloat8 = 701;
constexpr std::uint32_t kUnknown = 705;  // an untyped literal
constexpr std::uint32_t kMacaddr8 = 774;
constexpr std::uint32_t kMoney = 790;
constexpr std::uint32_t kMacaddr = 829;
constexpr std::uint32_t kInet = 869;
constexpr std::uint32_t kBoolArray = 1000;
constexpr std::uint32_t kByteaArray = 1001;
constexpr std::uint32_t kCharArray = 1002;
constexpr std::uint32_t kNameArray = 1003;
constexpr std::uint32_t kInt2Array = 1005;
constexpr std::uint32_t kInt4Array = 1007;
constexpr std::uint32_t kTextArray = 1009;
constexpr std::uint32_t kBpcharArray = 1014;
constexpr std::uint32_t kVarcharArray = 1015;
constexpr std::uint32_t kInt8Array = 1016;
constexpr std::uint32_t kFloat4Array = 1021;
constexpr std::uint32_t kFloat8Array = 1022;
constexpr std::uint32_t kOidArray = 1028;
constexpr std::uint32_t kInetArray = 1041;
constexpr std::uint32_t kBpchar = 1042;
constexpr std::uint32_t kVarchar = 1043;
constexpr std::uint32_t kDate = 1082;
constexpr std::uint32_t kTime = 1083;
constexpr std::uint32_t kTimestamp = 1114;
constexpr std::uint32_t kTimestampArray = 1115;
constexpr std::uint32_t kDateArray = 1182;
constexpr std::uint32_t kTimeArray = 1183;
constexpr std::uint32_t kTimestamptz = 1184;
constexpr std::uint32_t kTimestamptzArray = 1185;
constexpr std::uint32_t kInterval = 1186;
constexpr std::uint32_t kIntervalArray = 1187;
constexpr std::uint32_t kNumericArray = 1231;
constexpr std::uint32_t kCstringArray = 1263;
constexpr std::uint32_t kTimetz = 1266;
constexpr std::uint32_t kTimetzArray = 1270;
constexpr std::uint32_t kBit = 1560;
constexpr std::uint32_t kVarbit = 1562;
constexpr std::uint32_t kNumeric = 1700;
constexpr std::uint32_t kRefcursor = 1790;
constexpr std::uint32_t kRegprocedure = 2202;
constexpr std::uint32_t kRegclass = 2205;
constexpr std::uint32_t kRegtype = 2206;
constexpr std::uint32_t kRecord = 2249;
constexpr std::uint32_t kCstring = 2275;
constexpr std::uint32_t kVoid = 2278;
constexpr std::uint32_t kRecordArray = 2287;
constexpr std::uint32_t kUuid = 2950;
constexpr std::uint32_t kUuidArray = 2951;
constexpr std::uint32_t kJsonb = 3802;
constexpr std::uint32_t kJsonbArray = 3807;

}  // namespace sluice::pg::oid
