// SPDX-License-Identifier: Apache-2.0
#include "base/time_text.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/replay/render.h"
#include "cli/replay/render_report.h"
#include "cli/replay/visible.h"
#include "cli/text.h"
#include "record/checkpoint.h"
#include "record/key.h"
#include "record/reader.h"
#include "record/sessions.h"
#include "record/verify.h"

#include <boost/json.hpp>

#include <cerrno>
#include <ostream>

namespace sluice::cli {
namespace {

namespace json = boost::json;

int failed(Context& context, const Error& error) {
  context.err << "sluice: " << visible(error.text());
  if (error.code() == EACCES) context.err << ": ask root, or become a member of the group sluice";
  context.err << "\n";
  return kNo;
}

Result<record::PublicKey> host_key(const Context& context, const std::string& file = {}) {
  return record::PublicKey::load(file.empty() ? context.config.key_dir() + "/recording.pub" : file);
}

json::object session_json(const record::ListedSession& listed) {
  const record::SessionSummary& summary = listed.summary;
  json::object object{{"session", summary.session},
                      {"agent", summary.agent},
                      {"run", summary.run},
                      {"resource", to_utf8(summary.resource)},
                      {"protocol", summary.protocol},
                      {"opened_at", to_rfc3339(summary.opened)},
                      {"closed_at", nullptr},
                      {"close_reason", to_utf8(summary.close_reason)},
                      {"statements", summary.statements},
                      {"denied", summary.denied},
                      {"held", summary.held},
                      {"bytes_to_agent", summary.bytes_to_agent},
                      {"live", listed.live},
                      {"trouble", to_utf8(listed.trouble)}};
  if (summary.closed) object["closed_at"] = to_rfc3339(*summary.closed);
  return object;
}

std::string ending_of(const record::ListedSession& listed) {
  if (!listed.trouble.empty()) return "DAMAGED: " + listed.trouble;
  if (listed.summary.closed) return listed.summary.close_reason;
  return listed.live ? "open" : "cut off";
}

std::string sessions_text(const std::vector<record::ListedSession>& listed) {
  if (listed.empty()) return "no recorded sessions\n";
  Columns columns{
      {"SESSION", "OPENED", "AGENT", "RUN", "RESOURCE", "STATEMENTS", "DENIED", "HELD", "ENDED"}};
  for (const auto& session : listed) {
    const record::SessionSummary& summary = session.summary;
    columns.add({summary.session, utc_text(summary.opened), summary.agent, summary.run,
                 summary.resource, std::to_string(summary.statements),
                 std::to_string(summary.denied), std::to_string(summary.held), ending_of(session)});
  }
  return columns.text();
}

}  // namespace

int sessions(bool json, Context& context) {
  auto key = host_key(context);
  if (!key) return failed(context, key.error());
  auto listed = record::list_sessions(context.config.recordings_dir(), key->host_id());
  if (!listed) return failed(context, listed.error());
  if (!json) {
    context.out << sessions_text(*listed);
    return kDone;
  }
  json::array array;
  for (const auto& session : *listed) array.push_back(session_json(session));
  context.out << json::serialize(json::object{{"sessions", std::move(array)}}) << "\n";
  return kDone;
}

int replay(const ReplayCommand& command, bool json, Context& context) {
  if (!record::is_session_id(command.session)) {
    context.err << "sluice: '" << visible(command.session)
                << "' is not a session's id: see sluice sessions\n";
    return kUsage;
  }
  auto key = host_key(context);
  if (!key) return failed(context, key.error());
  auto reader = record::SessionReader::open_live(context.config.recordings_dir(), command.session,
                                                 key->host_id());
  if (!reader) return failed(context, reader.error());
  const Output out = [&context](std::string_view piece) { context.out << piece << std::flush; };
  Replayed replayed = Replayed::kDamaged;
  if (json || command.format == "json")
    replayed = render_json(*reader, out);
  else if (command.format == "asciicast")
    replayed = render_asciicast(*reader, out);
  else
    replayed = render_text(*reader, out, Pace{command.speed, Pace{}.pause_max}, context.sleep);
  if (replayed != Replayed::kDamaged) return kDone;
  context.err << "sluice: the recording does not verify: run sluice verify "
              << visible(command.session) << "\n";
  return kNo;
}

int verify(const VerifyCommand& command, bool json, Context& context) {
  if (!command.session.empty() && !record::is_session_id(command.session)) {
    context.err << "sluice: '" << visible(command.session)
                << "' is not a session's id: see sluice sessions\n";
    return kUsage;
  }
  auto key = host_key(context, command.key_file);
  if (!key) return failed(context, key.error());
  std::optional<record::Checkpoint> off_host;
  if (!command.checkpoint_file.empty()) {
    auto loaded = record::load_checkpoint(command.checkpoint_file);
    if (!loaded) return failed(context, loaded.error());
    off_host = *std::move(loaded);
  }
  const std::string directory = context.config.recordings_dir();
  auto report = command.session.empty()
                    ? record::verify_all(directory, *key, off_host)
                    : record::verify_session(directory, command.session, *key, off_host);
  if (!report) return failed(context, report.error());
  context.out << (json ? report_json(*report) : report_text(*report));
  return report->ok() ? kDone : kNo;
}

}  // namespace sluice::cli
