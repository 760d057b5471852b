// SPDX-License-Identifier: Apache-2.0
// The parts of values.cpp: binary forms of one family of types each. Internal to proto/postgres.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <string>

namespace sluice::pg::detail {

Error malformed_value(std::string_view type);
std::string hex(ByteView bytes);

Result<std::string> render_date(ByteView value);
Result<std::string> render_time(ByteView value);
Result<std::string> render_timetz(ByteView value);
Result<std::string> render_timestamp(ByteView value, bool with_zone);
Result<std::string> render_interval(ByteView value);

Result<std::string> render_numeric(ByteView value);
// As float8out and float4out with extra_float_digits = 1: the shortest text that reads back.
std::string render_float8(double value);
std::string render_float4(float value);

Result<std::string> render_inet(ByteView value, bool is_cidr);

}  // namespace sluice::pg::detail
