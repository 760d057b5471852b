// SPDX-License-Identifier: Apache-2.0
#include "sql/made_names.h"

#include <algorithm>

#include "sql/distinct.h"

namespace sluice::sql {
namespace {

using Kind = MadeName::Kind;

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

std::vector<const MadeNames::Entry*> MadeNames::named(const MadeName& name) const {
  std::vector<const Entry*> found;
  const std::string key = key_of(name);
  for (const Entries* entries : {&of_transaction_, &lasting_})
    if (const auto entry = entries->find(key); entry != entries->end())
      found.push_back(&entry->second);
  return found;
}

void MadeNames::use(const Entry& entry, bool writes, Use& out) {
  out.actions.add(entry.actions);
  add(out.objects, entry.objects);
  add(out.kin, entry.kin);
  if (!writes) return;
  out.actions.add(entry.writers_actions);
  add(out.objects, entry.writers_objects);
}

MadeNames::Use MadeNames::use_of(const Statement& statement) const {
  Use out;
  for (const MadeName& run : statement.runs)
    for (const Entry* entry : named(run)) use(*entry, false, out);
  for (const ObjectRef& object : statement.objects)
    if (object.kind == ObjectRef::Kind::kTable)
      for (const Entry* entry : named({Kind::kRelation, object.name})) use(*entry, false, out);
  for (const Written& written : statement.writes) {
    const auto entries = named({Kind::kRelation, written.name});
    bool known = written.known, plain = true;
    for (const Entry* entry : entries) {
      use(*entry, true, out);
      known = known || entry->new_name;
      plain = plain && entry->plain;
    }
    if (known && plain) continue;
    out.actions.add(Action::kUnknown);
    out.note = cannot_be_followed(written.name);
  }
  for (const MadeName& missing : statement.missing) {
    const auto entries = named(missing);
    for (const Entry* entry : entries) use(*entry, false, out);
    if (!entries.empty()) continue;
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
  Entry entry;
  entry.new_name = made.new_name;
  entry.plain = made.plain || !made.new_name || made.kind != Kind::kRelation;
  entry.temporary = made.temporary;
  (made.of_writers ? entry.writers_actions : entry.actions) = made.actions;
  (made.of_writers ? entry.writers_objects : entry.objects) = made.objects;
  entry.kin = made.kin;
  // What it is made of may have been made before it.
  Statement below;
  below.runs = made.made_of;
  if (made.does_as_statement) {
    below.runs = statement.runs;
    below.objects = statement.objects;
    below.missing = statement.missing;
  }
  const Use use = use_of(below);
  entry.actions.add(use.actions);
  add(entry.objects, use.objects);
  add(entry.kin, use.kin);
  // What comes of using a temporary relation lasts as long.
  if (!made.new_name)
    for (const Entry* one : named(made)) entry.temporary = entry.temporary || one->temporary;
  // A view of temporary relations is one.
  if (made.does_as_statement && made.kind == Kind::kRelation && made.new_name)
    for (const ObjectRef& object : statement.objects)
      for (const Entry* one : named({Kind::kRelation, object.name}))
        entry.temporary = entry.temporary || one->temporary;
  if (!made.before.empty()) was_called(made, entry);
  return entry;
}

void MadeNames::was_called(const Made& made, Entry& entry) const {
  const auto before = named({made.kind, made.before});
  bool known = made.before_is_known;
  for (const Entry* one : before) {
    known = known || one->new_name;
    entry.plain = entry.plain && one->plain;
    entry.temporary = entry.temporary || one->temporary;
    entry.actions.add(one->actions);
    entry.writers_actions.add(one->writers_actions);
    add(entry.objects, one->objects);
    add(entry.kin, one->kin);
    add(entry.writers_objects, one->writers_objects);
  }
  entry.plain = entry.plain && known;
}

void MadeNames::put(const MadeName& name, Entry entry) {
  const std::size_t objects =
      entry.objects.size() + entry.kin.size() + entry.writers_objects.size();
  if (objects_ + objects > kObjectsMax) {
    entry.objects.clear();
    entry.kin.clear();
    entry.writers_objects.clear();
    entry.actions.add(Action::kUnknown);
  } else {
    objects_ += objects;
  }
  if (of_transaction_.size() + lasting_.size() >= kNamesMax) {
    anything_ = true;
    too_many_ = lasting_.size() >= kNamesMax / 2;
    return;
  }
  const auto [place, is_new] =
      (entry.temporary ? lasting_ : of_transaction_).try_emplace(key_of(name), entry);
  if (is_new) return;
  Entry& all = place->second;
  all.new_name = all.new_name || entry.new_name;
  all.plain = all.plain && entry.plain;
  all.actions.add(entry.actions);
  all.writers_actions.add(entry.writers_actions);
  add(all.objects, entry.objects);
  add(all.kin, entry.kin);
  add(all.writers_objects, entry.writers_objects);
}

void MadeNames::note(const Statement& statement) {
  anything_ = anything_ || statement.makes_anything;
  if (too_many_) return;
  for (const Made& made : statement.makes) put(made, entry_of(made, statement));
}

void MadeNames::transaction_ended() {
  if (of_transaction_.empty() && !anything_) return;
  for (const auto& [name, entry] : of_transaction_)
    objects_ -=
        std::min(objects_, entry.objects.size() + entry.kin.size() + entry.writers_objects.size());
  of_transaction_.clear();
  anything_ = too_many_;
}

void complete_made(Statement& statement) {
  constexpr std::size_t kCopiesMax = 100'000;
  if (statement.makes.size() * statement.objects.size() > kCopiesMax)
    statement.makes_anything = true;
  for (Made& made : statement.makes) {
    if (!made.does_as_statement || statement.makes_anything) continue;
    for (const Action action : statement.actions.list())
      if (action != Action::kDdl && (action != Action::kRead || made.kind == Kind::kRelation))
        made.actions.add(action);
    made.objects = statement.objects;
    made.kin = statement.kin;
  }
}

void settle_own_names(Statement& statement) {
  if (statement.makes.empty()) return;
  for (Written& written : statement.writes) {
    bool made = false, plain = true;
    for (const Made& own : statement.makes) {
      if (own.kind != Kind::kRelation || own.name != written.name) continue;
      made = made || own.new_name;
      plain = plain && (!own.new_name || (own.plain && own.before.empty()));
    }
    written.known = written.known || made;
    if (plain) continue;
    statement.actions.add(Action::kUnknown);
    if (statement.notes.size() < kNotesMax)
      statement.notes.push_back(cannot_be_followed(written.name));
  }
}

}  // namespace sluice::sql
