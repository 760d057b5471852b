// SPDX-License-Identifier: Apache-2.0
#include "record/sessions.h"

#include "record/format.h"
#include "record/index.h"
#include "record/listing.h"
#include "record/reader.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <dirent.h>
#include <errno.h>

namespace sluice::record {
namespace {

constexpr std::size_t kSessionIdMax = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

}  // namespace

bool is_session_id(std::string_view id) {
  return id.starts_with("ses-") && id.size() <= kSessionIdMax && id.size() > 4 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                  c == '-';
         });
}

std::string session_path(const std::string& directory, std::string_view id) {
  return directory + "/" + std::string{id} + std::string{kSessionSuffix};
}

Result<Listing> list_files(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDirectory> open{::opendir(directory.c_str())};
  if (!open) return Error::sys(errno, "read '" + directory + "'");
  Listing listing;
  for (;;) {
    errno = 0;
    const dirent* found = ::readdir(open.get());
    if (!found && errno != 0) return Error::sys(errno, "read '" + directory + "'");
    if (!found) break;
    const std::string_view name{found->d_name};
    if (!name.ends_with(kSessionSuffix)) continue;
    const std::string id{name.substr(0, name.size() - kSessionSuffix.size())};
    if (is_session_id(id))
      listing.sessions.insert(id);
    else
      listing.strangers.insert(std::string{name});
  }
  return listing;
}

SessionSummary summarize(SessionReader& reader, SessionReader::Step& end) {
  SessionSummary summary;
  for (;;) {
    auto step = reader.next();
    if (auto* event = std::get_if<RecordedEvent>(&step)) {
      summary.add(event->at, event->event);
      continue;
    }
    end = std::move(step);
    return summary;
  }
}

Result<std::vector<ListedSession>> list_sessions(const std::string& directory,
                                                 const std::string& host_id) {
  SLUICE_TRY(auto index, read_index(directory));
  SLUICE_TRY(auto files, list_files(directory));
  std::vector<ListedSession> listed;
  for (auto& row : index.rows) {
    files.sessions.erase(row.summary.session);
    listed.push_back({.summary = std::move(row.summary), .live = false, .trouble = ""});
  }
  for (const SessionId& id : files.sessions) {
    ListedSession session{.summary = {}, .live = true, .trouble = ""};
    auto reader = SessionReader::open_live(directory, id, host_id);
    if (reader) {
      SessionReader::Step end;
      session.summary = summarize(*reader, end);
      if (const auto* bad = std::get_if<Bad>(&end))
        session.trouble = "block " + std::to_string(bad->sequence) + ": " + bad->what;
    } else {
      session.trouble = reader.error().text();
    }
    session.summary.session = id;
    listed.push_back(std::move(session));
  }
  std::stable_sort(listed.begin(), listed.end(), [](const auto& a, const auto& b) {
    return a.summary.opened < b.summary.opened;
  });
  return listed;
}

}  // namespace sluice::record
