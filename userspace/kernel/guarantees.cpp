// SPDX-License-Identifier: Apache-2.0
#include "kernel/guarantees.h"

#include <algorithm>

namespace sluice::kernel {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end != 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

struct Need {
  Holding holding = Holding::kHeld;
  std::string why_not;
};

// All of the features in `ids`.
Need look_for(std::string_view ids, const std::vector<Feature>& features) {
  Need need;
  const auto say = [&](Holding holding, const std::string& text) {
    // What is surely missing weighs more than what could not be tried.
    if (need.holding != Holding::kNotHeld) need.holding = holding;
    need.why_not += (need.why_not.empty() ? "" : "; ") + text;
  };
  for (const std::string_view id : words_of(ids)) {
    const auto found = std::find_if(features.begin(), features.end(),
                                    [&](const Feature& feature) { return feature.id == id; });
    if (id == kNotBuilt)
      say(Holding::kNotHeld, "this build has nothing that holds it");
    else if (found == features.end())
      say(Holding::kUnknown, std::string{id} + " was not tried");
    else if (!found->held)
      say(found->tried ? Holding::kNotHeld : Holding::kUnknown, found->id + ": " + found->why_not);
  }
  return need;
}

}  // namespace

std::string_view name_of(Holding holding) {
  switch (holding) {
    case Holding::kHeld: return "held";
    case Holding::kPartly: return "partly";
    case Holding::kNotHeld: return "not_held";
    case Holding::kUnknown: return "unknown";
  }
  return "?";
}

std::vector<Finding> judge_guarantees(const std::vector<Feature>& features,
                                      const std::vector<std::string>& require) {
  std::vector<Finding> findings;
  for (const Guarantee& guarantee : guarantees()) {
    Finding finding;
    finding.guarantee = &guarantee;
    finding.required = guarantee.required || contains(require, guarantee.id);
    Need need = look_for(guarantee.needs, features);
    finding.holding = need.holding;
    finding.why_not = std::move(need.why_not);
    if (finding.holding == Holding::kHeld) {
      finding.by = guarantee.by;
    } else if (finding.holding == Holding::kNotHeld && !guarantee.partly.empty() &&
               look_for(guarantee.partly, features).holding == Holding::kHeld) {
      finding.holding = Holding::kPartly;
      finding.by = guarantee.partly_by;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

bool is_required(const Feature& feature, const std::vector<std::string>& require) {
  if (contains(require, feature.id)) return true;
  return std::any_of(guarantees().begin(), guarantees().end(), [&](const Guarantee& guarantee) {
    const auto needs = words_of(guarantee.needs);
    return (guarantee.required || contains(require, guarantee.id)) &&
           std::find(needs.begin(), needs.end(), feature.id) != needs.end();
  });
}

std::vector<std::string> what_is_missing(const std::vector<Feature>& features,
                                         const std::vector<std::string>& require) {
  std::vector<std::string> missing;
  for (const Finding& finding : judge_guarantees(features, require))
    if (finding.required && finding.holding != Holding::kHeld)
      missing.push_back("guarantee " + std::to_string(finding.guarantee->number) + ", '" +
                        std::string{finding.guarantee->id} + "' (" +
                        std::string{finding.guarantee->words} + "), is " +
                        (finding.holding == Holding::kUnknown  ? "not known to be held"
                         : finding.holding == Holding::kPartly ? "held only in part"
                                                               : "not held") +
                        " on this host: " + finding.why_not);
  for (const std::string& id : require) {
    if (!contains(requirement_ids(), id))
      missing.push_back("the policy requires '" + id +
                        "', which is no guarantee that `sluice doctor` knows");
    for (const Feature& feature : features)
      if (feature.id == id && !feature.held)
        missing.push_back("the policy requires '" + id +
                          "', which this host does not have: " + feature.why_not);
  }
  return missing;
}

const std::vector<std::string>& requirement_ids() {
  static const std::vector<std::string> ids = [] {
    std::vector<std::string> all;
    for (const Guarantee& guarantee : guarantees()) all.emplace_back(guarantee.id);
    all.insert(all.end(), feature_ids().begin(), feature_ids().end());
    return all;
  }();
  return ids;
}

}  // namespace sluice::kernel
