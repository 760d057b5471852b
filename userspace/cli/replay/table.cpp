// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/table.h"

#include "cli/replay/visible.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t kRowsHeldMax = 256;
// A longer cell is shown whole; it only stops being aligned.
constexpr std::size_t kWidthMax = 60;

void grow(std::vector<std::size_t>& widths, const std::vector<std::string>& cells) {
  if (widths.size() < cells.size()) widths.resize(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i)
    widths[i] = std::min(kWidthMax, std::max(widths[i], width(cells[i])));
}

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                 std::string_view indent) {
  std::string out{indent};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += " | ";
    out += cells[i];
    const std::size_t used = width(cells[i]);
    if (i + 1 < cells.size() && used < widths[i]) out.append(widths[i] - used, ' ');
  }
  return out + "\n";
}

}  // namespace

std::string Table::begin(const Cells& names, std::string_view indent) {
  std::string out = flush(indent);
  names_.clear();
  for (const auto& name : names) names_.push_back(visible(name.value_or("")));
  open_ = true;
  return out;
}

std::string Table::row(const Cells& cells, std::string_view indent) {
  std::vector<std::string> shown;
  for (const auto& cell : cells) shown.push_back(cell ? visible(*cell) : "NULL");
  rows_.push_back(std::move(shown));
  open_ = true;
  return rows_.size() < kRowsHeldMax ? std::string{} : draw(indent);
}

std::string Table::flush(std::string_view indent) {
  if (!open_) return {};
  std::string out = draw(indent);
  open_ = head_drawn_ = false;
  names_.clear();
  widths_.clear();
  return out;
}

std::string Table::draw(std::string_view indent) {
  std::string out;
  if (!head_drawn_) {
    grow(widths_, names_);
    for (const auto& cells : rows_) grow(widths_, cells);
    if (!names_.empty()) {
      out += line(names_, widths_, indent);
      out += indent;
      for (std::size_t i = 0; i < names_.size(); ++i) {
        if (i > 0) out += "-+-";
        out.append(widths_[i], '-');
      }
      out += '\n';
    }
    head_drawn_ = true;
  }
  for (const auto& cells : rows_) {
    if (widths_.size() < cells.size()) widths_.resize(cells.size());
    out += line(cells, widths_, indent);
  }
  rows_.clear();
  return out;
}

}  // namespace sluice::cli
