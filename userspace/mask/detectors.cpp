// SPDX-License-Identifier: Apache-2.0
#include "mask/detectors.h"

#include "mask/evidence.h"

#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace sluice::mask {
namespace {

struct FreeDatabase {
  void operator()(hs_database_t* database) const noexcept { hs_free_database(database); }
};
struct FreeScratch {
  void operator()(hs_scratch_t* scratch) const noexcept { hs_free_scratch(scratch); }
};
using Database = std::unique_ptr<hs_database_t, FreeDatabase>;
using ScratchPtr = std::unique_ptr<hs_scratch_t, FreeScratch>;

enum Pattern : unsigned { kSsn, kAwsKeyId, kAwsSecretWord, kPemBegin, kJwtDots, kPatterns };

// They report where a candidate ends; where it begins is found by reading back, which costs nothing
// on text without any (start-of-match tracking would cost on all text). None looks at what stands
// around a candidate, so what matches in a part of a text matches in the whole: may_find() needs
// it.
constexpr std::array<const char*, kPatterns> kExpressions = {
    "[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}",
    "(?:AKIA|ASIA)[A-Z0-9]{16}",
    "(?i)(?:secret[ _-]?(?:access[ _-]?)?key|aws[ _-]?secret|secretaccesskey)",
    "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
    "e[yw][A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{2,}\\.",
};

constexpr std::array<Detector, kPatterns> kDetectorOf = {
    Detector::kUsSsn, Detector::kAwsKey, Detector::kAwsKey, Detector::kPrivateKey, Detector::kJwt};

// Nothing that is found is shorter: a social security number.
constexpr std::size_t kCandidateBytesMin = 11;

// What one scan knows while Vectorscan calls back.
struct Pass {
  std::string_view text;
  DetectorSet wanted;
  std::vector<Hit>& hits;
  std::array<std::size_t, kPatterns> seen_to{};  // candidates that end before are part of a hit
  bool failed = false;

  void add(unsigned pattern, const Range& range) {
    hits.push_back({range.begin, range.end, kDetectorOf[pattern]});
    seen_to[pattern] = range.end;
  }
  void look(unsigned pattern, std::size_t end);
};

void Pass::look(unsigned pattern, std::size_t end) {
  if (!wanted.has(kDetectorOf[pattern]) || end < seen_to[pattern]) return;
  std::optional<Range> range;
  switch (static_cast<Pattern>(pattern)) {
    case kSsn: range = ssn_before(text, end); break;
    case kAwsKeyId:
      range = aws_key_id_before(text, end);
      // The two halves of a pair stand side by side in files and tables.
      if (range)
        if (const auto secret = aws_secret_after(text, range->end)) add(kAwsSecretWord, *secret);
      break;
    case kAwsSecretWord: range = aws_secret_after(text, end); break;
    case kPemBegin: range = private_key_around(text, end); break;
    case kJwtDots: range = jwt_around(text, end); break;
    case kPatterns: return;
  }
  if (range) add(pattern, *range);
}

int on_match(unsigned id, unsigned long long, unsigned long long end, unsigned, void* context) {
  Pass& pass = *static_cast<Pass*>(context);
  // Nothing may be thrown through Vectorscan.
  try {
    pass.look(id, static_cast<std::size_t>(end));
  } catch (const std::exception&) {
    pass.failed = true;
  }
  return pass.failed ? 1 : 0;
}

}  // namespace

struct Detectors::State {
  Database database;
};

struct Scratch::State {
  ScratchPtr scratch;
  std::vector<Range> cards, ibans;
};

Scratch::Scratch(std::unique_ptr<State> state) : state_(std::move(state)) {}
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

Detectors::Detectors(std::unique_ptr<State> state) : state_(std::move(state)) {}
Detectors::Detectors(Detectors&&) noexcept = default;
Detectors& Detectors::operator=(Detectors&&) noexcept = default;
Detectors::~Detectors() = default;

