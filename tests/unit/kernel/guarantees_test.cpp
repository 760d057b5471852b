// SPDX-License-Identifier: Apache-2.0
// The table of guarantees: the same as in THREAT_MODEL.md, and what follows from a kernel's
// features.
#include "kernel/guarantees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice::kernel {
namespace {

using testing::HasSubstr;

std::vector<Feature> every_feature() {
  std::vector<Feature> features;
  for (const std::string& id : feature_ids()) features.push_back({id, "", true, true, "", ""});
  return features;
}

std::vector<Feature> without(std::string_view id, bool tried = true) {
  auto features = every_feature();
  for (Feature& feature : features)
    if (feature.id == id) feature = {feature.id, "", false, tried, "", "it is not there; do this"};
  return features;
}

Finding finding_of(std::string_view id, const std::vector<Feature>& features,
                   const std::vector<std::string>& require = {}) {
  for (const Finding& finding : judge_guarantees(features, require))
    if (finding.guarantee->id == id) return finding;
  ADD_FAILURE() << "no guarantee " << id;
  return {};
}

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

TEST(Guarantees, AreTheTableOfTheThreatModel) {
  std::ifstream file{"THREAT_MODEL.md"};
  ASSERT_TRUE(file) << "run the tests from the root of the checkout";
  std::vector<std::string> document, code;
  for (std::string line; std::getline(file, line);) {
    std::istringstream cells{line};
    std::string before, number, id, words;
    std::getline(cells, before, '|'), std::getline(cells, number, '|');
    std::getline(cells, id, '|'), std::getline(cells, words, '|');
    number = trimmed(number);
    if (line.starts_with("| ") && !number.empty() &&
        number.find_first_not_of("0123456789") == std::string::npos)
      document.push_back(number + " " + trimmed(id) + ": " + trimmed(words));
  }
  for (const Guarantee& guarantee : guarantees())
    code.push_back(std::to_string(guarantee.number) + " " + std::string{guarantee.id} + ": " +
                   std::string{guarantee.words});
  EXPECT_EQ(document, code);
}

TEST(Guarantees, AreNumberedFromOneAndNameFeaturesThatAreProbed) {
  unsigned number = 0;
  std::set<std::string_view> ids;
  for (const Guarantee& guarantee : guarantees()) {
    EXPECT_EQ(guarantee.number, ++number);
    EXPECT_TRUE(ids.insert(guarantee.id).second) << guarantee.id;
    EXPECT_EQ(guarantee.needs == kNotBuilt, guarantee.by.empty()) << guarantee.id;
    EXPECT_EQ(guarantee.needs.empty(), guarantee.open.empty()) << guarantee.id;
    EXPECT_EQ(guarantee.partly.empty(), guarantee.partly_by.empty()) << guarantee.id;
    for (const std::string_view list : {guarantee.needs, guarantee.partly}) {
      std::istringstream words{std::string{list}};
      for (std::string word; words >> word;)
        EXPECT_TRUE(word == kNotBuilt || testing::Value(feature_ids(), testing::Contains(word)))
            << guarantee.id << " needs " << word;
    }
  }
  for (const std::string& id : feature_ids())
    EXPECT_FALSE(ids.contains(id)) << id << " is the id of a feature and of a guarantee";
}

TEST(Guarantees, WhatIsRequiredIsHeldWhereEveryFeatureIs) {
  EXPECT_TRUE(what_is_missing(every_feature(), {}).empty());
  EXPECT_EQ(finding_of("tcp", every_feature()).holding, Holding::kHeld);
  EXPECT_THAT(finding_of("tcp", every_feature()).by, HasSubstr("connect4"));
}

TEST(Guarantees, OneMissingFeatureTakesThoseThatNeedItAndNoOthers) {
  const auto features = without("sendmsg6");
  EXPECT_EQ(finding_of("tcp", features).holding, Holding::kHeld);
  const Finding datagrams = finding_of("datagrams", features);
  EXPECT_EQ(datagrams.holding, Holding::kNotHeld);
  EXPECT_EQ(datagrams.why_not, "sendmsg6: it is not there; do this");
  const auto missing = what_is_missing(features, {});
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_THAT(missing[0], HasSubstr("guarantee 6, 'datagrams'"));
  EXPECT_THAT(missing[0], HasSubstr("do this"));
}

TEST(Guarantees, WhatCouldNotBeTriedIsUnknownAndNeverHeld) {
  const auto features = without("connect4", false);
  EXPECT_EQ(finding_of("tcp", features).holding, Holding::kUnknown);
  EXPECT_FALSE(what_is_missing(features, {}).empty());
  EXPECT_EQ(finding_of("tcp", {}).holding, Holding::kUnknown);
}

TEST(Guarantees, WhatIsHeldInPartIsNotEnoughForAPolicyThatRequiresIt) {
  const auto features = without("sock_destroy");
  EXPECT_EQ(finding_of("revocation", features).holding, Holding::kPartly);
  EXPECT_TRUE(what_is_missing(features, {}).empty());
  EXPECT_EQ(what_is_missing(features, {"revocation"}).size(), 1u);
  EXPECT_TRUE(finding_of("revocation", features, {"revocation"}).required);
}

TEST(Guarantees, APolicyMayRequireFeaturesTooAndNothingThatNobodyKnows) {
  EXPECT_TRUE(what_is_missing(every_feature(), {"bpf_lsm"}).empty());
  EXPECT_THAT(what_is_missing(without("bpf_lsm"), {"bpf_lsm"}),
              testing::ElementsAre(HasSubstr("'bpf_lsm', which this host does not have")));
  EXPECT_THAT(what_is_missing(every_feature(), {"moon"}),
              testing::ElementsAre(HasSubstr("'moon', which is no guarantee")));
}

}  // namespace
}  // namespace sluice::kernel
