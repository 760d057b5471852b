// SPDX-License-Identifier: Apache-2.0
#include "pg_transcript.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "pg_reencode.h"

namespace sluice::pg::testing {
namespace {

Bytes unhex(const std::string& text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

Transcript load(const std::filesystem::path& path) {
  Transcript made;
  made.name = path.stem();
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("F ")) append(made.frontend, unhex(line.substr(2)));
    if (line.starts_with("B ")) append(made.backend, unhex(line.substr(2)));
  }
  return made;
}

}  // namespace

const std::vector<Transcript>& transcripts() {
  static const std::vector<Transcript> all = [] {
    std::vector<Transcript> loaded;
    for (const auto& entry : std::filesystem::directory_iterator("tests/golden/postgres"))
      if (entry.path().extension() == ".transcript") loaded.push_back(load(entry.path()));
    if (loaded.empty()) throw std::runtime_error("no transcripts in tests/golden/postgres");
    std::sort(loaded.begin(), loaded.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return loaded;
  }();
  return all;
}

const Transcript& transcript(const std::string& name) {
  for (const Transcript& one : transcripts())
    if (one.name == name) return one;
  throw std::runtime_error("no transcript " + name);
}

std::string hexdump(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::size_t StreamReader::bad(std::string_view reason) {
  dead_ = true;
  reading_.events.push_back("Bad: " + std::string(reason));
  reading_.problems.emplace_back(reason);
  return 0;
}

std::size_t StreamReader::startup() {
  const StartupStep step = next_startup(held_, limits_);
  if (std::holds_alternative<NeedMore>(step)) return 0;
  if (const auto* failed = std::get_if<Bad>(&step)) return bad(failed->reason);
  const auto& packet = std::get<StartupPacket>(step);
  reading_.events.push_back("startup " + std::to_string(packet.packet.index()) + " " +
                            std::string(as_text(ByteView{held_}.first(packet.size))));
  const Bytes again = reencode(packet);
  if (!again.empty() && !std::equal(again.begin(), again.end(), held_.begin(),
                                    held_.begin() + static_cast<std::ptrdiff_t>(packet.size)))
    reading_.problems.emplace_back("startup packet is not the same when built again");
  typed_ = std::holds_alternative<StartupMessage>(packet.packet);
  return packet.size;
}

std::size_t StreamReader::step() {
  if (dead_ || held_.empty()) return 0;
  if (!typed_ && direction_ == Direction::kFrontend) return startup();
  if (!typed_ && (held_[0] == 'N' || held_[0] == 'S' || held_[0] == 'G')) {
    reading_.events.push_back("encryption " + std::string(1, static_cast<char>(held_[0])));
    return 1;
  }
  typed_ = true;
  const Step step = next_frame(direction_, held_, limits_);
  if (std::holds_alternative<NeedMore>(step)) return 0;
  if (const auto* failed = std::get_if<Bad>(&step)) return bad(failed->reason);
  const auto& frame = std::get<Frame>(step);
  const ByteView whole = ByteView{held_}.first(frame.size);
  const auto check = [&](const auto& decoded) {
    if (!decoded) return reading_.problems.push_back(decoded.error().text());
    const Bytes again = reencode(*decoded);
    if (!again.empty() && !std::equal(again.begin(), again.end(), whole.begin(), whole.end()))
      reading_.problems.push_back(std::string(message_name(direction_, frame.type)) +
                                  " is not the same when built again");
  };
  if (direction_ == Direction::kFrontend)
    check(decode_frontend(frame, limits_));
  else
    check(decode_backend(frame, limits_));
  reading_.events.push_back(std::string(message_name(direction_, frame.type)) + " " +
                            std::string(as_text(frame.body)));
  return frame.size;
}

void StreamReader::feed(ByteView bytes) {
  append(held_, bytes);
  while (const std::size_t used = step())
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(used));
}

Reading StreamReader::finish() {
  if (!dead_ && !held_.empty()) reading_.events.emplace_back("unfinished");
  return std::move(reading_);
}

}  // namespace sluice::pg::testing
