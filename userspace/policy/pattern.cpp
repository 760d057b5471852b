// SPDX-License-Identifier: Apache-2.0
#include "policy/pattern.h"

#include <algorithm>

namespace sluice::policy {
namespace {

constexpr std::size_t kPartsMax = 8;

bool part_matches(const NamePart& part, std::string_view name) {
  return part.literal ? part.text == name : glob_matches(part.text, name);
}
bool is_anything(const NamePart& part) { return !part.literal && part.text == "*"; }

bool has_upper_case(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Takes a quoted part from the front of `rest`, which begins after the opening quote.
bool take_quoted(std::string_view& rest, std::string& part) {
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '"') {
      part += c;
    } else if (rest.starts_with('"')) {
      part += '"';
      rest.remove_prefix(1);
    } else {
      return true;
    }
  }
  return false;
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

Result<std::vector<NamePart>> split_name(std::string_view name) {
  std::vector<NamePart> parts;
  std::string_view rest = name;
  while (true) {
    NamePart part;
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      part.literal = true;
      if (!take_quoted(rest, part.text)) return Error{"a double quote is not closed"};
      if (!rest.empty() && rest.front() != '.')
        return Error{"after a closing double quote a dot must follow"};
    } else {
      const std::size_t end = std::min(rest.find('.'), rest.size());
      part.text = rest.substr(0, end);
      rest.remove_prefix(end);
      if (has_upper_case(part.text))
        return Error{"'" + part.text +
                     "' has upper case letters; PostgreSQL folds names to lower case, so write it "
                     "in lower case, or in double quotes if it was created with them"};
      if (part.text.find_first_of(" \"") != std::string::npos)
        return Error{"'" + part.text + "' needs double quotes around it"};
    }
    if (part.text.empty()) return Error{"a part of the name is empty"};
    parts.push_back(std::move(part));
    if (rest.empty()) return parts;
    if (parts.size() == kPartsMax) return Error{"the name has too many parts"};
    rest.remove_prefix(1);  // the dot
  }
}

Result<ObjectPattern> ObjectPattern::parse(std::string_view text) {
  SLUICE_TRY(std::vector<NamePart> parts, split_name(text));
  if (parts.size() == 1) {
    const std::string name{text};
    return Error{"the schema is missing; write public." + name + ", or *." + name +
                 " for every schema"};
  }
  if (parts.size() != 2) return Error{"write schema.name, two parts"};
  ObjectPattern pattern;
  pattern.text_ = text;
  pattern.schema_ = std::move(parts[0]);
  pattern.name_ = std::move(parts[1]);
  return pattern;
}

bool ObjectPattern::surely_matches(const ObjectRef& object) const {
  const bool schema =
      object.schema.empty() ? is_anything(schema_) : part_matches(schema_, object.schema);
  const bool name = object.name.empty() ? is_anything(name_) : part_matches(name_, object.name);
  return schema && name;
}

bool ObjectPattern::perhaps_matches(const ObjectRef& object) const {
  const bool schema = object.schema.empty() || part_matches(schema_, object.schema);
  const bool name = object.name.empty() || part_matches(name_, object.name);
  return schema && name;
}

}  // namespace sluice::policy
