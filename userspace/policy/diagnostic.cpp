// SPDX-License-Identifier: Apache-2.0
#include "policy/diagnostic.h"

namespace sluice::policy {

std::string Diagnostic::text() const {
  std::string text = file;
  if (line != 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
  text += severity == Severity::kError ? ": error: " : ": warning: ";
  text += message + "\n";
  if (!hint.empty()) text += "  hint: " + hint + "\n";
  return text;
}

std::string text_of(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += diagnostic.text();
  return text;
}

}  // namespace sluice::policy
