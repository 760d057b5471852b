// SPDX-License-Identifier: Apache-2.0
// Every command as a function of its arguments and the world. Each returns the exit code, writes
// what was asked for to `out` and why not to `err`.
#pragma once

#include "cli/arguments.h"
#include "cli/context.h"

namespace sluice::cli {

int execute(const Arguments& arguments, Context& context);

// --- answered by the daemon (daemon_commands.cpp)
int status(bool json, Context& context);
int agents(bool json, Context& context);
int flows(bool json, Context& context);
int approvals(const ApprovalsCommand& command, bool json, Context& context);
int vote(const VoteCommand& command, bool json, Context& context);
int revoke(const RevokeCommand& command, bool json, Context& context);
int reload(bool json, Context& context);
// Does not return when all goes well (run_command.cpp).
int run(const RunCommand& command, Context& context);

// --- without a daemon (local_commands.cpp)
// Asks the daemon what it knows; without one, tries the kernel itself.
int doctor(bool json, Context& context);
int policy_check(const PolicyCheckCommand& command, bool json, Context& context);

// --- from the recordings directory (recording_commands.cpp)
int sessions(bool json, Context& context);
int replay(const ReplayCommand& command, bool json, Context& context);
int verify(const VerifyCommand& command, bool json, Context& context);

}  // namespace sluice::cli
