// SPDX-License-Identifier: Apache-2.0
#include "record/verify_chain.h"

#include <errno.h>

#include <vector>

namespace sluice::record {
namespace {

// A checkpoint from outside the chain, and what the chain says about it.
struct Held {
  std::string origin;  // names it in a finding
  Checkpoint checkpoint;
  std::optional<std::string> wrong;
  bool met = false;
};

// Before entry `position.frames` is read.
void compare_head(std::vector<Held>& all, const Position& position) {
  for (Held& held : all)
    if (held.checkpoint.entries == position.frames && held.checkpoint.head != position.head)
      held.wrong = "the chain is not the one that " + held.origin +
                   " was signed over: it was "
                   "rewritten";
}

// A checkpoint leaves this directory only after it stands in the chain itself.
void compare_entry(std::vector<Held>& all, const NumberedEntry& entry) {
  for (Held& held : all) {
    if (held.checkpoint.entries != entry.number) continue;
    const auto* checkpoint = std::get_if<Checkpoint>(&entry.entry);
    held.met = checkpoint && *checkpoint == held.checkpoint;
    if (!held.met && !held.wrong)
      held.wrong = "entry " + std::to_string(entry.number) + " is not " + held.origin +
                   ": the chain was rewritten";
  }
}

void finding(Report& report, std::string_view file, std::uint64_t offset,
             std::optional<std::uint64_t> record, std::string what) {
  report.findings.push_back({std::string{file}, offset, record, std::move(what)});
}

void walk(ChainReader& reader, std::vector<Held>& held, ChainCheck& out, Report& report) {
  for (;;) {
    compare_head(held, reader.position());
    auto step = reader.next();
    if (const auto* entry = std::get_if<NumberedEntry>(&step)) {
      compare_entry(held, *entry);
      report.chain_entries += 1;
      report.checkpoints += std::holds_alternative<Checkpoint>(entry->entry) ? 1 : 0;
      if (const auto* remark = std::get_if<ChainRemark>(&entry->entry))
        report.notes.push_back("host.chain, entry " + std::to_string(entry->number) + ": " +
                               remark->text);
      continue;
    }
    if (const auto* bad = std::get_if<Bad>(&step)) {
      finding(report, kChainFile, bad->offset, bad->sequence, bad->what);
      out.whole = false;
    }
    if (const auto* torn = std::get_if<Unfinished>(&step))
      report.notes.push_back("host.chain: the last entry is unfinished (" +
                             std::to_string(torn->bytes) + " bytes at offset " +
                             std::to_string(torn->offset) + ")");
    break;
  }
  for (const Held& one : held) {
    if (one.wrong)
      finding(report, kChainFile, reader.position().bytes, std::nullopt, *one.wrong);
    else if (!one.met && out.whole)
      finding(report, kChainFile, reader.position().bytes, reader.position().frames,
              "the chain ends after " + std::to_string(reader.position().frames) +
                  " entries, and " + one.origin + " was signed over " +
                  std::to_string(one.checkpoint.entries) + ": its tail was removed");
  }
}

}  // namespace

Result<ChainCheck> check_chain(const std::string& directory, const PublicKey& key,
                               const std::optional<Checkpoint>& off_host, Report& report) {
  const std::string chain_path = directory + "/" + std::string{kChainFile};
  const std::string checkpoint_path = directory + "/" + std::string{kCheckpointFile};
  std::vector<Held> held;
  if (off_host) {
    if (!off_host->signed_by(key))
      return Error{"the checkpoint that was given is not signed with this host's key"};
    held.push_back({"the checkpoint that was given", *off_host, {}, false});
  }
  auto local = load_checkpoint(checkpoint_path);
  if (local && local->signed_by(key))
    held.push_back({"the checkpoint beside it", *local, {}, false});

  ChainCheck out;
  auto source = open_source(chain_path);
  if (!source) {
    if (source.error().code() != ENOENT) return source.error();
    out.whole = false;
    finding(report, kChainFile, 0, std::nullopt,
            "it is missing: without it no session can be shown to be whole or to be all");
    return out;
  }
  ChainReader reader{*std::move(source), key};
  walk(reader, held, out, report);
  if (out.whole && reader.position().frames == 0)
    finding(report, kChainFile, 0, std::uint64_t{0}, "it is empty: its first entry is missing");
  out.sessions = reader.sessions();
  report.newest_checkpoint = reader.newest_checkpoint();

  if (!local && local.error().code() == ENOENT) local = load_checkpoint(checkpoint_path);
  if (local && !local->signed_by(key))
    finding(report, kCheckpointFile, 0, std::nullopt, "its signature is wrong, or of another key");
  else if (!local && local.error().code() != ENOENT)
    finding(report, kCheckpointFile, 0, std::nullopt, local.error().text());
  else if (!local && reader.newest_checkpoint())
    finding(report, kCheckpointFile, 0, std::nullopt,
            "it is missing, though the chain holds checkpoints");
  return out;
}

}  // namespace sluice::record
