// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.h"

#include "cli/exit_code.h"
#include "cli/replay/visible.h"

#include <ostream>

namespace sluice::cli {

Asked ask(Context& context, const std::string& method, const std::string& target,
          const std::string& body) {
  control::Reply reply = context.call(method, target, body);
  if (auto* document = std::get_if<std::string>(&reply)) return {std::move(*document), kDone};
  if (const auto* refusal = std::get_if<control::Refusal>(&reply)) {
    // A refused policy has several lines. The daemon made them, of the operator's own files.
    context.err << "sluice: " << visible(refusal->text, true) << "\n";
    return {std::nullopt, refusal->kind == control::Refusal::Kind::kInvalid ? kUsage : kNo};
  }
  context.err << "sluice: " << visible(std::get<control::Unreachable>(reply).text) << "\n";
  return {std::nullopt, kUnreachable};
}

int unreadable(Context& context, const Error& error) {
  context.err << "sluice: the daemon's answer cannot be read (" << visible(error.text())
              << "): sluice and sluiced are of different versions\n";
  return kUnreachable;
}

}  // namespace sluice::cli
