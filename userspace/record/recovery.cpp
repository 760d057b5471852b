// SPDX-License-Identifier: Apache-2.0
#include "record/recovery.h"

#include "record/append_turn.h"
#include "record/journal_recovery.h"
#include "record/listing.h"
#include "record/sessions.h"

#include <errno.h>

#include <set>

namespace sluice::record {
namespace {

Error damaged(const std::string& path, const Bad& bad) {
  return Error{"'" + path + "' is damaged at offset " + std::to_string(bad.offset) + ", entry " +
               std::to_string(bad.sequence) + ": " + bad.what +
               ". Nothing is appended to a chain that does not verify: run `sluice verify`, keep "
               "the directory as evidence, and start with a new one"};
}

// The newest checkpoint that this directory knows must still be in its chain: a chain that was cut
// back must not be continued, or the cut would be signed.
Result<void> check_local_checkpoint(const std::string& directory, const PublicKey& key,
                                    const std::string& chain_path,
                                    const std::optional<Checkpoint>& newest_in_chain) {
  auto local = load_checkpoint(directory + "/" + std::string{kCheckpointFile});
  if (!local && local.error().code() == ENOENT) return {};
  if (!local) return local.error();
  if (!local->signed_by(key))
    return Error{"the checkpoint in '" + directory + "' was signed with another key"};
  if (!newest_in_chain || newest_in_chain->entries < local->entries)
    return Error{"'" + chain_path + "' was cut back: a checkpoint after " +
                 std::to_string(local->entries) +
                 " entries was signed and is no longer in it. Run `sluice verify`, keep the "
                 "directory as evidence, and start with a new one"};
  return {};
}

Result<void> read_chain(const RecorderOptions& options, Files& files, const PublicKey& key,
                        const std::string& path, Opened& out, std::vector<std::string>& recovered) {
  std::optional<Checkpoint> newest;
  auto source = open_source(path);
  if (!source && source.error().code() != ENOENT) return source.error();
  out.start.chain_end.head = chain_anchor(key.host_id());
  std::optional<Unfinished> torn;
  if (source) {
    ChainReader reader{*std::move(source), key};
    for (bool more = true; more;) {
      auto step = reader.next();
      if (const auto* entry = std::get_if<NumberedEntry>(&step)) {
        const bool checkpoint = std::holds_alternative<Checkpoint>(entry->entry);
        out.start.entries_since_checkpoint =
            checkpoint ? 0 : out.start.entries_since_checkpoint + 1;
        continue;
      }
      more = false;
      if (const auto* bad = std::get_if<Bad>(&step)) return damaged(path, *bad);
      if (const auto* unfinished = std::get_if<Unfinished>(&step)) torn = *unfinished;
    }
    out.start.chain_end = reader.position();
    out.sessions = reader.sessions();
    newest = reader.newest_checkpoint();
  }
  // Before anything is cut: an entry that was signed over is never an unfinished one.
  SLUICE_TRY_VOID(check_local_checkpoint(options.directory, key, path, newest));
  if (torn) {
    SLUICE_TRY_VOID(cut_off(files, path, torn->offset));
    recovered.push_back("cut " + std::to_string(torn->bytes) +
                        " bytes of an unfinished entry off the end of host.chain, at offset " +
                        std::to_string(torn->offset));
  }
  out.start.newest_checkpoint = std::move(newest);
  out.fresh = out.start.chain_end.frames == 0;
  return {};
}

Result<void> finish_session(HostLog& host, const SessionId& session,
                            const std::set<SessionId>& rows, std::vector<std::string>& recovered) {
  const std::string& directory = host.options().directory;
  ChainAbandoned entry{.at = host.clock().wall(), .session = session, .end = {}, .remark = {}};
  auto reader = SessionReader::open(directory, session, host.host_id());
  if (!reader) {
    if (reader.error().code() != ENOENT) return reader.error();
    entry.end.head = session_anchor(host.host_id(), session);
    entry.remark = "its file is missing";
  } else {
    SessionReader::Step end;
    const SessionSummary summary = summarize(*reader, end);
    entry.end = reader->position();
    entry.remark = reader->closed() ? "it had ended, but was not sealed" : "it was cut off";
    if (const auto* torn = std::get_if<Unfinished>(&end)) {
      SLUICE_TRY_VOID(cut_off(host.files(), session_path(directory, session), torn->offset));
      entry.remark += "; " + std::to_string(torn->bytes) + " bytes of an unfinished block " +
                      std::to_string(entry.end.frames) + " at offset " +
                      std::to_string(torn->offset) + " were cut off";
    } else if (const auto* bad = std::get_if<Bad>(&end)) {
      entry.remark += "; block " + std::to_string(bad->sequence) + " at offset " +
                      std::to_string(bad->offset) + " is damaged: " + bad->what;
    }
    if (entry.end.frames > 0 && !rows.contains(session)) SLUICE_TRY_VOID(host.add_row(summary));
  }
  entry.remark = entry.remark.substr(0, 1024);
  recovered.push_back("session " + session + ": " + entry.remark);
  return host.add(entry);
}

}  // namespace

Result<Opened> open_directory(const RecorderOptions& options, Files& files, const PublicKey& key,
                              std::vector<std::string>& recovered) {
  Opened out;
  const std::string chain_path = options.directory + "/" + std::string{kChainFile};
  const std::string index_path = options.directory + "/" + std::string{kIndexFile};
  SLUICE_TRY_VOID(read_chain(options, files, key, chain_path, out, recovered));
  SLUICE_TRY(const auto listing, list_files(options.directory));
  if (out.fresh && !listing.sessions.empty())
    return Error{"'" + options.directory + "' holds " + std::to_string(listing.sessions.size()) +
                 " sessions and no host.chain: it was removed. Keep the directory as evidence, and "
                 "start with a new one"};
  for (const SessionId& session : listing.sessions) {
    if (out.sessions.contains(session)) continue;
    // A file is made before the chain speaks of it, and holds nothing until then.
    const std::string path = session_path(options.directory, session);
    if (has_living_writer(path)) continue;
    auto content = read_small_file(path, 0);
    if (content)
      files.remove(path);
    else
      recovered.push_back("session " + session +
                          " is not known to host.chain; `sluice verify` "
                          "says more");
  }
  SLUICE_TRY(const auto index, read_index(options.directory));
  if (const auto* torn = std::get_if<Unfinished>(&index.end)) {
    SLUICE_TRY_VOID(cut_off(files, index_path, torn->offset));
    recovered.push_back("cut " + std::to_string(torn->bytes) +
                        " bytes of an unfinished row off the end of the index");
  } else if (const auto* bad = std::get_if<Bad>(&index.end)) {
    recovered.push_back("the index is damaged at offset " + std::to_string(bad->offset) + ": " +
                        bad->what + "; remove it to have it rebuilt at the next start");
  }
  SLUICE_TRY(out.start.chain, files.open(chain_path, Files::Mode::kAppend));
  SLUICE_TRY(out.start.index, files.open(index_path, Files::Mode::kAppend));
  SLUICE_TRY(const auto sizer, open_source(index_path));
  SLUICE_TRY(out.start.index_bytes, sizer->size());
  return out;
}

namespace {

using Fates = std::map<SessionId, ChainReader::Fate>;

Result<Fates> open_sessions(const HostLog& host) {
  const std::string path = host.options().directory + "/" + std::string{kChainFile};
  SLUICE_TRY(auto source, open_source(path));
  ChainReader reader{std::move(source), host.public_key()};
  for (;;) {
    auto step = reader.next();
    if (const auto* bad = std::get_if<Bad>(&step)) return damaged(path, *bad);
    if (!std::holds_alternative<NumberedEntry>(step)) break;
  }
  Fates open = reader.sessions();
  std::erase_if(open, [](const auto& entry) { return entry.second.end.index() != 0; });
  return open;
}

}  // namespace

Result<void> finish_what_has_no_writer(HostLog& host, std::vector<std::string>& finished) {
  SLUICE_TRY(Fates abandoned, open_sessions(host));
  std::erase_if(abandoned, [&](const auto& entry) {
    return has_living_writer(session_path(host.options().directory, entry.first));
  });
  // This daemon's own threads go on sealing. One that was sealed before its writer was found gone
  // is no longer open now; the others can be sealed by nobody.
  SLUICE_TRY(const Fates still_open, open_sessions(host));
  std::erase_if(abandoned, [&](const auto& entry) { return !still_open.contains(entry.first); });
  SLUICE_TRY_VOID(write_out_left_journals(host, abandoned, finished));
  return finish_sessions(host, abandoned, finished);
}

Result<void> finish_sessions(HostLog& host, const std::map<SessionId, ChainReader::Fate>& sessions,
                             std::vector<std::string>& recovered) {
  SLUICE_TRY(const auto index, read_index(host.options().directory));
  std::set<SessionId> rows;
  for (const IndexRow& row : index.rows) rows.insert(row.summary.session);
  const bool readable = !std::holds_alternative<Bad>(index.end);
  std::uint64_t rebuilt = 0;
  for (const auto& [session, fate] : sessions) {
    if (fate.end.index() == 0) {
      if (has_living_writer(session_path(host.options().directory, session))) continue;
      SLUICE_TRY_VOID(finish_session(host, session, rows, recovered));
      continue;
    }
    if (!readable || rows.contains(session)) continue;
    auto reader = SessionReader::open(host.options().directory, session, host.host_id());
    if (!reader) continue;
    SessionReader::Step end;
    const SessionSummary summary = summarize(*reader, end);
    if (reader->position().frames == 0) continue;
    SLUICE_TRY_VOID(host.add_row(summary));
    rebuilt += 1;
  }
  if (rebuilt > 0)
    recovered.push_back("the index missed " + std::to_string(rebuilt) +
                        " finished sessions; their rows were computed again");
  return {};
}

}  // namespace sluice::record
