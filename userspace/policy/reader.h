// SPDX-License-Identifier: Apache-2.0
// Reads maps, lists and words out of a document. Each failure becomes a finding that names the
// place and what to write instead; the reading goes on, so that one run shows all of them.
#pragma once

#include "policy/document.h"
#include "policy/findings.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

struct Word {
  std::string text;
  Place place;
};

// A map whose keys are known. Every key that is asked for is known; finish() reports the others.
class Fields {
 public:
  // `what` is how findings call the map: "agent 'reporter'". A null node is an empty map.
  Fields(const Node& node, std::string what, Findings& findings);

  // The value, or null where the key is absent (or the node was no map).
  const Node* take(std::string_view key);
  // As take(), and a finding where the key is absent.
  const Node* need(std::string_view key, const std::string& hint);
  // Says that `key` exists elsewhere but not here, and why; reports it where it is used.
  void refuse(std::string_view key, const std::string& message, const std::string& hint);
  // Every key that was not taken is an error.
  void finish();

  bool is_map() const { return is_map_; }
  const std::string& what() const { return what_; }
  Place place() const { return node_.place; }

 private:
  const Node& node_;
  std::string what_;
  Findings& findings_;
  bool is_map_;
  std::vector<std::string> known_;
};

// A text that is not empty. `hint` shows one.
std::optional<std::string> read_text(const Node& node, const std::string& what,
                                     const std::string& hint, Findings& findings);
std::optional<bool> read_flag(const Node& node, const std::string& what, Findings& findings);
std::optional<std::uint32_t> read_count(const Node& node, const std::string& what,
                                        std::uint32_t max, Findings& findings);
// A list of words without repetition and not empty. `hint` shows one.
std::vector<Word> read_words(const Node& node, const std::string& what, const std::string& hint,
                             Findings& findings);
// One of `allowed`; its index.
std::optional<std::size_t> read_choice(const Node& node, const std::string& what,
                                       const std::vector<std::string>& allowed, Findings& findings);
// Each key of a map that names things, once.
void read_named(const Node& node, const std::string& what, Findings& findings,
                const std::function<void(const Node& name, const Node& value)>& each);

std::string name_of(Node::Kind kind);  // "a list"

}  // namespace sluice::policy
