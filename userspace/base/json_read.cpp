// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"

#include "base/time_text.h"

#include <boost/json.hpp>

#include <algorithm>

namespace sluice {
namespace {

// Deeper than anything we write; a deeper one is somebody's attempt at our stack.
constexpr std::size_t kDepthMax = 32;

const boost::json::value& null_value() {
  static const boost::json::value null;
  return null;
}
const boost::json::array& no_elements() {
  static const boost::json::array none;
  return none;
}

}  // namespace

JsonReader::JsonReader(const boost::json::value& value) : object_(value.if_object()) {
  if (!object_) fail("a JSON object is wanted");
}

void JsonReader::fail(std::string text) {
  if (!fault_) fault_ = Error{std::move(text)};
}

const boost::json::value* JsonReader::find(std::string_view key) const {
  return object_ ? object_->if_contains(boost::json::string_view{key.data(), key.size()}) : nullptr;
}

const boost::json::value& JsonReader::member(std::string_view key) {
  if (const auto* value = find(key)) return *value;
  fail("'" + std::string(key) + "' is missing");
  return null_value();
}

std::string JsonReader::text(std::string_view key) {
  const auto& value = member(key);
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  fail("'" + std::string(key) + "' must be a string");
  return {};
}

std::string JsonReader::text_or(std::string_view key, std::string fallback) {
  return find(key) ? text(key) : std::move(fallback);
}

std::uint64_t JsonReader::number(std::string_view key) {
  const auto& value = member(key);
  if (const auto* number = value.if_uint64()) return *number;
  if (const auto* number = value.if_int64(); number && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  fail("'" + std::string(key) + "' must be a whole number, not negative");
  return 0;
}

std::int64_t JsonReader::signed_number(std::string_view key) {
  const auto& value = member(key);
  if (const auto* number = value.if_int64()) return *number;
  fail("'" + std::string(key) + "' must be a whole number");
  return 0;
}

bool JsonReader::flag(std::string_view key) {
  const auto& value = member(key);
  if (const auto* flag = value.if_bool()) return *flag;
  fail("'" + std::string(key) + "' must be true or false");
  return false;
}

bool JsonReader::flag_or(std::string_view key, bool fallback) {
  return find(key) ? flag(key) : fallback;
}

WallTime JsonReader::time(std::string_view key) {
  if (const auto time = from_rfc3339(text(key))) return *time;
  fail("'" + std::string(key) + "' must be a time like 2026-01-31T12:00:00.000000000Z");
  return {};
}

const boost::json::array& JsonReader::list(std::string_view key) {
  const auto& value = member(key);
  if (const auto* list = value.if_array()) return *list;
  fail("'" + std::string(key) + "' must be a list");
  return no_elements();
}

std::vector<std::string> JsonReader::texts(std::string_view key) {
  std::vector<std::string> texts;
  for (const auto& element : list(key)) {
    if (const auto* text = element.if_string())
      texts.emplace_back(text->data(), text->size());
    else
      fail("'" + std::string(key) + "' must be a list of strings");
  }
  return texts;
}

void JsonReader::only(std::initializer_list<std::string_view> keys) {
  if (!object_) return;
  for (const auto& pair : *object_) {
    const std::string_view key{pair.key().data(), pair.key().size()};
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      fail("'" + std::string(key.substr(0, 64)) + "' is not known here");
  }
}

Result<boost::json::value> parse_json(std::string_view text) {
  try {
    boost::json::parse_options options;
    options.max_depth = kDepthMax;
    boost::json::error_code error;
    boost::json::value value = boost::json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return Error{"not JSON: " + error.message()};
    return value;
  } catch (const std::exception& thrown) {
    return Error{std::string("not JSON: ") + thrown.what()};
  }
}

}  // namespace sluice
