// SPDX-License-Identifier: Apache-2.0
// Names that this session has given a new meaning where the catalogue cannot show it: in the open
// transaction, and by temporary relations. What people approved before is not what such a name
// stands for now.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "sql/statement.h"

namespace sluice::session {

class NewMeanings {
 public:
  // The statement has run.
  void note(const sql::Statement& statement);
  void note_unread() { anything_ = ++count_; }
  void transaction_ended();
  // Counts up whenever one of these gets another meaning; 0: none has.
  std::uint64_t of(const std::set<std::string, std::less<>>& names) const;

 private:
  void give(const std::string& name, bool lasting);

  static constexpr std::size_t kNamesMax = 20'000;  // beyond it any name may have been given

  std::uint64_t count_ = 0;
  std::uint64_t anything_ = 0;  // any name may have been given, also to what is temporary
  std::unordered_map<std::string, std::uint64_t> of_transaction_, lasting_;
};

}  // namespace sluice::session
