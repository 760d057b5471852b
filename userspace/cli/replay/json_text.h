// SPDX-License-Identifier: Apache-2.0
// Writes one JSON document (RFC 8259), keys in the order they are given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::cli {

// A string with its quotes. Bytes that are not UTF-8 become U+FFFD; control characters, and those
// that a terminal acts on, are escaped.
std::string json_quoted(std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  void key(std::string_view name) {
    separate();
    out_ += json_quoted(name);
    out_ += ':';
    after_key_ = true;
  }
  void text(std::string_view value) { raw(json_quoted(value)); }
  void number(std::uint64_t value) { raw(std::to_string(value)); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }

  void member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void member_number(std::string_view name, std::uint64_t value) {
    key(name);
    number(value);
  }
  void member_boolean(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }

 private:
  void separate() {
    if (!first_ && !after_key_) out_ += ',';
    first_ = false;
    after_key_ = false;
  }
  void raw(std::string_view value) {
    separate();
    out_ += value;
  }
  void begin(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
  }
  void end(char bracket) {
    out_ += bracket;
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace sluice::cli
