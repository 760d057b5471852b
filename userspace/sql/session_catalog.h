// SPDX-License-Identifier: Apache-2.0
// The catalogue as one session sees it: the daemon's, and laid over it (overlay.h) what the open
// transaction has changed and the session's temporary relations.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/analysis.h"
#include "sql/overlay.h"

namespace sluice::sql {

class SessionCatalog {
 public:
  using Pointer = std::shared_ptr<const Catalog>;

  // False: to note it would change nothing, which is so of most.
  static bool concerns(const Statement& statement);
  // The daemon has read it anew.
  void arrived(Pointer base);
  // The statement has run. `text`: its own; `options`: as it was read.
  void note(const Statement& statement, std::string_view text, const AnalyseOptions& options);
  // What may run before the statement itself does, when it is parsed, bound or planned, is running.
  void note_early(const Statement& statement);
  // It has failed, but had committed some of what it did, perhaps.
  void note_failed(const Statement& statement, std::string_view text,
                   const AnalyseOptions& options);
  // COMMIT, ROLLBACK or PREPARE TRANSACTION has run; another transaction may have begun with it.
  void block_ended(bool committed);
  // None is open any more. `committed` of one that had no such end.
  void transaction_ended(bool committed = true);
  // A text has run that nobody could read: to the end of the session any name may be anything.
  void anything_ran();
  // DISCARD ALL: no temporary relation is left.
  void discarded();

  // Null before the first one arrived.
  const Pointer& now() const { return now_; }

 private:
  // What names stood for in the daemon's catalogue: the server keeps numbers where the text has
  // names.
  struct Bound {
    char kind = 0;
    std::string name;
    std::vector<Oid> to;
    bool operator==(const Bound&) const = default;
  };
  struct Kept {
    std::vector<CatalogChange> changes;
    std::vector<Bound> bound;
    // Where what they do depends on the rest of the catalogue.
    std::string text;
    AnalyseOptions options;
  };
  void keep(const Statement& statement, std::string_view text, const AnalyseOptions& options);
  std::vector<Bound> bindings_of(const std::vector<CatalogChange>& changes) const;
  bool still_bound(const Kept& kept) const;
  bool is_kept(const Statement& statement, std::string_view text);
  bool may_last(const Statement& statement);
  void too_much(bool lasts);
  void rebuild();
  void begin_overlay();
  void mistrust(const Statement& statement);
  void note_names(const Statement& statement);
  void note_savepoint(const Statement& statement);
  void undo(std::size_t since);
  // With those only that last, `lasting`; true if there was one.
  bool apply(const Kept& kept, bool lasting);

  static constexpr std::size_t kKeptMax = 20'000;
  static constexpr std::size_t kTextBytesMax = std::size_t{4} << 20;

  // Names that the open transaction has given to relations, as `gone` of the overlay takes them.
  struct Given {
    std::string schema, name;
  };
  struct Savepoint {
    std::string name;
    std::size_t given = 0;  // how many there were then
  };

  Pointer base_, now_;
  std::optional<Overlay> overlay_;
  std::vector<Kept> lasting_, of_transaction_;
  std::vector<Given> given_;
  std::vector<Savepoint> savepoints_;
  std::size_t text_bytes_ = 0;
  bool temporary_first_ = false, distrusted_ = false;
  bool doubted_ = false;   // a savepoint was rolled back to
  bool anything_ = false;  // in this transaction
  bool too_many_ = false;  // to the end of the session
};

}  // namespace sluice::sql
