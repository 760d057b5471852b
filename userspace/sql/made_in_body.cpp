// SPDX-License-Identifier: Apache-2.0
#include "sql/made_in_body.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "sql/body_tokens.h"
#include "sql/functions.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

using Tokens = std::vector<BodyToken>;
using Kind = BodyToken::Kind;

bool one_of(const BodyToken& token, std::initializer_list<std::string_view> words) {
  return token.kind == Kind::kWord &&
         std::find(words.begin(), words.end(), token.text) != words.end();
}

// The table that has such a column has a sequence, too.
bool is_of_sequence(const BodyToken& token) {
  return one_of(token, {"serial", "bigserial", "serial2", "smallserial", "serial4", "serial8",
                        "identity", "including"});
}

// Behind CREATE, of what is no relation.
bool is_of_other_kind(const BodyToken& token) {
  return one_of(token,
                {"access",       "aggregate",   "cast",     "collation", "constraint", "conversion",
                 "database",     "default",     "domain",   "event",     "extension",  "function",
                 "group",        "index",       "language", "operator",  "policy",     "procedural",
                 "procedure",    "publication", "role",     "schema",    "server",     "statistics",
                 "subscription", "tablespace",  "text",     "transform", "trigger",    "trusted",
                 "type",         "unique",      "user"});
}

// What one level of a text says: the body, or a string in it.
struct Said {
  MadeInBody all;
  // It makes or renames something, or may be the beginning of that; then: at most tables that are
  // not called temporary.
  bool makes = false, makes_other_than_tables = false;
  bool temporary = false, sequences = false;
  bool unread = false;            // there are letters by number, or it does not end
  bool strings_call_any = false;  // if they are run
  bool says_partition_of = false;
};

class Level {
 public:
  Level(std::string_view text, std::size_t depth) : depth_{depth} {
    auto tokens = tokens_of_body(text);
    said_.unread = !tokens || depth > kDeepest;
    if (tokens && depth <= kDeepest) tokens_ = std::move(*tokens);
  }

