// SPDX-License-Identifier: Apache-2.0
// How well the detectors tell what they look for from what looks like it. Prints precision and
// recall.
#include "corpus.h"

#include "mask/detectors.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::mask::test {
namespace {

constexpr std::array<std::pair<char, Detector>, 6> kKinds = {{{'c', Detector::kCreditCard},
                                                              {'s', Detector::kUsSsn},
                                                              {'a', Detector::kAwsKey},
                                                              {'p', Detector::kPrivateKey},
                                                              {'j', Detector::kJwt},
                                                              {'i', Detector::kIban}}};

struct Marked {
  std::string text;
  std::vector<Hit> marks;
};

Marked unmarked(std::string_view line) {
  Marked out;
  for (std::size_t open = line.find("[["); open != std::string_view::npos; open = line.find("[[")) {
    const std::size_t close = line.find("]]", open);
    out.text += line.substr(0, open);
    const std::size_t begin = out.text.size();
    for (const auto& [letter, detector] : kKinds)
      if (line[open + 2] == letter)
        out.marks.push_back({begin, begin + close - open - 4, detector});
    out.text += line.substr(open + 4, close - open - 4);
    line.remove_prefix(close + 2);
  }
  out.text += line;
  return out;
}

class Reader {
 public:
  std::vector<Hit> hits_of(std::string_view text) {
    std::vector<Hit> hits;
    EXPECT_TRUE(detectors_.scan(as_bytes(text), kAll, scratch_, hits));
    return hits;
  }

 private:
  const DetectorSet kAll = {Detector::kCreditCard, Detector::kUsSsn, Detector::kAwsKey,
                            Detector::kPrivateKey, Detector::kJwt,   Detector::kIban};
  Detectors detectors_ = *Detectors::make();
  Scratch scratch_ = *detectors_.make_scratch();
};

// Of marked places: found are those that hits cover wholly. Of hits: right are those that lie on a
// marked place.
struct Score {
  std::size_t places = 0, found = 0, hits = 0, right = 0;
  double recall() const { return places == 0 ? 1 : double(found) / double(places); }
  double precision() const { return hits == 0 ? 1 : double(right) / double(hits); }
};

std::array<Score, kKinds.size()> scored(std::span<const char* const> lines, bool tell) {
  Reader reader;
  std::array<Score, kKinds.size()> scores{};
  const auto score_of = [&](Detector detector) -> Score& {
    return scores[static_cast<std::size_t>(detector)];
  };
  for (const char* line : lines) {
    const Marked marked = unmarked(line);
    const auto hits = reader.hits_of(marked.text);
    const auto covers = [](const Hit& hit, const Hit& mark) {
      return hit.detector == mark.detector && hit.begin <= mark.begin && hit.end >= mark.end;
    };
    for (const Hit& mark : marked.marks) {
      ++score_of(mark.detector).places;
      bool found = false;
      for (const Hit& hit : hits) found |= covers(hit, mark);
      score_of(mark.detector).found += found ? 1 : 0;
      if (!found && tell) ADD_FAILURE() << "missed in: " << line;
    }
    for (const Hit& hit : hits) {
      ++score_of(hit.detector).hits;
      bool right = false;
      for (const Hit& mark : marked.marks)
        right |= hit.detector == mark.detector && hit.begin < mark.end && mark.begin < hit.end;
      score_of(hit.detector).right += right ? 1 : 0;
      if (!right && tell) ADD_FAILURE() << "found what is none in: " << line;
    }
  }
  return scores;
}

TEST(Corpus, OfWhatIsOrdinaryIsToldWithoutAMistake) {
  const auto scores = scored(kOrdinary, true);
  for (const auto& [letter, detector] : kKinds) {
    const Score& score = scores[static_cast<std::size_t>(detector)];
    std::printf("%-12s precision %.3f (%zu of %zu hits)  recall %.3f (%zu of %zu places)\n",
                std::string{name_of(detector)}.c_str(), score.precision(), score.right, score.hits,
                score.recall(), score.found, score.places);
    EXPECT_GE(score.places, 3U);
    EXPECT_EQ(score.precision(), 1);
    EXPECT_EQ(score.recall(), 1);
  }
}

// Columns are to be named where such may stand: THREAT_MODEL, Detectors.
TEST(Corpus, OfWhatIsUnusualIsKnownToBeMissed) {
  std::size_t found = 0, places = 0;
  for (const Score& score : scored(kUnusual, false)) {
    found += score.found;
    places += score.places;
  }
  std::printf("unusual forms: %zu of %zu found\n", found, places);
  EXPECT_EQ(places, std::size(kUnusual));
}

// How often what is made at random is taken for something. A number of 16 digits has a right check
// digit one time in ten.
TEST(Corpus, OfNumbersAtRandomIsTakenForCardsAsOftenAsChanceSays) {
  Reader reader;
  std::minstd_rand random{7};
  const auto drawn = [&](std::string_view pattern) {
    std::string out;
    for (const char c : pattern)
      out += c == '9'   ? static_cast<char>('0' + random() % 10)
             : c == 'f' ? "0123456789abcdef"[random() % 16]
                        : c;
    return out;
  };
  struct Shape {
    const char* name;
    const char* pattern;
    double most;  // of 10,000
  };
  for (const Shape& shape : {
           Shape{"order numbers of 16 digits", "9999999999999999", 350},
           Shape{"of 13 digits", "9999999999999", 150},
           Shape{"barcodes that begin with 40", "4099999999999", 1100},
           Shape{"of 20 digits", "99999999999999999999", 0},
           Shape{"in the year's series", "2026999999999999", 1},
           Shape{"IMEI, Visa's digit", "499999999999999", 0},
           Shape{"IMEI", "359999999999999", 1},
           Shape{"microseconds", "17999999999999", 1},
           Shape{"UUID", "ffffffff-ffff-4fff-8fff-ffffffffffff", 15},
           Shape{"MD5", "ffffffffffffffffffffffffffffffff", 10},
           Shape{"SHA-256", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 20},
           Shape{"telephone numbers", "+1-999-555-9999", 0},
           Shape{"as an IBAN, check digits wrong", "DE99 9999 9999 9999 9999 99", 900},
           Shape{"dates and times", "2026-11-99 16:99:99.999999", 0},
       }) {
    std::size_t taken = 0;
    for (int i = 0; i < 10'000; ++i) taken += reader.hits_of(drawn(shape.pattern)).empty() ? 0 : 1;
    std::printf("%-28s %5zu of 10,000 taken\n", shape.name, taken);
    EXPECT_LE(static_cast<double>(taken), shape.most) << shape.name;
  }
}

}  // namespace
}  // namespace sluice::mask::test
