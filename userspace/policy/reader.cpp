// SPDX-License-Identifier: Apache-2.0
#include "policy/reader.h"

#include "policy/text_check.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace sluice::policy {
namespace {

constexpr std::size_t kTextBytesMax = 4096;

void report_repeated_keys(const Node& node, const std::string& what, Findings& findings) {
  std::map<std::string_view, Place> first;
  for (const Node& key : node.keys) {
    const auto [seen, is_new] = first.emplace(key.text, key.place);
    if (!is_new)
      findings.error(key.place, "the key " + quoted(key.text) + " of " + what + " is there twice",
                     "the first is at " + findings.at(seen->second) + "; remove one");
  }
}

}  // namespace

std::string name_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull: return "empty";
    case Node::Kind::kScalar: return "a single value";
    case Node::Kind::kList: return "a list";
    case Node::Kind::kMap: return "a map";
  }
  return "?";
}

Fields::Fields(const Node& node, std::string what, Findings& findings)
    : node_(node),
      what_(std::move(what)),
      findings_(findings),
      is_map_(node.kind == Node::Kind::kMap) {
  if (is_map_)
    report_repeated_keys(node_, what_, findings_);
  else if (node.kind != Node::Kind::kNull)
    findings_.error(node.place, what_ + " must be a map, not " + name_of(node.kind),
                    "write 'key: value' lines below it, or { key: value }");
}

const Node* Fields::take(std::string_view key) {
  known_.emplace_back(key);
  if (!is_map_) return nullptr;
  for (std::size_t i = 0; i < node_.keys.size(); ++i)
    if (node_.keys[i].text == key) return &node_.items[i];
  return nullptr;
}

const Node* Fields::need(std::string_view key, const std::string& hint) {
  const Node* value = take(key);
  if (value == nullptr && (is_map_ || node_.kind == Node::Kind::kNull))
    findings_.error(node_.place, what_ + " needs the key " + quoted(key), hint);
  return value;
}

void Fields::refuse(std::string_view key, const std::string& message, const std::string& hint) {
  if (!is_map_) return;
  for (const Node& present : node_.keys) {
    if (present.text != key) continue;
    findings_.error(present.place, message, hint);
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    return;
  }
}

void Fields::finish() {
  if (!is_map_) return;
  for (const Node& key : node_.keys)
    if (!findings_.full() && std::find(known_.begin(), known_.end(), key.text) == known_.end())
      findings_.error(key.place, "unknown key " + quoted(key.text) + " in " + what_,
                      suggestion(key.text, known_));
}

std::optional<std::string> read_text(const Node& node, const std::string& what,
                                     const std::string& hint, Findings& findings) {
  if (node.kind != Node::Kind::kScalar) {
    findings.error(node.place, what + " must be a text, but is " + name_of(node.kind), hint);
    return std::nullopt;
  }
  if (!is_printable(node.text, kTextBytesMax)) {
    findings.error(node.place,
                   what + " must be 1 to " + std::to_string(kTextBytesMax) +
                       " bytes on one line, without control characters",
                   hint);
    return std::nullopt;
  }
  return node.text;
}

std::optional<bool> read_flag(const Node& node, const std::string& what, Findings& findings) {
  if (node.kind == Node::Kind::kScalar && node.plain) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  findings.error(node.place, what + " must be true or false",
                 "write true or false, without quotes");
  return std::nullopt;
}

std::optional<std::uint32_t> read_count(const Node& node, const std::string& what,
                                        std::uint32_t max, Findings& findings) {
  std::uint32_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const bool is_word = node.kind == Node::Kind::kScalar && node.plain;
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (is_word && error == std::errc{} && stop == end && value >= 1 && value <= max) return value;
  findings.error(node.place, what + " must be a whole number from 1 to " + std::to_string(max),
                 "write for example 1");
  return std::nullopt;
}

std::vector<Word> read_words(const Node& node, const std::string& what, const std::string& hint,
                             Findings& findings) {
  std::vector<Word> words;
  if (node.kind != Node::Kind::kList) {
    findings.error(node.place, what + " must be a list, but is " + name_of(node.kind), hint);
    return words;
  }
  if (node.items.empty())
    findings.error(node.place, what + " is an empty list", "name at least one, or remove the key");
  std::set<std::string_view> seen;
  for (const Node& item : node.items) {
    const auto text = read_text(item, "each entry of " + what, hint, findings);
    if (!text) continue;
    if (!seen.insert(item.text).second) {
      findings.error(item.place, quoted(*text) + " is in " + what + " twice", "remove one");
      continue;
    }
    words.push_back({*text, item.place});
  }
  return words;
}

std::optional<std::size_t> read_choice(const Node& node, const std::string& what,
                                       const std::vector<std::string>& allowed,
                                       Findings& findings) {
  if (node.kind != Node::Kind::kScalar) {
    findings.error(node.place, what + " must be one word, but is " + name_of(node.kind),
                   "use " + one_of(allowed));
    return std::nullopt;
  }
  const auto found = std::find(allowed.begin(), allowed.end(), node.text);
  if (found != allowed.end()) return static_cast<std::size_t>(found - allowed.begin());
  std::string hint = suggestion(node.text, allowed);
  if (hint.starts_with("did")) hint += " allowed: " + one_of(allowed);
  findings.error(node.place, quoted(node.text) + " is not a value of " + what, hint);
  return std::nullopt;
}

void read_named(const Node& node, const std::string& what, Findings& findings,
                const std::function<void(const Node& name, const Node& value)>& each) {
  if (node.kind == Node::Kind::kNull) return;
  if (node.kind != Node::Kind::kMap) {
    findings.error(node.place, what + " must be a map, but is " + name_of(node.kind),
                   "write 'name:' and below it, indented, its keys");
    return;
  }
  // A repeated name is reported by whoever collects the names of all files.
  for (std::size_t i = 0; i < node.keys.size(); ++i) each(node.keys[i], node.items[i]);
}

}  // namespace sluice::policy
