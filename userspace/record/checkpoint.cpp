// SPDX-License-Identifier: Apache-2.0
#include "record/checkpoint.h"

#include "record/file.h"

#include <charconv>
#include <optional>
#include <vector>

namespace sluice::record {
namespace {

constexpr std::string_view kFirstLine = "sluice checkpoint 1 ";
constexpr std::size_t kTextBytesMax = 1024;

template <std::size_t N>
bool parse_hex(std::string_view text, std::array<std::uint8_t, N>& out) {
  if (text.size() != 2 * N) return false;
  for (std::size_t i = 0; i < N; ++i) {
    const char* at = text.data() + 2 * i;
    const auto [end, problem] = std::from_chars(at, at + 2, out[i], 16);
    if (problem != std::errc{} || end != at + 2) return false;
  }
  return hex(out) == text;  // one form only: lower case
}

template <class N>
bool parse_number(std::string_view text, N& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc{} && end == text.data() + text.size() && std::to_string(out) == text;
}

std::optional<std::string_view> after(std::string_view prefix, std::string_view line) {
  if (!line.starts_with(prefix)) return std::nullopt;
  return line.substr(prefix.size());
}

}  // namespace

std::string Checkpoint::signed_text() const {
  return std::string{kFirstLine} + host_id + "\nentries " + std::to_string(entries) + "\nhead " +
         hex(head) + "\ntime " + std::to_string(at.time_since_epoch().count()) + "\n";
}

std::string Checkpoint::text() const {
  return signed_text() + "signature " + hex(signature) + "\n";
}

bool Checkpoint::signed_by(const PublicKey& key) const {
  return key.host_id() == host_id && key.verify(as_bytes(signed_text()), signature);
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const Error bad{"not a checkpoint: it must be the five lines that sluiced wrote, unchanged"};
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty() && lines.size() < 6;) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return bad;
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (lines.size() != 5) return bad;
  const auto host = after(kFirstLine, lines[0]);
  const auto entries = after("entries ", lines[1]);
  const auto head = after("head ", lines[2]);
  const auto time = after("time ", lines[3]);
  const auto signature = after("signature ", lines[4]);
  if (!host || !entries || !head || !time || !signature) return bad;
  Checkpoint checkpoint;
  std::int64_t at = 0;
  if (!parse_number(*entries, checkpoint.entries) || !parse_hex(*head, checkpoint.head) ||
      !parse_number(*time, at) || !parse_hex(*signature, checkpoint.signature))
    return bad;
  checkpoint.host_id = *host;
  checkpoint.at = WallTime{std::chrono::nanoseconds{at}};
  return checkpoint;
}

Result<Checkpoint> load_checkpoint(const std::string& path) {
  SLUICE_TRY(const std::string text, read_small_file(path, kTextBytesMax));
  auto checkpoint = parse_checkpoint(text);
  if (!checkpoint) return checkpoint.error().within("'" + path + "'");
  return checkpoint;
}

}  // namespace sluice::record
