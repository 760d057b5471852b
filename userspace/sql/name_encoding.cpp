// SPDX-License-Identifier: Apache-2.0
#include "sql/name_encoding.h"

#include <algorithm>

#include "sql/words.h"

namespace sluice::sql {
namespace {

// Longer than any name: the body of a function.
bool is_body(std::string_view text) { return text.size() > kServerNameBytesMax; }

}  // namespace

bool same_in_every_encoding(std::string_view name) {
  constexpr std::size_t kSurelyNotCut = kServerNameBytesMax - 4;  // less one letter
  return name.size() <= kSurelyNotCut && is_ascii(name);
}

bool all_same_in_every_encoding(const json::value& tree) {
  if (const auto* text = tree.if_string()) {
    const std::string_view value{text->data(), text->size()};
    return same_in_every_encoding(value) || (is_body(value) && is_ascii(value));
  }
  if (const auto* list = tree.if_array())
    return std::all_of(list->begin(), list->end(), all_same_in_every_encoding);
  const auto* fields = tree.if_object();
  return fields == nullptr || std::all_of(fields->begin(), fields->end(), [](const auto& field) {
           return field.key() == "A_Const" || all_same_in_every_encoding(field.value());
         });
}

}  // namespace sluice::sql
