// SPDX-License-Identifier: Apache-2.0
// From a text and its parameters to a verdict. Keeps what was analysed, because drivers send the
// same text again and again; never keeps a verdict, because policy, time and approvals change.
#pragma once

#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/postgres/analysed_text.h"
#include "session/postgres/context.h"
#include "session/postgres/kept_texts.h"
#include "sql/session_names.h"

namespace sluice::session {

struct Judged {
  Intent intent;
  Verdict verdict;
  std::optional<PlanQuestion> plan;  // of what is held
  std::vector<std::string> notes;    // of what is not allowed: what the analysis has to say
  // Null where nothing was read. Lives as long as the text that was judged.
  const sql::Statement* statement = nullptr;
};

// The verdict over everything that one message asks for.
struct Judgement {
  std::vector<Judged>
      statements;         // one per statement of the text; one for a text that was not understood
  std::size_t worst = 0;  // index of the statement whose verdict is the most restrictive
  // Of all their bytes, formats and declared types, where somebody compares them.
  std::string parameters_digest;
  // Not empty: nothing was understood, and something is guarded; the verdict is deny whatever the
  // policy says.
  std::string syntax_error;

  const Verdict& verdict() const { return statements[worst].verdict; }
  // After each statement: whether it is the worst now. Of those that are held the one whose
  // approval is one of the others, too; where there is none the text is refused.
  void weigh_last();
  // What an approver is shown: everything together, the whole text.
  Intent whole(const std::string& text) const;
};

class Judge {
 public:
  explicit Judge(Context& context) : context_(context) {}

  // EXECUTE, FETCH, MOVE and CURRENT OF mean what a name stands for at that moment, so their
  // analysis is not kept. A keyword cannot be written in any other way than with its letters.
  static bool may_use_names(std::string_view text);

  // As analyse_text(), but for what is kept.
  AnalysedTextPtr analyse(std::string_view text, const sql::SessionNames& names, bool unsettled);
  Judgement judge(const AnalysedText& text, const std::vector<Parameter>& parameters) const;
  // One statement that did not come as text: a FunctionCall, a cursor that Execute names.
  Judgement judge(const sql::Statement& statement, const std::string& shown,
                  const std::vector<Parameter>& parameters) const;

 private:
  // What the statements before this one leave behind.
  struct Before {
    bool encoding_known = true;
    bool blinded = false;
    const sql::MadeNames* made = nullptr;
    bool changed = false;  // what relations are, by the session's own statements
  };
  Before before_all() const;
  // Adds to the judgement.
  Judged& judge_one(const sql::Statement& statement, std::string_view shown,
                    const std::vector<Parameter>& parameters, const Before& before,
                    Judgement& judgement) const;

  static constexpr std::size_t kKeptTextBytesMax = 4096;

  Context& context_;
  std::uint64_t kept_for_catalog_ = 0;
  bool kept_for_strings_ = true;
  std::string kept_for_encoding_;
  KeptTexts kept_by_text_;
  KeptTexts kept_by_shape_;
  std::string shape_;
};

}  // namespace sluice::session
