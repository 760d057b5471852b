// SPDX-License-Identifier: Apache-2.0
// From one policy to the next.
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/worker.h"
#include "kernel/attachments.h"
#include "kernel/guarantees.h"

namespace sluice::daemon {
namespace {

// What `require:` in the policy asks for and this host does not have.
Result<void> check_required(const policy::Policy& policy,
                            const std::vector<kernel::Feature>& features) {
  std::string text;
  for (const std::string& missing : kernel::what_is_missing(features, policy.require()))
    text += "\n  " + missing;
  if (text.empty()) return {};
  return Error{"this host cannot enforce what is required:" + text +
               "\n`sluice doctor` lists every guarantee; mend the host, or take the word out of "
               "`require:` in the policy"};
}

// Ends flows whose resource is not what it was: they would go on under rules for masking that are
// void.
void end_changed_resources(const policy::Policy& before, const policy::Policy& now,
                           net::FlowTable& flows) {
  for (const auto& resource : before.resources()) {
    const Resource* same = now.resource_named(resource->name);
    if (same == nullptr || !(*same == *resource))
      flows.terminate_resource(resource->name, "the policy changed its resource; connect again");
  }
}

}  // namespace

Result<void> Worker::check_secrets(const policy::Policy& policy) {
  for (const std::string& file : policy.secret_files())
    if (const auto read = keeper_.read_password(file); !read) return read.error();
  return {};
}

Result<std::shared_ptr<const policy::Policy>> Worker::read_policy(bool secrets) {
  return policies_.read([this, secrets](const policy::Policy& policy) -> Result<void> {
    SLUICE_TRY_VOID(
        check_required(policy, kernel::with_attachments(prepared_.features, prepared_.links)));
    return secrets ? check_secrets(policy) : Result<void>{};
  });
}

Result<bool> Worker::reload() {
  const std::lock_guard lock{reload_mutex_};
  const auto before = policies_.policy();
  SLUICE_TRY(const auto now, read_policy(true));
  if (now->version() == before->version()) return false;
  Result<void> written;
  {
    const auto held = runs_->hold_enrolment();
    written = verdicts_->change(
        now, [&](const PolicyHolder::Flip& flip) { return policies_.replace(now, flip); });
    if (policies_.policy() != now) return written.error();
    // A match that cannot be enrolled keeps no other from it.
    if (const auto enrolled = runs_->await_and_enrol(held); !enrolled)
      spdlog::error("enrolment: {}", enrolled.error().text());
  }
  end_changed_resources(*before, *now, flows_->flows());
  catalogs_->forget_all();
  resolver_->set_names(now->host_names());
  if (predecessor_) predecessor_->reload();
  if (!written) return written.error();
  return true;
}

// What the policy changed must not go on here under the old one.
void Worker::reload_for_successor() {
  const auto before = policies_.policy();
  const auto now = policies_.read({});
  // The kernel's entries are the new daemon's to write.
  if (!now || !policies_.replace(*now, [] { return Result<void>{}; })) {
    flows_->flows().terminate_all("the policy changed: connect again");
  } else if ((*now)->version() != before->version()) {
    end_changed_resources(*before, **now, flows_->flows());
    catalogs_->forget_all();
  }
  if (predecessor_) predecessor_->reload();
}

}  // namespace sluice::daemon
