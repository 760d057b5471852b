// SPDX-License-Identifier: Apache-2.0
// How COPY writes its rows, as its options say. PostgreSQL manual, COPY, "File Formats".
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

struct CopyFormat {
  enum class Kind : std::uint8_t { kText, kCsv, kBinary };
  Kind kind = Kind::kText;
  bool header = false;       // text, CSV: a first row of names
  char delimiter = '\t';     // text, CSV
  std::string null = "\\N";  // text, CSV: what stands for NULL, unquoted
  char quote = '"';          // CSV
  char escape = '"';         // CSV
  std::string encoding{};    // "" is client_encoding
  bool operator==(const CopyFormat&) const = default;

  // In text, another word than \N can be a value too: the server writes both alike.
  bool null_is_certain() const { return kind != Kind::kText || null == "\\N"; }
};

}  // namespace sluice
