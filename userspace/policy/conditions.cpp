// SPDX-License-Identifier: Apache-2.0
#include "policy/conditions.h"

#include <algorithm>
#include <functional>

namespace sluice::policy {
namespace {

// kOther objects (schemas, sequences, roles ...) are asked about by both keys: to leave them out
// would let DROP SCHEMA through an allow that speaks of tables only.
bool is_asked(const ObjectRef& object, ObjectRef::Kind kind) {
  return object.kind == kind || object.kind == ObjectRef::Kind::kOther;
}

bool all_surely_match(const std::vector<ObjectPattern>& patterns, const Intent& intent,
                      ObjectRef::Kind kind) {
  return std::all_of(intent.objects.begin(), intent.objects.end(), [&](const ObjectRef& object) {
    return !is_asked(object, kind) ||
           std::any_of(patterns.begin(), patterns.end(), [&](const ObjectPattern& pattern) {
             return pattern.surely_matches(object);
           });
  });
}

bool some_perhaps_match(const std::vector<ObjectPattern>& patterns, const Intent& intent,
                        ObjectRef::Kind kind) {
  return std::any_of(intent.objects.begin(), intent.objects.end(), [&](const ObjectRef& object) {
    return is_asked(object, kind) &&
           std::any_of(patterns.begin(), patterns.end(), [&](const ObjectPattern& pattern) {
             return pattern.perhaps_matches(object);
           });
  });
}

bool objects_hold(const std::vector<ObjectPattern>& patterns, const Intent& intent,
                  ObjectRef::Kind kind, bool must_be_sure) {
  if (patterns.empty()) return true;
  return must_be_sure ? all_surely_match(patterns, intent, kind)
                      : some_perhaps_match(patterns, intent, kind);
}

void append_sorted(std::string& text, std::string_view key, std::vector<std::string> words) {
  if (words.empty()) return;
  std::sort(words.begin(), words.end());
  text += key;
  // The length in front keeps ["a b"] and ["a", "b"] apart.
  for (const std::string& word : words) text += " " + std::to_string(word.size()) + ":" + word;
  text += ";";
}

std::vector<std::string> texts_of(const std::vector<ObjectPattern>& patterns) {
  std::vector<std::string> texts;
  for (const ObjectPattern& pattern : patterns) texts.push_back(pattern.text());
  return texts;
}

}  // namespace

bool Conditions::empty() const { return !is_sql() && on_behalf_of.empty() && !hours; }

bool Conditions::is_sql() const {
  return unbounded.has_value() || !tables.empty() || !functions.empty() || !databases.empty();
}

bool Conditions::hold_for(const Intent& intent, const Run& member, VerdictKind kind) const {
  const bool must_be_sure = kind == VerdictKind::kAllow;
  if (unbounded && intent.unbounded != *unbounded) return false;
  if (!objects_hold(tables, intent, ObjectRef::Kind::kTable, must_be_sure)) return false;
  if (!objects_hold(functions, intent, ObjectRef::Kind::kFunction, must_be_sure)) return false;
  if (!databases.empty()) {
    const bool named =
        intent.database.empty()
            ? !must_be_sure
            : std::any_of(databases.begin(), databases.end(), [&](const std::string& glob) {
                return glob_matches(glob, intent.database);
              });
    if (!named) return false;
  }
  if (!on_behalf_of.empty()) {
    const bool named = member.on_behalf_of.empty()
                           ? !must_be_sure
                           : std::find(on_behalf_of.begin(), on_behalf_of.end(),
                                       member.on_behalf_of) != on_behalf_of.end();
    if (!named) return false;
  }
  if (hours) {
    const bool is_known = intent.asked_at != WallTime{};
    if (is_known ? !hours->contains(intent.asked_at) : must_be_sure) return false;
  }
  return true;
}

std::string Conditions::text() const {
  std::string text;
  if (unbounded) text += *unbounded ? "unbounded;" : "bounded;";
  append_sorted(text, "tables", texts_of(tables));
  append_sorted(text, "functions", texts_of(functions));
  append_sorted(text, "databases", databases);
  append_sorted(text, "on_behalf_of", on_behalf_of);
  if (hours) text += "hours " + hours->text() + ";";
  return text;
}

}  // namespace sluice::policy
