// SPDX-License-Identifier: Apache-2.0
// The analyses that were used last, by a key.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "session/postgres/analysed_text.h"

namespace sluice::session {

class KeptTexts {
 public:
  AnalysedTextPtr find(std::string_view key);  // null where it is not kept
  void keep(std::string_view key, AnalysedTextPtr text);
  void clear();

 private:
  // Enough for the statements of one program; each entry is a few kilobytes.
  static constexpr std::size_t kMax = 64;
  struct Entry {
    std::string key;
    AnalysedTextPtr text;
  };

  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

}  // namespace sluice::session
