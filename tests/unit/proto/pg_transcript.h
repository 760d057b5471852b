// SPDX-License-Identifier: Apache-2.0
// tests/golden/postgres/*.transcript: real conversations, format in capture.py there.
#pragma once

#include <sluice/bytes.h>

#include <string>
#include <vector>

#include "proto/postgres/frame.h"

namespace sluice::pg::testing {

struct Transcript {
  std::string name;
  Bytes frontend;
  Bytes backend;
};

// All of them; throws if there are none or one cannot be read (then the test program fails).
const std::vector<Transcript>& transcripts();
const Transcript& transcript(const std::string& name);

// A peer's stream taken apart as a session would: start-up packets, encryption answers, typed
// messages. Each message gives one line, its name and its body; the last line may be "Bad: reason"
// or "unfinished". `problems` lists what could not be decoded or is not the same when built again.
struct Reading {
  std::vector<std::string> events;
  std::vector<std::string> problems;
};
class StreamReader {
 public:
  explicit StreamReader(Direction direction) : direction_(direction) {}
  void feed(ByteView bytes);
  Reading finish();

 private:
  std::size_t step();
  std::size_t startup();
  std::size_t bad(std::string_view reason);

  Direction direction_;
  Limits limits_;
  Bytes held_;
  bool typed_ = false;
  bool dead_ = false;
  Reading reading_;
};

std::string hexdump(ByteView bytes);

}  // namespace sluice::pg::testing
