// SPDX-License-Identifier: Apache-2.0
#include "daemon/policy_holder.h"

#include <vector>

#include "control/policy_files.h"
#include "kernel/guarantees.h"
#include "policy/compile.h"

namespace sluice::daemon {
namespace {

Result<std::shared_ptr<const policy::Policy>> compile_directory(const std::string& directory) {
  SLUICE_TRY(auto files, control::read_policy_files(directory, true));
  std::vector<policy::SourceFile> sources;
  sources.reserve(files.size());
  for (auto& file : files) sources.push_back({std::move(file.name), std::move(file.text)});
  auto compiled = policy::compile(sources, {.requirements = kernel::requirement_ids()});
  if (!compiled.policy) return Error{policy::text_of(compiled.diagnostics)};
  return std::move(compiled.policy);
}

}  // namespace

PolicyHolder::PolicyHolder(std::string directory, const Clock& clock)
    : directory_(std::move(directory)), clock_(clock) {
  state_.book = std::make_shared<policy::AddressBook>();
}

Result<std::shared_ptr<const policy::Policy>> PolicyHolder::read(const Check& acceptable) {
  auto compiled = compile_directory(directory_);
  if (compiled && acceptable)
    if (auto ok = acceptable(**compiled); !ok) compiled = ok.error();
  const std::lock_guard lock{mutex_};
  state_.last_error = compiled ? "" : compiled.error().text();
  return compiled;
}

Result<void> PolicyHolder::replace(std::shared_ptr<const policy::Policy> policy, const Flip& flip) {
  const std::lock_guard lock{mutex_};
  // Before the flip: whoever asks from now on waits for its end.
  changes_.fetch_add(1);
  SLUICE_TRY_VOID(flip());
  state_.policy = std::move(policy);
  state_.loaded_at = clock_.wall();
  return {};
}

Result<void> PolicyHolder::replace_book(std::shared_ptr<const policy::AddressBook> book,
                                        const Flip& flip) {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY_VOID(flip());
  state_.book = std::move(book);
  return {};
}

PolicyState PolicyHolder::state() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

std::shared_ptr<const policy::Policy> PolicyHolder::policy() const {
  const std::lock_guard lock{mutex_};
  return state_.policy;
}

}  // namespace sluice::daemon
