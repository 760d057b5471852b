// SPDX-License-Identifier: Apache-2.0
// Parameters of a Bind as people read them, and the look ahead that shows an approver the
// parameters of a statement which is held before its Bind was reached.
#pragma once

#include <sluice/intent.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/postgres/frontend.h"
#include "proto/postgres/limits.h"

namespace sluice::session {

// How the values of a Bind are read: `types` may be shorter than they are, 0 is not known. What is
// not ASCII is shown in hex but where the server surely reads it as UTF-8, as people do.
struct ReadBy {
  const std::vector<std::uint32_t>& types;
  bool as_utf8 = false;
};

std::vector<Parameter> render_values(const pg::ValueList& values, const pg::FormatCodes& formats,
                                     const ReadBy& read);

struct UpcomingBind {
  bool found = false;
  // Nothing that is still to come can belong to this Parse: its Bind was found, or Sync, Flush or
  // something else was.
  bool certain = false;
  std::vector<Parameter> parameters;
  std::optional<pg::Bind> message{};  // where it was found; views what was looked through
};

// Looks through whole messages after a Parse of `statement` for the Bind that uses it.
UpcomingBind upcoming_bind(ByteView after, std::string_view statement, const ReadBy& read,
                           const pg::Limits& limits);

}  // namespace sluice::session
