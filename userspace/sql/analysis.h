// SPDX-License-Identifier: Apache-2.0
// PostgreSQL statement text -> what it would do: actions, objects, columns, lineage of its result.
// Pure; any thread. What is not understood becomes Action::kUnknown and opaque lineage, never a
// silent read. Triggers, row security, implicit casts and CHECK expressions cannot be seen in text:
// they run with the rights of the resource's login and must be fenced there. To make them is judged
// (later_calls.cpp), and rules count as what they do (catalog_rewrites.cpp).
#pragma once

#include <sluice/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog.h"
#include "sql/limits.h"
#include "sql/session_names.h"
#include "sql/statement.h"

namespace sluice::sql {

struct AnalyseOptions {
  // As the server reported them in ParameterStatus. With standard_conforming_strings off a text
  // with a backslash in it is refused; with another encoding than UTF8 only ASCII is accepted.
  bool standard_conforming_strings = true;
  std::string client_encoding = "UTF8";
  bool fingerprint = true;  // costs a second parse
  Limits limits;
};

struct Analysis {
  std::vector<Statement> statements;  // none for an empty text
  std::uint64_t catalog_version = 0;
  bool literals_matter = false;  // of any statement
  std::size_t effort = 0;        // looks that it took (effort.h)
};

// An error is a text that PostgreSQL itself would not parse, or that we refuse to: the statement
// must not be forwarded. Its text says why and where ("... at character 12").
// PREPARE and DECLARE carry their inner statement's actions and its lineage, though they return no
// rows themselves: SessionNames remembers them so. For EXECUTE and FETCH the lineage is that of
// what the name stands for. Names that one statement of the text gives are known to the next.
Result<Analysis> analyse(std::string_view text, const Catalog& catalog, const SessionNames& names,
                         const AnalyseOptions& options = {});

// The FunctionCall message: calling a function by its OID. An OID that the catalogue lacks is
// kUnknown. Its result is opaque unless the function is PostgreSQL's own and harmless.
Statement analyse_function_call(Oid function, const Catalog& catalog);

}  // namespace sluice::sql
