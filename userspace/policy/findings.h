// SPDX-License-Identifier: Apache-2.0
// Where diagnostics are gathered while a policy is read and checked.
#pragma once

#include "policy/diagnostic.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

// A spot in one of the files.
struct Place {
  std::uint32_t file = 0;    // index into the files that are compiled
  std::uint32_t line = 0;    // 1-based; 0 = the whole file
  std::uint32_t column = 0;  // 1-based
};

class Findings {
 public:
  Findings(std::vector<std::string> file_names, std::size_t count_max)
      : file_names_(std::move(file_names)), count_max_(count_max) {}

  void error(Place place, std::string message, std::string hint = {});
  void warning(Place place, std::string message, std::string hint = {});

  bool has_errors() const { return errors_ != 0; }
  bool full() const { return diagnostics_.size() >= count_max_; }
  // "first.yaml:3:9", to point at the other of two places.
  std::string at(Place place) const;
  // Sorted by file, line and column; ends with one that says how many were left out.
  std::vector<Diagnostic> take();

 private:
  void add(Place place, Severity severity, std::string message, std::string hint);

  std::vector<std::string> file_names_;
  std::size_t count_max_;
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
  std::vector<Diagnostic> diagnostics_;
};

// "'orders' or 'billing'", "'a', 'b' or 'c'"; long lists are cut with "...".
std::string one_of(const std::vector<std::string>& words);
// "did you mean 'rules'?" where one of the words is close to `word`, else "use 'a', 'b' or 'c'".
std::string suggestion(std::string_view word, const std::vector<std::string>& words);
// Text from a file, fit to be printed: quoted, control characters shown as "\x1b", cut to 80 bytes.
std::string quoted(std::string_view text);

}  // namespace sluice::policy
