// SPDX-License-Identifier: Apache-2.0
#include "cli/text.h"

#include "base/time_text.h"

#include <algorithm>
namespace sluice::cli {
std::string visible_block(std::string_view text, std::string_view margin) {
  std::string out;
  for (;;) {
    const auto end = text.find('\n');
    out.append(margin).append(visible(text.substr(0, end))).append("\n");
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string utc_text(WallTime time) {
  std::string text = to_rfc3339(time);
  text[10] = ' ';
  return text.substr(0, 19) + "Z";
}

std::string from_now(WallTime time, WallTime now) {
  if (time >= now)
    return "in " + duration_text(std::chrono::floor<std::chrono::seconds>(time - now));
  return duration_text(std::chrono::floor<std::chrono::seconds>(now - time)) + " ago";
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::string Columns::text() const {
  std::vector<std::vector<std::string>> rows = rows_;
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (auto& row : rows) {
    row.resize(widths.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = visible(row[i]);
      if (row[i].empty()) row[i] = "-";
      widths[i] = std::max(widths[i], width(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - width(row[i]) + 2, ' ');
    }
    text += "\n";
  }
  return text;
}

}  // namespace sluice::cli
