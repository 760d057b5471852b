// SPDX-License-Identifier: Apache-2.0
// Patterns over the names of a database: "public.orders", "audit.*", "*.pg_read_*". A part stands
// for a catalogue name exactly as the server stores it; `*` for any characters within one part.
#pragma once

#include <sluice/intent.h>
#include <sluice/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

// True where `text` is what `glob` describes; `*` is any run of characters, also none.
bool glob_matches(std::string_view glob, std::string_view text);

// The parts of a dotted name. A part in double quotes is taken literally ("" is one quote);
// without them it must be lower case, because PostgreSQL folds what is not quoted. The error says
// what to write.
struct NamePart {
  std::string text;
  bool literal = false;  // was quoted: its `*` is a character
  bool operator==(const NamePart&) const = default;
};
Result<std::vector<NamePart>> split_name(std::string_view name);

class ObjectPattern {
 public:
  // "schema.name".
  static Result<ObjectPattern> parse(std::string_view text);

  // Surely described by this pattern: what allows must know what it allows. An empty schema or name
  // is not known and is described by `*` only.
  bool surely_matches(const ObjectRef& object) const;
  // Perhaps described by this pattern: what denies need not be sure.
  bool perhaps_matches(const ObjectRef& object) const;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  NamePart schema_;
  NamePart name_;
};

}  // namespace sluice::policy