  Said read() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const BodyToken& token = tokens_[at_];
      said_.unread |= token.kind == Kind::kEscaped || token.has_unknown_letters;
      said_.sequences |= is_of_sequence(token);
      said_.all.writes |=
          one_of(token, {"insert", "update", "delete", "merge", "copy", "truncate", "execute"});
      if (token.kind == Kind::kString) string(token);
      if (token.is_word("create")) create();
      if (token.is_word("rename")) rename();
      if (token.is_word("into") && !is_before({"insert", "merge"})) into();
      if (token.is_word("execute")) execute();
      if (begins_text_in_call(at_)) call();
      selects_ |= token.is_word("select");
      runs_text_ |= one_of(token, {"do", "function", "procedure"});
      if (token.is_word("partition") && is_word_at(at_ + 1, "of")) said_.says_partition_of = true;
      if (begins_temporary()) makes(true);
    }
    if (runs_pieces_ && pieces_make_) add_temporary(said_.all.made, {}, false);
    said_.all.calls_any |= runs_pieces_ || (runs_text_ && said_.strings_call_any);
    return std::move(said_);
  }

 private:
  static constexpr std::size_t kDeepest = 8;

  bool is_word_at(std::size_t at, std::string_view word) const {
    return at < tokens_.size() && tokens_[at].is_word(word);
  }
  bool is_before(std::initializer_list<std::string_view> words) const {
    return at_ > 0 && one_of(tokens_[at_ - 1], words);
  }
  void makes(bool other_than_tables) {
    said_.makes = true;
    said_.makes_other_than_tables |= other_than_tables;
  }

  // Where the word before it is put in.
  bool begins_temporary() const {
    if (at_ + 1 >= tokens_.size()) return one_of(tokens_[at_], {"temp", "temporary", "pg_temp"});
    if (one_of(tokens_[at_], {"temp", "temporary"}))
      return one_of(tokens_[at_ + 1], {"table", "view", "sequence", "recursive"});
    return tokens_[at_].is_word("pg_temp") && tokens_[at_ + 1].is_sign('.');
  }

  // RAISE [level] 'text'
  bool is_told() const {
    if (is_before({"raise"})) return true;
    return at_ > 1 && tokens_[at_ - 2].is_word("raise") && tokens_[at_ - 1].kind == Kind::kWord;
  }

  void string(const BodyToken& token) {
    Said inner = Level{token.text, depth_ + 1}.read();
    said_.unread |= inner.unread;
    said_.temporary |= inner.temporary;
    said_.sequences |= inner.sequences;
    said_.strings_call_any |= !is_told() && (inner.all.calls_any || inner.strings_call_any);
    said_.all.writes |= inner.all.writes;
    for (const auto& [name, table] : inner.all.made) add_temporary(said_.all.made, name, table);
    if (is_run_whole(at_) || is_told()) return;
    const bool partition =
        !inner.makes_other_than_tables && (inner.says_partition_of || is_partition_told_behind());
    pieces_make_ |= inner.makes && !partition;
  }

  // EXECUTE 'text', or query_to_xml('text', ...): what it runs is just that.
  bool is_run_whole(std::size_t at) const {
    if (at == 0 || at >= tokens_.size() || tokens_[at].kind != Kind::kString) return false;
    if (at > 1 && tokens_[at - 1].is_sign('(') && begins_text_in_call(at - 2))
      return at + 1 < tokens_.size() &&
             (tokens_[at + 1].is_sign(',') || tokens_[at + 1].is_sign(')'));
    if (!tokens_[at - 1].is_word("execute")) return false;
    return at + 1 == tokens_.size() || tokens_[at + 1].is_sign(';') ||
           one_of(tokens_[at + 1], {"into", "using", "loop"});
  }

  // Of a function that runs the text, or reads the table, that it is given: query_to_xml(
  bool begins_text_in_call(std::size_t at) const {
    if (at + 1 >= tokens_.size() || !tokens_[at].is_identifier() || !tokens_[at + 1].is_sign('('))
      return false;
    const KnownFunction* known = known_function(tokens_[at].text);
    return known != nullptr && known->actions.has(Action::kUnknown);
  }

  // 'CREATE TABLE ' || name || ' PARTITION OF ...'
  bool is_partition_told_behind() const {
    constexpr std::size_t kTokensBefore = 48;
    const std::size_t end = std::min(tokens_.size(), at_ + kTokensBefore);
    for (std::size_t at = at_ + 1; at < end && !tokens_[at].is_sign(';'); ++at)
      if (tokens_[at].kind == Kind::kString &&
          lower_case(tokens_[at].text).find("partition of") != std::string::npos)
        return true;
    return false;
  }

  void execute() {
    const std::size_t next = at_ + 1;
    if (is_word_at(next, "on")) return;  // GRANT
    const bool of_trigger = is_word_at(next, "function") || is_word_at(next, "procedure");
    if (of_trigger && next + 1 < tokens_.size() && tokens_[next + 1].is_identifier()) return;
    runs_text_ = true;
    runs_pieces_ |= !is_run_whole(next);
  }

  void call() {
    runs_text_ = true;
    // Of a schema all tables are read.
    runs_pieces_ |= tokens_[at_].text.starts_with("schema_to_") || !is_run_whole(at_ + 2);
  }

  // The last part that is told of a name with its schemas.
  std::size_t last_of_name(std::size_t at) const {
    while (is_schema(at) && at + 2 < tokens_.size() && tokens_[at + 2].is_identifier()) at += 2;
    return at;
  }

  // Of a name at that place; with a schema it is none but in pg_temp.
  void name(std::size_t at, bool only_table, Temporaries& into) {
    if (at >= tokens_.size() || !tokens_[at].is_identifier()) {
      if (at < tokens_.size() && tokens_[at].kind == Kind::kEscaped) add_temporary(into, {}, false);
      return;
    }
    const std::size_t last = last_of_name(at);
    // A name that is not told, in a schema.
    if (is_schema(last)) return escaped(last + 2, into);
    if (last != at && !is_temporary_schema(last - 2)) return;
    if (tokens_[last].text.size() > kServerNameBytesMax) return add_temporary(into, {}, false);
    add_temporary(into, tokens_[last].text, only_table && last == at);
  }

  bool is_schema(std::size_t at) const {
    return at + 1 < tokens_.size() && tokens_[at].is_identifier() && tokens_[at + 1].is_sign('.');
  }
  bool is_temporary_schema(std::size_t at) const { return tokens_[at].text.starts_with("pg_temp"); }

  bool is_in_other_schema(std::size_t at) const {
    const std::size_t last = last_of_name(at);
    if (is_schema(last)) return !is_temporary_schema(last);
    return last != at && !is_temporary_schema(last - 2);
  }

  void escaped(std::size_t at, Temporaries& into) {
    if (at < tokens_.size() && tokens_[at].kind == Kind::kEscaped) add_temporary(into, {}, false);
  }

  std::size_t behind_if_not_exists(std::size_t at) const {
    while (at < tokens_.size() && one_of(tokens_[at], {"if", "not", "exists"})) ++at;
    return at;
  }

  void create() {
    std::size_t at = at_ + 1;
    bool temporary = false;
    for (; at < tokens_.size() &&
           one_of(tokens_[at], {"or", "replace", "global", "local", "temp", "temporary", "unlogged",
                                "recursive", "foreign", "materialized"});
         ++at)
      temporary |= one_of(tokens_[at], {"temp", "temporary"});
    said_.temporary |= temporary;
    if (at >= tokens_.size() || !tokens_[at].is_identifier()) return makes(true);
    if (tokens_[at].is_word("rule")) return rule(at);
    if (is_of_other_kind(tokens_[at])) return;
    const bool only_table = tokens_[at].is_word("table") && !temporary;
    const bool told = one_of(tokens_[at], {"table", "view", "sequence"});
    at = behind_if_not_exists(at + 1);
    if (told && !temporary && is_in_other_schema(at)) return;
    makes(!only_table);
    if (!told) return;
    // What is a part of a table that is none is no temporary one itself.
    if (only_table && is_word_at(at + 1, "partition") && is_word_at(at + 2, "of")) return;
    name(at, only_table, said_.all.made);
  }

  // CREATE RULE name AS ON DELETE TO table: whoever changes the table does more than that.
  void rule(std::size_t at) {
    constexpr std::size_t kWordsBefore = 8;
    makes(true);
    for (std::size_t i = at; i < tokens_.size() && i < at + kWordsBefore; ++i)
      if (tokens_[i].is_word("to")) return name(i + 1, false, said_.all.made);
  }

  void rename() {
    if (at_ + 1 >= tokens_.size()) return makes(true);
    if (!is_word_at(at_ + 1, "to")) return;
    makes(true);
    name(at_ + 2, false, said_.all.made);
  }

  void into() {
    std::size_t at = at_ + 1;
    bool temporary = false;
    for (; at < tokens_.size() && one_of(tokens_[at], {"temp", "temporary", "unlogged", "table"});
         ++at)
      temporary |= one_of(tokens_[at], {"temp", "temporary"});
    if (depth_ == 0) return name(at, !temporary, said_.all.selected_into);
    // A text that is run has no variables: EXPLAIN ANALYZE SELECT ... INTO.
    if (selects_ && (at >= tokens_.size() || tokens_[at].is_sign('%'))) makes(true);
    if (selects_ || temporary || is_word_at(last_of_name(at) + 1, "from"))
      name(at, !temporary, said_.all.made);
  }

  Said said_;
  Tokens tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool runs_text_ = false;
  bool runs_pieces_ = false;  // of a text that is put together
  bool pieces_make_ = false;
  bool selects_ = false;
};

bool says_what_makes(std::string_view body) {
  const auto words = words_of(body);
  const auto is_there = [&](std::string_view ending) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      // Behind an escape: '\ncreate'.
      return word.ends_with(ending) && word.size() <= ending.size() + 1;
    });
  };
  const bool of_relations = is_there("table") || is_there("view") || is_there("sequence");
  return is_there("rename") || (is_there("create") && of_relations);
}

}  // namespace

void add_temporary(Temporaries& to, const std::string& name, bool only_table) {
  const auto [place, is_new] = to.emplace(name, only_table);
  place->second = place->second && only_table;
}

MadeInBody made_in_body(std::string_view body) {
  Said said = Level{body, 0}.read();
  MadeInBody made = std::move(said.all);
  made.has_words = says_what_makes(body);
  // The server may read it otherwise.
  said.unread |= lower_case(body).find("standard_conforming_strings") != std::string::npos;
  made.calls_any |= said.unread;
  if (said.unread && made.has_words) add_temporary(made.made, {}, false);
  if (said.temporary && said.sequences) add_temporary(made.made, {}, false);
  return made;
}

}  // namespace sluice::sql
