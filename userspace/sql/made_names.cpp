// SPDX-License-Identifier: Apache-2.0
#include "sql/made_names.h"

#include <algorithm>

#include "sql/distinct.h"

namespace sluice::sql {
namespace {

std::string key_of(const MadeName& made) {
  return std::string{static_cast<char>('0' + static_cast<int>(made.kind))} + made.name;
}

void add(std::vector<ObjectRef>& to, const std::vector<ObjectRef>& more) {
  Distinct<ObjectRef> distinct;
  for (const ObjectRef& object : more)
    if (!distinct.has(to, object)) to.push_back(object);
}

std::string cannot_be_followed(const std::string& name) {
  return "what is written to " + name +
         " cannot be followed: the catalogue does not have it as it is now";
}

}  // namespace

bool MadeNames::writes_unknown(const Statement& statement) {
  return std::any_of(statement.writes.begin(), statement.writes.end(),
                     [](const Written& written) { return !written.known; });
}

const MadeNames::Entry* MadeNames::named(const MadeName& name) const {
  const auto found = entries_.find(key_of(name));
  return found == entries_.end() ? nullptr : &found->second;
}

void MadeNames::use(const Entry& entry, Use& out) {
  out.actions.add(entry.actions);
  add(out.objects, entry.objects);
  add(out.kin, entry.kin);
}

MadeNames::Use MadeNames::use_of(const Statement& statement) const {
  Use out;
  for (const MadeName& run : statement.runs)
    if (const Entry* entry = named(run)) use(*entry, out);
  for (const Written& written : statement.writes) {
    if (written.known) continue;
    out.actions.add(Action::kUnknown);
    out.note = cannot_be_followed(written.name);
  }
  for (const MadeName& missing : statement.missing) {
    if (const Entry* entry = named(missing)) {
      use(*entry, out);
      continue;
    }
    out.actions.add(Action::kUnknown);
    out.note = missing.name + "() is not in the catalogue";
  }
  if (anything_ && !(statement.runs.empty() && statement.objects.empty())) {
    out.actions.add(Action::kUnknown);
    out.note = "more was made in this transaction than can be followed";
  }
  return out;
}

std::optional<Statement> MadeNames::widened(const Statement& statement) const {
  if (silent_about(statement)) return std::nullopt;
  const Use use = use_of(statement);
  if (use.nothing()) return std::nullopt;
  Statement wider = statement;
  wider.actions.add(use.actions);
  add(wider.objects, use.objects);
  add(wider.kin, use.kin);
  return wider;
}

MadeNames::Entry MadeNames::entry_of(const Made& made, const Statement& statement) const {
  // What it is made of may have been made before it.
  Statement below;
  below.runs = made.made_of;
  if (!made.before.empty()) below.runs.push_back({made.kind, made.before});
  if (made.does_as_statement) {
    below.runs.insert(below.runs.end(), statement.runs.begin(), statement.runs.end());
    below.missing = statement.missing;
  }
  Use use = use_of(below);
  Entry entry{made.actions, made.objects, made.kin};
  entry.actions.add(use.actions);
  add(entry.objects, use.objects);
  add(entry.kin, use.kin);
  return entry;
}

void MadeNames::put(const MadeName& name, Entry entry) {
  const std::size_t objects = entry.objects.size() + entry.kin.size();
  if (objects_ + objects > kObjectsMax) {
    entry.objects.clear();
    entry.kin.clear();
    entry.actions.add(Action::kUnknown);
  } else {
    objects_ += objects;
  }
  if (entries_.size() >= kNamesMax) {
    anything_ = true;
    return;
  }
  const auto [place, is_new] = entries_.try_emplace(key_of(name), entry);
  if (is_new) return;
  Entry& all = place->second;
  all.actions.add(entry.actions);
  add(all.objects, entry.objects);
  add(all.kin, entry.kin);
}

void MadeNames::note(const Statement& statement) {
  anything_ = anything_ || statement.makes_anything;
  for (const Made& made : statement.makes) put(made, entry_of(made, statement));
}

void MadeNames::transaction_ended() {
  if (entries_.empty() && !anything_) return;
  entries_.clear();
  objects_ = 0;
  anything_ = false;
}

void complete_made(Statement& statement) {
  constexpr std::size_t kCopiesMax = 100'000;
  if (statement.makes.size() * statement.objects.size() > kCopiesMax)
    statement.makes_anything = true;
  for (Made& made : statement.makes) {
    if (!made.does_as_statement || statement.makes_anything) continue;
    for (const Action action : statement.actions.list())
      if (action != Action::kDdl && action != Action::kRead) made.actions.add(action);
    made.objects = statement.objects;
    made.kin = statement.kin;
  }
}

void settle_own_names(Statement& statement) {
  if (statement.changes.empty()) return;
  using Change = CatalogChange::Kind;
  for (Written& written : statement.writes) {
    bool made = false, plain = true;
    for (const CatalogChange& change : statement.changes) {
      const bool is_new = change.kind == Change::kNewRelation;
      const std::string& name = is_new || change.kind == Change::kRule ? change.name
                                : change.kind == Change::kOtherName    ? change.new_name
                                                                       : change.other_name;
      if (name != written.name) continue;
      made = made || is_new;
      plain = plain && is_new && !change.acts;
    }
    written.known = written.known || made;
    if (plain) continue;
    statement.actions.add(Action::kUnknown);
    if (statement.notes.size() < kNotesMax)
      statement.notes.push_back(cannot_be_followed(written.name));
  }
}

}  // namespace sluice::sql
