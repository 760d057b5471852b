// SPDX-License-Identifier: Apache-2.0
// Object ids of PostgreSQL's built-in types: fixed numbers of its catalogue (pg_type.dat), the same
// in every server since the type exists.
#pragma once

#include <cstdint>

namespace sluice::postgres_type {

inline constexpr std::uint32_t kBool = 16;
inline constexpr std::uint32_t kBytea = 17;
inline constexpr std::uint32_t kChar = 18;  // "char", one byte
inline constexpr std::uint32_t kName = 19;
inline constexpr std::uint32_t kInt8 = 20;
inline constexpr std::uint32_t kInt2 = 21;
inline constexpr std::uint32_t kInt2Vector = 22;
inline constexpr std::uint32_t kInt4 = 23;
inline constexpr std::uint32_t kRegproc = 24;
inline constexpr std::uint32_t kText = 25;
inline constexpr std::uint32_t kOid = 26;
inline constexpr std::uint32_t kTid = 27;
inline constexpr std::uint32_t kXid = 28;
inline constexpr std::uint32_t kCid = 29;
inline constexpr std::uint32_t kOidVector = 30;
inline constexpr std::uint32_t kJson = 114;
inline constexpr std::uint32_t kXml = 142;
inline constexpr std::uint32_t kXmlArray = 143;
inline constexpr std::uint32_t kJsonArray = 199;
inline constexpr std::uint32_t kPoint = 600;
inline constexpr std::uint32_t kCidr = 650;
inline constexpr std::uint32_t kCidrArray = 651;
inline constexpr std::uint32_t kFloat4 = 700;
inline constexpr std::uint32_t kFloat8 = 701;
inline constexpr std::uint32_t kUnknown = 705;
inline constexpr std::uint32_t kMacaddr8 = 774;
inline constexpr std::uint32_t kMoney = 790;
inline constexpr std::uint32_t kMoneyArray = 791;
inline constexpr std::uint32_t kMacaddr = 829;
inline constexpr std::uint32_t kInet = 869;
inline constexpr std::uint32_t kBoolArray = 1000;
inline constexpr std::uint32_t kByteaArray = 1001;
inline constexpr std::uint32_t kCharArray = 1002;
inline constexpr std::uint32_t kNameArray = 1003;
inline constexpr std::uint32_t kInt2Array = 1005;
inline constexpr std::uint32_t kInt4Array = 1007;
inline constexpr std::uint32_t kTextArray = 1009;
inline constexpr std::uint32_t kBpcharArray = 1014;
inline constexpr std::uint32_t kVarcharArray = 1015;
inline constexpr std::uint32_t kInt8Array = 1016;
inline constexpr std::uint32_t kFloat4Array = 1021;
inline constexpr std::uint32_t kFloat8Array = 1022;
inline constexpr std::uint32_t kOidArray = 1028;
inline constexpr std::uint32_t kInetArray = 1041;
inline constexpr std::uint32_t kBpchar = 1042;  // char(n)
inline constexpr std::uint32_t kVarchar = 1043;
inline constexpr std::uint32_t kDate = 1082;
inline constexpr std::uint32_t kTime = 1083;
inline constexpr std::uint32_t kTimestamp = 1114;
inline constexpr std::uint32_t kTimestampArray = 1115;
inline constexpr std::uint32_t kDateArray = 1182;
inline constexpr std::uint32_t kTimeArray = 1183;
inline constexpr std::uint32_t kTimestamptz = 1184;
inline constexpr std::uint32_t kTimestamptzArray = 1185;
inline constexpr std::uint32_t kInterval = 1186;
inline constexpr std::uint32_t kIntervalArray = 1187;
inline constexpr std::uint32_t kNumericArray = 1231;
inline constexpr std::uint32_t kCstringArray = 1263;
inline constexpr std::uint32_t kTimetz = 1266;
inline constexpr std::uint32_t kTimetzArray = 1270;
inline constexpr std::uint32_t kBit = 1560;
inline constexpr std::uint32_t kVarbit = 1562;
inline constexpr std::uint32_t kNumeric = 1700;
inline constexpr std::uint32_t kRefcursor = 1790;
inline constexpr std::uint32_t kRegprocedure = 2202;
inline constexpr std::uint32_t kRegclass = 2205;
inline constexpr std::uint32_t kRegtype = 2206;
inline constexpr std::uint32_t kRecord = 2249;
inline constexpr std::uint32_t kCstring = 2275;
inline constexpr std::uint32_t kVoid = 2278;
inline constexpr std::uint32_t kRecordArray = 2287;
inline constexpr std::uint32_t kUuid = 2950;
inline constexpr std::uint32_t kUuidArray = 2951;
inline constexpr std::uint32_t kJsonb = 3802;
inline constexpr std::uint32_t kJsonbArray = 3807;

}  // namespace sluice::postgres_type
