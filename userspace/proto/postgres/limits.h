// SPDX-License-Identifier: Apache-2.0
// Every number that PostgreSQL's wire may announce meets one of these before it is used
// (STYLE A8). The defaults are the server's own where it has one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::pg {

struct Limits {
  // The first packet, without its length field. The server's MAX_STARTUP_PACKET_LENGTH; an
  // unauthenticated peer can make us hold no more than this.
  std::uint32_t startup_bytes_max = 10'000;
  // Whole message (type, length, body) that next_frame() gives. A longer one is Bad there, because
  // it would have to be buffered whole; next_head() still lets a caller stream it.
  std::uint32_t frontend_message_bytes_max = 16U << 20;
  std::uint32_t backend_message_bytes_max = 16U << 20;
  // Messages that hold no statement, value or COPY data (Describe, Sync, ReadyForQuery, ...). The
  // server's PQ_SMALL_MESSAGE_LIMIT; stops a Flush of a gigabyte.
  std::uint32_t small_message_bytes_max = 10'000;
  // Passwords and SASL messages, in both directions. The server's PG_MAX_AUTH_TOKEN_LENGTH.
  std::uint32_t authentication_bytes_max = 65'535;
  // What next_head() lets through for streaming. The server's PQ_LARGE_MESSAGE_LIMIT (1 GiB - 2).
  std::uint32_t stream_message_bytes_max = 0x3ffffffe;
  // Columns of a RowDescription, cells of a DataRow, columns of a COPY. MaxTupleAttributeNumber.
  std::uint16_t columns_max = 1664;
  // Parameters of Parse, Bind and ParameterDescription. What the wire's int16 can say.
  std::uint16_t parameters_max = 65'535;
  // Arguments of a FunctionCall. FUNC_MAX_ARGS.
  std::uint16_t function_arguments_max = 100;
  // name=value pairs of a StartupMessage; stops thousands of empty-looking pairs in 10 kB.
  std::uint32_t startup_parameters_max = 256;
  // Fields of an ErrorResponse or NoticeResponse. The protocol defines 18; stops tiny fields by
  // the million.
  std::uint32_t error_fields_max = 64;
  // Mechanisms of an AuthenticationSASL and options of a NegotiateProtocolVersion.
  std::uint32_t sasl_mechanisms_max = 16;
  std::uint32_t protocol_options_max = 256;
  // Secret of BackendKeyData and CancelRequest, after the process id (protocol 3.2: 4 to 256).
  std::uint32_t cancel_secret_bytes_min = 4;
  std::uint32_t cancel_secret_bytes_max = 256;
};

}  // namespace sluice::pg
