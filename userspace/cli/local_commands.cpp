// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/replay/visible.h"
#include "cli/show.h"
#include "control/codec.h"
#include "control/policy_files.h"
#include "policy/compile.h"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace sluice::cli {
namespace {

namespace json = boost::json;

std::vector<control::DoctorRow> rows_of(const std::vector<kernel::Feature>& features) {
  std::vector<control::DoctorRow> rows;
  for (const kernel::Feature& feature : features)
    rows.push_back(
        {feature.id, feature.held, feature.required,
         feature.gives + (feature.mechanism.empty() ? "" : " (" + feature.mechanism + ")"),
         feature.why_not});
  return rows;
}

json::object diagnostic_json(const policy::Diagnostic& diagnostic) {
  return {{"file", diagnostic.file},
          {"line", diagnostic.line},
          {"column", diagnostic.column},
          {"severity", diagnostic.severity == policy::Severity::kError ? "error" : "warning"},
          {"message", diagnostic.message},
          {"hint", diagnostic.hint}};
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

int doctor(bool json, Context& context) {
  std::vector<control::DoctorRow> rows;
  bool asked_daemon = false;
  const control::Reply reply = context.call("GET", "/v1/doctor", {});
  if (const auto* document = std::get_if<std::string>(&reply)) {
    auto value = parse_json(*document);
    if (!value) return unreadable(context, value.error());
    if (auto ok = control::read(*value, rows); !ok) return unreadable(context, ok.error());
    asked_daemon = true;
  } else {
    rows = rows_of(context.probe());
  }
  if (json)
    context.out << json::serialize(control::to_json(rows)) << "\n";
  else
    context.out << (asked_daemon ? "asked the daemon at " + context.config.control_socket() + "\n"
                                 : "no daemon answers here; this is what the kernel alone gives\n")
                << show(rows);
  const bool enforcing = std::all_of(rows.begin(), rows.end(), [](const control::DoctorRow& row) {
    return row.holds || !row.required;
  });
  return enforcing && !rows.empty() ? kDone : kNo;
}

int policy_check(const PolicyCheckCommand& command, bool json, Context& context) {
  auto files = control::read_policy_files(command.directory, false);
  if (!files) {
    context.err << "sluice: " << visible(files.error().text()) << "\n";
    return kNo;
  }
  std::vector<policy::SourceFile> sources;
  for (auto& file : *files) sources.push_back({std::move(file.name), std::move(file.text)});
  const policy::CompileResult result = policy::compile(sources);
  if (json) {
    json::array diagnostics;
    for (const auto& diagnostic : result.diagnostics)
      diagnostics.push_back(diagnostic_json(diagnostic));
    context.out << json::serialize(json::object{{"ok", result.policy != nullptr},
                                                {"diagnostics", std::move(diagnostics)}})
                << "\n";
  } else {
    context.out << policy::text_of(result.diagnostics);
    if (result.policy)
      context.out << visible(command.directory) << ": "
                  << counted(result.policy->agents().size(), "agent") << ", "
                  << counted(result.policy->resources().size(), "resource") << ", "
                  << counted(result.policy->rule_count(), "rule") << "\n";
  }
  return result.policy ? kDone : kNo;
}

}  // namespace sluice::cli
