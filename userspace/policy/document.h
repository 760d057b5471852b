// SPDX-License-Identifier: Apache-2.0
// One YAML text as a tree in which every node knows where it stands. A deliberate subset: one
// document per file, no anchors, aliases, tags or merge keys, so that what is written is what is
// meant, and no few bytes can grow into many.
#pragma once

#include "policy/findings.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

struct Node {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Place place;
  bool plain = false;       // a scalar without quotes
  std::string text;         // of a scalar; "null" for a null that was written out
  std::vector<Node> keys;   // of a map: scalars, in the order of the file
  std::vector<Node> items;  // of a list; of a map: the values, one per key
};

struct DocumentLimits {
  std::size_t node_count_max;
  std::size_t nesting_max;
};

// Nothing where the text is not such a document; then `findings` says why.
std::optional<Node> parse_document(std::string_view text, std::uint32_t file,
                                   const DocumentLimits& limits, Findings& findings);

}  // namespace sluice::policy
