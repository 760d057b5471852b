// SPDX-License-Identifier: Apache-2.0
// A result as a table of text, as psql draws it. Holds a window of rows only: a longer result is
// drawn in parts with the widths of its first part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

class Table {
 public:
  using Cells = std::vector<std::optional<std::string>>;

  std::string begin(const Cells& names, std::string_view indent);
  std::string row(const Cells& cells, std::string_view indent);
  // What is held back; ends the table.
  std::string flush(std::string_view indent);

 private:
  std::string draw(std::string_view indent);

  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  bool open_ = false;
  bool head_drawn_ = false;
};

}  // namespace sluice::cli
