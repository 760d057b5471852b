// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "base/time_text.h"
#include "base/version.h"
#include "cli/exit_code.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace sluice::cli {
namespace {

// A duration as CLI11 checks it, so that a wrong one is a usage error that names the option.
const CLI::Validator kDuration{[](std::string& text) -> std::string {
                                 if (parse_duration(text)) return {};
                                 return "'" + text + "' is no duration: write 90s, 15m, 2h or 1d";
                               },
                               "DURATION"};

// It becomes a part of a path on the control socket.
const CLI::Validator kTicket{
    [](std::string& text) -> std::string {
      const bool fits =
          !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
          });
      return fits ? std::string{} : "that is not an id: see sluice approvals";
    },
    "ID"};

// What CLI11 writes into while it parses; afterwards one command is made of it.
struct Slots {
  Arguments arguments;
  ApprovalsCommand approvals;
  VoteCommand approve, deny;
  std::string grant_for;
  RevokeCommand revoke;
  RunCommand run;
  ReplayCommand replay;
  VerifyCommand verify;
  PolicyCheckCommand policy_check;
};

class Tree {
 public:
  explicit Tree(Slots& slots) : slots_(slots) {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string{"sluice "} + kVersion);
    app_.add_option("--config", slots.arguments.config,
                    "the daemon's configuration (else SLUICE_CONFIG, else /etc/sluice/sluice.yaml)")
        ->type_name("FILE");
    add_listings();
    add_approvals();
    add_recordings();
    add_run();
  }

  CLI::App& app() { return app_; }

 private:
  // `command` is taken over when the subcommand was chosen and all of it is parsed.
  template <class Make>
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& what, Make make) {
    CLI::App* sub = parent.add_subcommand(name, what);
    sub->add_flag("--json", slots_.arguments.json, "one JSON document");
    sub->fallthrough();
    sub->callback([this, make] { slots_.arguments.command = make(); });
    return sub;
  }

  void add_listings() {
    add(app_, "status", "what the daemon is doing and whether it enforces",
        [] { return StatusCommand{}; });
    add(app_, "doctor", "which guarantees hold on this kernel", [] { return DoctorCommand{}; });
    add(app_, "agents", "the agents of the policy and their runs", [] { return AgentsCommand{}; });
    add(app_, "flows", "the connections that are open now", [] { return FlowsCommand{}; });
    CLI::App* policy = app_.add_subcommand("policy", "work on policies");
    policy->require_subcommand(1);
    policy->fallthrough();
    CLI::App* check = add(*policy, "check", "compile a policy directory and say what is wrong",
                          [this] { return slots_.policy_check; });
    check->add_option("DIR", slots_.policy_check.directory, "directory of YAML files")->required();
    add(app_, "reload", "make the daemon read its policy directory again",
        [] { return ReloadCommand{}; });
  }

  void add_approvals() {
    CLI::App* approvals = add(app_, "approvals", "the statements that wait for a person",
                              [this] { return slots_.approvals; });
    approvals->add_flag("--follow", slots_.approvals.follow, "go on with each new one");
    approvals->add_flag("--all", slots_.approvals.all, "those decided during the last day too");

    CLI::App* approve = add(app_, "approve", "let a held statement run", [this] {
      VoteCommand command = slots_.approve;
      command.request.approve = true;
      if (!slots_.grant_for.empty()) command.request.grant_for = parse_duration(slots_.grant_for);
      return command;
    });
    approve->add_option("ID", slots_.approve.request.ticket, "from `sluice approvals`")
        ->required()
        ->check(kTicket);
    approve
        ->add_option("--for", slots_.grant_for, "let the very same statement run again for so long")
        ->check(kDuration);
    approve->add_option("--note", slots_.approve.request.note, "recorded with the approval");

    CLI::App* deny = add(app_, "deny", "refuse a held statement", [this] { return slots_.deny; });
    deny->add_option("ID", slots_.deny.request.ticket, "from `sluice approvals`")
        ->required()
        ->check(kTicket);
    deny->add_option("--reason", slots_.deny.request.note, "told to the agent and recorded")
        ->required();

    CLI::App* revoke = add(app_, "revoke", "end a run's, an agent's or a grant's rights at once",
                           [this] { return slots_.revoke; });
    revoke->add_option("RUN|AGENT|GRANT", slots_.revoke.target, "whose")->required();
  }

  void add_recordings() {
    add(app_, "sessions", "the recorded sessions", [] { return SessionsCommand{}; });
    CLI::App* replay =
        add(app_, "replay", "show what an agent saw", [this] { return slots_.replay; });
    replay->add_option("SESSION", slots_.replay.session, "from `sluice sessions`")->required();
    replay
        ->add_option("--speed", slots_.replay.speed,
                     "1 is as it happened, 0 (the default) all at once")
        ->check(CLI::Range(0.0, 1e6));
    replay->add_option("--format", slots_.replay.format, "text, asciicast or json")
        ->check(CLI::IsMember({"text", "asciicast", "json"}));
    CLI::App* verify = add(app_, "verify", "prove the recordings, or say where they are broken",
                           [this] { return slots_.verify; });
    verify->add_option("SESSION", slots_.verify.session, "only this one and the host's chain");
    verify
        ->add_option("--key", slots_.verify.key_file,
                     "the host's public key (else the one in its state directory)")
        ->type_name("FILE");
    verify
        ->add_option("--checkpoint", slots_.verify.checkpoint_file,
                     "a checkpoint that was kept elsewhere")
        ->type_name("FILE");
  }

  void add_run() {
    CLI::App* run = add(app_, "run", "start a command as an agent", [this] { return slots_.run; });
    run->add_option("--agent", slots_.run.request.agent, "an agent of the policy")->required();
    run->add_option("--on-behalf-of", slots_.run.request.on_behalf_of, "the user it acts for")
        ->type_name("USER");
    run->add_option("--task", slots_.run.request.task, "shown and recorded, never judged");
    run->add_option("--user", slots_.run.request.user, "the user it runs as")->type_name("USER");
    run->add_option("COMMAND", slots_.run.command, "the command and its arguments, behind --")
        ->required();
    // The first word that is no option begins the command, and all after it belongs to it.
    run->positionals_at_end();
    run->fallthrough(false);
    run->prefix_command(false);
  }

  Slots& slots_;
  CLI::App app_{"Sluice stands between an agent and everything it can reach.", "sluice"};
};

