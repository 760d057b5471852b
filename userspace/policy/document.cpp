// SPDX-License-Identifier: Apache-2.0
#include "policy/document.h"

#include "policy/text_check.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <istream>
#include <streambuf>
#include <utility>

namespace sluice::policy {
namespace {

// Ends the parse: yaml-cpp calls us from its own recursion, an exception is the one way out. Caught
// below, in this file.
struct Stop final : std::exception {
  Place place;
  std::string message;
  std::string hint;
  Stop(Place where, std::string what, std::string instead)
      : place(where), message(std::move(what)), hint(std::move(instead)) {}
  const char* what() const noexcept override { return message.c_str(); }
};

// Reads the text where it is, instead of copying it into a stringstream.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; it is only read
    setg(begin, begin, begin + text.size());
  }
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, std::uint32_t file, const DocumentLimits& limits)
      : text_(text), file_(file), limits_(limits) {}

  bool has_document() const { return documents_ != 0; }
  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      throw Stop{at(mark), "a second document begins here",
                 "remove '---', or use a file of its own"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    Node node = made(mark, Node::Kind::kNull);
    // The same event comes for `mask: null` and for `mask:`; only the text tells them apart.
    const std::size_t at = mark.pos < 0 ? text_.size() : static_cast<std::size_t>(mark.pos);
    if (at <= text_.size() && text_.substr(at, 4) == "null") node.text = "null";
    attach(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Stop{at(mark), "an alias ('*name') is not allowed", "write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    Node node = made(mark, Node::Kind::kScalar);
    node.plain = tag == "?";
    node.text = value;
    attach(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  Place at(const YAML::Mark& mark) const {
    return {file_, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != 0)
      throw Stop{at(mark), "an anchor ('&name') is not allowed",
                 "write the value out at each place"};
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Stop{at(mark), "the tag " + quoted(tag) + " is not allowed", "remove it"};
  }
  Node made(const YAML::Mark& mark, Node::Kind kind) {
    if (++nodes_ > limits_.node_count_max)
      throw Stop{at(mark),
                 "the file has more than " + std::to_string(limits_.node_count_max) + " values",
                 "split it into several files"};
    Node node;
    node.kind = kind;
    node.place = at(mark);
    return node;
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= limits_.nesting_max)
      throw Stop{at(mark),
                 "lists and maps are nested deeper than " + std::to_string(limits_.nesting_max),
                 "no policy needs more than a handful of levels"};
    open_.push_back(made(mark, kind));
  }
  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    attach(std::move(node));
  }
  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = open_.back();
    if (parent.kind == Node::Kind::kMap && parent.keys.size() == parent.items.size()) {
      if (node.kind != Node::Kind::kScalar)
        throw Stop{node.place, "a key must be one word", "write 'key: value'"};
      parent.keys.push_back(std::move(node));
    } else {
      parent.items.push_back(std::move(node));
    }
  }

  std::string_view text_;
  std::uint32_t file_;
  DocumentLimits limits_;
  std::size_t documents_ = 0;
  std::size_t nodes_ = 0;
  std::vector<Node> open_;
  Node root_;
};

Place place_of(const YAML::Mark& mark, std::uint32_t file) {
  if (mark.is_null()) return {file, 1, 1};
  return {file, static_cast<std::uint32_t>(mark.line + 1),
          static_cast<std::uint32_t>(mark.column + 1)};
}

}  // namespace

std::optional<Node> parse_document(std::string_view text, std::uint32_t file,
                                   const DocumentLimits& limits, Findings& findings) {
  if (!check_text(text, file, findings)) return std::nullopt;
  try {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    ViewBuffer buffer{text};
    std::istream stream{&buffer};
    YAML::Parser parser{stream};
    TreeBuilder builder{text, file, limits};
    while (parser.HandleNextDocument(builder)) {
    }
    if (builder.has_document()) return builder.take_root();
    findings.error({file, 1, 1}, "the file is empty",
                   "begin with 'version: 1', or remove the file");
  } catch (const Stop& stop) {
    findings.error(stop.place, stop.message, stop.hint);
  } catch (const YAML::Exception& bad) {
    findings.error(place_of(bad.mark, file), "this is not YAML: " + bad.msg,
                   "check the indentation, the brackets and the quotes at and above this line");
  } catch (const std::exception& bad) {
    findings.error({file, 1, 1}, std::string{"the file cannot be parsed: "} + bad.what(), {});
  }
  return std::nullopt;
}

}  // namespace sluice::policy
