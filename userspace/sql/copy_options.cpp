// SPDX-License-Identifier: Apache-2.0
#include "sql/copy_options.h"
#include "sql/words.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::sql {
namespace {

using Kind = CopyFormat::Kind;

// They say how to read, or which columns are quoted: nothing that a reader of rows has to know.
constexpr std::array<std::string_view, 7> kOfNoMatter{
    "freeze",   "force_quote",   "force_not_null", "force_null",
    "on_error", "log_verbosity", "reject_limit"};

// As the server's defGetBoolean() reads it.
std::optional<bool> boolean_of(const Node& option) {
  if (!option.has("arg")) return true;
  const Node value = option.node("arg");
  if (value.is("Boolean")) return value.flag("boolval");
  if (value.is("Integer")) {
    const auto number = value.integer("ival");
    return number == 0 || number == 1 ? std::optional{number == 1} : std::nullopt;
  }
  const std::string word = lower_case(value.text("sval"));
  if (word == "true" || word == "on") return true;
  if (word == "false" || word == "off") return false;
  return std::nullopt;
}

std::optional<std::string> text_of(const Node& option) {
  const Node value = option.node("arg");
  if (!value.is("String")) return std::nullopt;
  return std::string{value.text("sval")};
}

std::optional<char> character_of(const Node& option) {
  const auto text = text_of(option);
  if (!text || text->size() != 1) return std::nullopt;
  return text->front();
}

struct Given {
  std::optional<char> delimiter, quote, escape;
  std::optional<std::string> null;
};

bool take(const Node& option, CopyFormat& format, Given& given) {
  const std::string_view name = option.text("defname");
  if (name == "format") {
    const auto text = text_of(option);
    if (text == "text") return format.kind = Kind::kText, true;
    if (text == "csv") return format.kind = Kind::kCsv, true;
    if (text == "binary") return format.kind = Kind::kBinary, true;
    return false;
  }
  if (name == "header") {
    const auto value = boolean_of(option);
    format.header = value.value_or(false);
    return value.has_value();
  }
  if (name == "delimiter") return (given.delimiter = character_of(option)).has_value();
  if (name == "quote") return (given.quote = character_of(option)).has_value();
  if (name == "escape") return (given.escape = character_of(option)).has_value();
  if (name == "null") return (given.null = text_of(option)).has_value();
  if (name == "encoding") {
    const auto text = text_of(option);
    format.encoding = text.value_or("");
    return text.has_value();
  }
  return std::find(kOfNoMatter.begin(), kOfNoMatter.end(), name) != kOfNoMatter.end();
}

// Rows can be told apart. The server refuses most of what is not sound, not all of it.
bool is_sound(const CopyFormat& format) {
  const auto ends_line = [](char c) { return c == '\n' || c == '\r' || c == '\0'; };
  if (ends_line(format.delimiter) ||
      std::any_of(format.null.begin(), format.null.end(), ends_line) ||
      format.null.find(format.delimiter) != std::string::npos)
    return false;
  if (format.kind == Kind::kCsv)
    return !ends_line(format.quote) && !ends_line(format.escape) &&
           format.quote != format.delimiter && format.null.find(format.quote) == std::string::npos;
  constexpr std::string_view kOfEscapes = "\\.abcdefghijklmnopqrstuvwxyz0123456789";
  return kOfEscapes.find(format.delimiter) == std::string_view::npos &&
         (format.null == "\\N" || format.null.find('\\') == std::string::npos);
}

}  // namespace

std::optional<CopyFormat> copy_format_of(const Node& copy) {
  CopyFormat format;
  Given given;
  for (const auto& option : copy.list("options"))
    if (!take(Node{&option}, format, given)) return std::nullopt;
  const bool csv = format.kind == Kind::kCsv;
  format.delimiter = given.delimiter.value_or(csv ? ',' : '\t');
  format.null = given.null.value_or(csv ? "" : "\\N");
  format.quote = given.quote.value_or('"');
  format.escape = given.escape.value_or(format.quote);
  if (format.kind != Kind::kBinary && !is_sound(format)) return std::nullopt;
  return format;
}

}  // namespace sluice::sql