Result<Detectors> Detectors::make() {
  std::array<unsigned, kPatterns> flags{};
  std::array<unsigned, kPatterns> ids{};
  for (unsigned i = 0; i < kPatterns; ++i) ids[i] = i;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(kExpressions.data(), flags.data(), ids.data(), kPatterns, HS_MODE_BLOCK,
                       nullptr, &database, &error) != HS_SUCCESS) {
    const std::string why = error != nullptr ? error->message : "unknown";
    hs_free_compile_error(error);
    return Error{"compile the detectors' patterns: " + why};
  }
  auto state = std::make_unique<State>();
  state->database.reset(database);
  return Detectors{std::move(state)};
}

Result<Scratch> Detectors::make_scratch() const {
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(state_->database.get(), &scratch) != HS_SUCCESS)
    return Error{"allocate the detectors' working memory"};
  auto state = std::make_unique<Scratch::State>();
  state->scratch.reset(scratch);
  return Scratch{std::move(state)};
}

namespace {

// What is sought without a pattern.
template <class Lists>
void find_numbers(std::string_view text, DetectorSet wanted, Lists& lists, std::vector<Hit>& hits) {
  lists.cards.clear();
  lists.ibans.clear();
  if (wanted.has(Detector::kCreditCard)) find_cards(text, lists.cards);
  if (wanted.has(Detector::kIban) || !lists.cards.empty()) find_ibans(text, lists.ibans);
  // The digits of an account number may be a card's by chance.
  auto iban = lists.ibans.begin();
  for (const Range& card : lists.cards) {
    while (iban != lists.ibans.end() && iban->end < card.end) ++iban;
    if (iban == lists.ibans.end() || card.begin < iban->begin)
      hits.push_back({card.begin, card.end, Detector::kCreditCard});
  }
  if (wanted.has(Detector::kIban))
    for (const Range& one : lists.ibans) hits.push_back({one.begin, one.end, Detector::kIban});
}

}  // namespace

Result<void> Detectors::scan(ByteView text, DetectorSet wanted, Scratch& scratch,
                             std::vector<Hit>& hits) const {
  if (wanted.empty() || text.size() < kCandidateBytesMin) return {};
  if (text.size() > std::numeric_limits<unsigned>::max())
    return Error{"the text is too long for the detectors"};
  const std::size_t begin = hits.size();
  find_numbers(as_text(text), wanted, *scratch.state_, hits);
  Pass pass{as_text(text), wanted, hits};
  const auto code =
      hs_scan(state_->database.get(), pass.text.data(), static_cast<unsigned>(text.size()), 0,
              scratch.state_->scratch.get(), on_match, &pass);
  if (code != HS_SUCCESS || pass.failed)
    return Error{"the detectors could not read a text (code " + std::to_string(code) + ")"};
  if (hits.size() == begin) return {};
  std::sort(hits.begin() + static_cast<std::ptrdiff_t>(begin), hits.end(),
            [](const Hit& a, const Hit& b) {
              return std::tie(a.begin, a.end, a.detector) < std::tie(b.begin, b.end, b.detector);
            });
  hits.erase(std::unique(hits.begin() + static_cast<std::ptrdiff_t>(begin), hits.end()),
             hits.end());
  return {};
}

bool Detectors::may_find(ByteView bytes, Scratch& scratch) const {
  if (bytes.size() > std::numeric_limits<unsigned>::max()) return true;
  if (next_digit_run(as_text(bytes), 0) || next_iban(as_text(bytes), 0)) return true;
  const auto stop_at_once = [](unsigned, unsigned long long, unsigned long long, unsigned, void*) {
    return 1;
  };
  return hs_scan(state_->database.get(), as_text(bytes).data(), static_cast<unsigned>(bytes.size()),
                 0, scratch.state_->scratch.get(), stop_at_once, nullptr) != HS_SUCCESS;
}

}  // namespace sluice::mask
