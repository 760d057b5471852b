// SPDX-License-Identifier: Apache-2.0
// A stream of messages as short lines, so that a test can say what it expects.
#pragma once

#include <string>
#include <vector>

#include "proto/postgres/frame.h"

namespace sluice::session::test {

// Agent to server: "Query select 1", "Parse s select 1", "Bind p s 1|NULL", "Execute p", "Sync".
// Server to agent: "Columns id ssn", "Row 1|[redacted]|NULL", "Complete SELECT 1", "Ready I",
// "ERROR 42501 message", "NOTICE 00000 message". What is no whole message: "cut <n bytes>".
std::vector<std::string> wire_lines(pg::Direction direction, ByteView bytes);

}  // namespace sluice::session::test
