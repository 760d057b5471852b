// SPDX-License-Identifier: Apache-2.0
// Texts of any size, written as one line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::work {

// What stands between backticks is written `count` times; behind ~ stands what separates. In it #
// is the number of the time, from 0, @ that of the next, and % that from the other end.
// "SELECT `a#~, `" -> "SELECT a0, a1, a2"
inline std::string filled(std::string_view pattern, std::size_t count) {
  std::string out;
  bool repeats = false;
  while (!pattern.empty()) {
    const std::size_t end = std::min(pattern.find('`'), pattern.size());
    const std::string_view part = pattern.substr(0, end);
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
    const std::size_t split = std::min(part.find('~'), part.size());
    for (std::size_t i = 0; repeats && i < count; ++i) {
      if (i > 0 && split < part.size()) out += part.substr(split + 1);
      for (const char c : part.substr(0, split)) {
        if (c == '#' || c == '@' || c == '%')
          out += std::to_string(c == '#' ? i : c == '@' ? i + 1 : count - 1 - i);
        else
          out += c;
      }
    }
    if (!repeats) out += part;
    repeats = !repeats;
  }
  return out;
}

}  // namespace sluice::work
