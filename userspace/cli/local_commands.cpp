// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/replay/visible.h"
#include "cli/show.h"
#include "control/codec.h"
#include "control/doctor.h"
#include "control/policy_files.h"
#include "kernel/guarantees.h"
#include "policy/compile.h"

#include <boost/json.hpp>

#include <ostream>

namespace sluice::cli {
namespace {

namespace json = boost::json;

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

// What the policy of the configured directory requires; a note where it cannot be told.
std::vector<std::string> required_by_policy(const std::string& directory,
                                            std::vector<std::string>& notes) {
  const auto only = "; only what every policy needs is looked at";
  auto files = control::read_policy_files(directory, false);
  if (!files) {
    notes.push_back("the policy cannot be read (" + files.error().text() + ")" + only);
    return {};
  }
  std::vector<policy::SourceFile> sources;
  for (auto& file : *files) sources.push_back({std::move(file.name), std::move(file.text)});
  const policy::CompileResult result =
      policy::compile(sources, {.requirements = kernel::requirement_ids()});
  if (result.policy) return result.policy->require();
  notes.push_back("the policy in " + directory + " has errors (see `sluice policy check " +
                  directory + "`)" + only);
  return {};
}

control::DoctorReport look_here(Context& context) {
  std::vector<std::string> notes;
  const auto require = required_by_policy(context.config.policy_dir, notes);
  const auto features = context.probe();
  auto report = control::doctor_report(
      kernel::judge_guarantees(features, require), features,
      [&](const kernel::Feature& feature) { return kernel::is_required(feature, require); },
      kernel::what_is_missing(features, require));
  report.notes = std::move(notes);
  return report;
}

}  // namespace

int doctor(bool json, Context& context) {
  control::DoctorReport report;
  const control::Reply reply = context.call("GET", "/v1/doctor", {});
  if (const auto* document = std::get_if<std::string>(&reply)) {
    auto value = parse_json(*document);
    if (!value) return unreadable(context, value.error());
    if (auto ok = control::read(*value, report); !ok) return unreadable(context, ok.error());
  } else {
    report = look_here(context);
    // A living daemon that will not say is no absent one.
    if (const auto* refused = std::get_if<control::Refusal>(&reply))
      report.notes.push_back("the daemon does not tell: " + refused->text +
                             "; this is what the kernel would give, not what is attached");
  }
  if (json)
    context.out << json::serialize(control::to_json(report)) << "\n";
  else
    context.out << (report.attached
                        ? "asked the daemon at " + context.config.control_socket() +
                              "; this is what it has attached\n"
                        : "nothing is attached by a daemon that answers here; this is what the "
                          "kernel would give, tried just now\n")
                << show(report);
  return report.missing.empty() ? kDone : kNo;
}

int policy_check(const PolicyCheckCommand& command, bool json, Context& context) {
  auto files = control::read_policy_files(command.directory, false);
  if (!files) {
    context.err << "sluice: " << visible(files.error().text()) << "\n";
    return kNo;
  }
  std::vector<policy::SourceFile> sources;
  for (auto& file : *files) sources.push_back({std::move(file.name), std::move(file.text)});
  const policy::CompileResult result =
      policy::compile(sources, {.requirements = kernel::requirement_ids()});
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
