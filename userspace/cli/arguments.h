// SPDX-License-Identifier: Apache-2.0
// The command line, read but not acted upon.
#pragma once

#include "control/backend.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::cli {

struct StatusCommand {};
struct DoctorCommand {};
struct AgentsCommand {};
struct FlowsCommand {};
struct ApprovalsCommand {
  bool follow = false;
  bool all = false;  // those of the last day that were decided too
};
struct VoteCommand {
  control::VoteRequest request;
};
struct RevokeCommand {
  std::string target;
};
struct ReloadCommand {};
struct RunCommand {
  control::RunRequest request;
  std::vector<std::string> command;
};
struct SessionsCommand {};
struct ReplayCommand {
  std::string session;
  std::string format = "text";  // text asciicast json
  double speed = 0;             // 0: all at once
};
struct VerifyCommand {
  std::string session;          // "": all
  std::string key_file;         // "": the host's own
  std::string checkpoint_file;  // one that was kept elsewhere; "": none
};
struct PolicyCheckCommand {
  std::string directory;
};

using Command =
    std::variant<StatusCommand, DoctorCommand, AgentsCommand, FlowsCommand, ApprovalsCommand,
                 VoteCommand, RevokeCommand, ReloadCommand, RunCommand, SessionsCommand,
                 ReplayCommand, VerifyCommand, PolicyCheckCommand>;

struct Arguments {
  Command command;
  std::optional<std::string> config;  // --config
  bool json = false;
};
// What to print instead of doing anything: help and version (code 0), or what is wrong (code 2).
struct Stop {
  int code = 0;
  std::string text;
};

// `arguments` without the program's name.
std::variant<Arguments, Stop> parse_arguments(std::vector<std::string> arguments);

}  // namespace sluice::cli
