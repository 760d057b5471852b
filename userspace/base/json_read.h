// SPDX-License-Identifier: Apache-2.0
// Reading JSON that somebody else wrote: every step says what was wrong and where. A reader keeps
// the first fault and gives empty values after it, so that a whole struct is read without a check
// on each line; finish with fault().
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class JsonReader {
 public:
  // `value` must be an object; it must outlive the reader.
  explicit JsonReader(const boost::json::value& value);

  // A missing key is a fault; with the _or forms it is the default.
  std::string text(std::string_view key);
  std::string text_or(std::string_view key, std::string fallback);
  std::uint64_t number(std::string_view key);
  std::int64_t signed_number(std::string_view key);
  bool flag(std::string_view key);
  bool flag_or(std::string_view key, bool fallback);
  WallTime time(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  const boost::json::value* find(std::string_view key) const;  // null: absent
  // The elements of an array; empty after a fault.
  const boost::json::array& list(std::string_view key);
  const boost::json::value& member(std::string_view key);

  // A key that nobody reads is a fault: what is not understood does not pass.
  void only(std::initializer_list<std::string_view> keys);

  void fail(std::string text);
  const std::optional<Error>& fault() const { return fault_; }

 private:
  const boost::json::object* object_ = nullptr;
  std::optional<Error> fault_;
};

// Parses a whole document: depth at most 32, valid UTF-8, nothing behind it.
Result<boost::json::value> parse_json(std::string_view text);

}  // namespace sluice
