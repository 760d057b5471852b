// SPDX-License-Identifier: Apache-2.0
#include "policy/findings.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <utility>

namespace sluice::policy {
namespace {

constexpr std::size_t kListedWordsMax = 20;
constexpr std::size_t kQuotedBytesMax = 80;
constexpr std::size_t kComparedBytesMax = 64;  // edit distance is quadratic

// Optimal string alignment: a swap of neighbours is one slip, like a wrong, missing or extra
// letter.
std::size_t slips_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

void Findings::error(Place place, std::string message, std::string hint) {
  ++errors_;
  add(place, Severity::kError, std::move(message), std::move(hint));
}

void Findings::warning(Place place, std::string message, std::string hint) {
  add(place, Severity::kWarning, std::move(message), std::move(hint));
}

void Findings::add(Place place, Severity severity, std::string message, std::string hint) {
  if (full()) {
    ++left_out_;
    return;
  }
  std::string file = place.file < file_names_.size() ? file_names_[place.file] : "policy";
  diagnostics_.push_back(
      {std::move(file), place.line, place.column, severity, std::move(message), std::move(hint)});
}

std::string Findings::at(Place place) const {
  return file_names_[place.file] + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column);
}

std::vector<Diagnostic> Findings::take() {
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
                   });
  if (left_out_ != 0)
    diagnostics_.push_back({"policy", 0, 0, has_errors() ? Severity::kError : Severity::kWarning,
                            std::to_string(left_out_) + " more findings are not shown",
                            "correct those above first"});
  return std::move(diagnostics_);
}

std::string one_of(const std::vector<std::string>& words) {
  std::string text;
  const std::size_t shown = std::min(words.size(), kListedWordsMax);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
    text += quoted(words[i]);
  }
  if (shown < words.size()) text += ", ...";
  return text;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const std::string* best = nullptr;
  std::size_t best_slips = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() <= kComparedBytesMax) {
    for (const std::string& candidate : words) {
      if (candidate.size() > kComparedBytesMax) continue;
      const std::size_t slips = slips_between(word, candidate);
      if (slips < best_slips) {
        best_slips = slips;
        best = &candidate;
      }
    }
  }
  if (best != nullptr) return "did you mean " + quoted(*best) + "?";
  return "use " + one_of(words);
}

std::string quoted(std::string_view text) {
  static constexpr std::array<char, 17> kHex = {"0123456789abcdef"};
  std::string out = "'";
  std::size_t used = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // A cut must not split a UTF-8 sequence.
    if (++used > kQuotedBytesMax && (byte & 0xc0U) != 0x80) {
      out += "...";
      break;
    }
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace sluice::policy
