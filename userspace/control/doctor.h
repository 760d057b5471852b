// SPDX-License-Identifier: Apache-2.0
// The report of `sluice doctor` from what kernel/ found. Written once for the daemon and the
// command line, and as a template, because control/ knows nothing of kernel/.
#pragma once

#include <string>
#include <vector>

#include "control/backend.h"

namespace sluice::control {

// `is_required(feature)` says whether anything that is required needs the feature.
template <class Findings, class Features, class IsRequired>
DoctorReport doctor_report(const Findings& findings, const Features& features,
                           const IsRequired& is_required, std::vector<std::string> missing) {
  DoctorReport report;
  report.missing = std::move(missing);
  for (const auto& finding : findings) {
    GuaranteeRow row;
    row.number = finding.guarantee->number;
    row.id = finding.guarantee->id;
    row.guarantee = finding.guarantee->words;
    row.state = name_of(finding.holding);
    row.required = finding.required;
    row.by = finding.by;
    row.why_not = finding.why_not;
    if (row.state != "held") row.open = finding.guarantee->open;
    report.guarantees.push_back(std::move(row));
  }
  for (const auto& feature : features) {
    DoctorRow row;
    row.name = feature.id;
    row.holds = feature.held;
    row.required = is_required(feature);
    row.detail = feature.gives + " (" + feature.mechanism + ")";
    row.what_to_do = feature.why_not;
    report.checks.push_back(std::move(row));
  }
  return report;
}

}  // namespace sluice::control
