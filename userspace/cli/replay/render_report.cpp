// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/render_report.h"

#include "cli/replay/json_text.h"
#include "cli/replay/moments.h"
#include "cli/replay/visible.h"

namespace sluice::cli {
namespace {

// What the number of a finding counts.
std::string_view unit_of(const std::string& file) {
  if (file == "host.chain") return "entry ";
  if (file == "index") return "row ";
  return "block ";
}

}  // namespace

std::string report_text(const record::Report& report) {
  std::string out;
  for (const record::Finding& finding : report.findings) {
    out += "BROKEN  " + visible(finding.file) + ", offset " + std::to_string(finding.offset);
    if (finding.record)
      out += ", " + std::string{unit_of(finding.file)} + std::to_string(*finding.record);
    out += ": " + visible(finding.what) + "\n";
  }
  for (const std::string& note : report.notes) out += "note    " + visible(note) + "\n";
  out += std::to_string(report.sessions) + " sessions (" + std::to_string(report.live) +
         " not sealed yet, " + std::to_string(report.abandoned) + " cut off), " +
         std::to_string(report.blocks) + " blocks, " + std::to_string(report.events) + " events; " +
         std::to_string(report.chain_entries) + " entries and " +
         std::to_string(report.checkpoints) + " checkpoints in host.chain\n";
  if (report.newest_checkpoint)
    out += "newest checkpoint " + moment_text(report.newest_checkpoint->at) + " over " +
           std::to_string(report.newest_checkpoint->entries) + " entries\n";
  out += report.ok() ? "the recordings are whole\n" : "the recordings are NOT whole\n";
  return out;
}

std::string report_json(const record::Report& report) {
  std::string out;
  JsonWriter json{out};
  json.begin_object();
  json.member_boolean("ok", report.ok());
  json.key("findings");
  json.begin_array();
  for (const record::Finding& finding : report.findings) {
    json.begin_object();
    json.member("file", finding.file);
    json.member_number("offset", finding.offset);
    json.key("record");
    finding.record ? json.number(*finding.record) : json.null();
    json.member("what", finding.what);
    json.end_object();
  }
  json.end_array();
  json.key("notes");
  json.begin_array();
  for (const std::string& note : report.notes) json.text(note);
  json.end_array();
  json.member_number("sessions", report.sessions);
  json.member_number("live", report.live);
  json.member_number("abandoned", report.abandoned);
  json.member_number("blocks", report.blocks);
  json.member_number("events", report.events);
  json.member_number("chain_entries", report.chain_entries);
  json.member_number("checkpoints", report.checkpoints);
  json.key("newest_checkpoint");
  if (report.newest_checkpoint) {
    json.begin_object();
    json.member("at", moment_text(report.newest_checkpoint->at));
    json.member_number("entries", report.newest_checkpoint->entries);
    json.member("text", report.newest_checkpoint->text());
    json.end_object();
  } else {
    json.null();
  }
  json.end_object();
  return out + "\n";
}

}  // namespace sluice::cli