// `sluice run ... -- COMMAND...`: what stands behind the first "--" is the command as it is, "--"
// and "--json" in it included, and is never shown to the option parser.
std::optional<std::vector<std::string>> split_command(std::vector<std::string>& arguments) {
  const auto run = std::find(arguments.begin(), arguments.end(), "run");
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (run == arguments.end() || run > dashes || dashes == arguments.end()) return std::nullopt;
  std::vector<std::string> command{dashes + 1, arguments.end()};
  arguments.erase(dashes, arguments.end());
  return command;
}

}  // namespace

std::variant<Arguments, Stop> parse_arguments(std::vector<std::string> arguments) {
  Slots slots;
  Tree tree{slots};
  const auto command = split_command(arguments);
  // A stand-in, so that a command that is missing and one that is empty are the same usage error.
  if (command && !command->empty()) arguments.emplace_back("COMMAND");
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    tree.app().parse(arguments);
  } catch (const CLI::ParseError& stopped) {
    std::ostringstream out, err;
    const int code = tree.app().exit(stopped, out, err);
    if (code == 0) return Stop{kDone, out.str()};
    return Stop{kUsage, err.str()};
  }
  if (auto* run = std::get_if<RunCommand>(&slots.arguments.command)) {
    if (!command)
      return Stop{kUsage, "write the command behind '--': sluice run --agent NAME -- COMMAND...\n"};
    run->command = *command;
  }
  return std::move(slots.arguments);
}

}  // namespace sluice::cli
