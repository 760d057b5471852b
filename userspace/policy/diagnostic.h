// SPDX-License-Identifier: Apache-2.0
// What the compiler has to say about a policy: where, what is wrong, and what to write instead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::policy {

enum class Severity : std::uint8_t { kError, kWarning };

struct Diagnostic {
  std::string file;
  std::uint32_t line = 0;    // 1-based; 0 where the whole file is meant
  std::uint32_t column = 0;  // 1-based
  Severity severity = Severity::kError;
  std::string message;
  std::string hint;  // what to write instead; "" where the message says it all

  // "file:line:column: error: message\n  hint: ...\n"
  std::string text() const;
  bool operator==(const Diagnostic&) const = default;
};

// All of them, one after the other.
std::string text_of(const std::vector<Diagnostic>& diagnostics);

}  // namespace sluice::policy
