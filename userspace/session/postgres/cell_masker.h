// SPDX-License-Identifier: Apache-2.0
// What a CellPlan says, done to one value. For DataRows and COPY data alike.
#pragma once

#include "session/postgres/options.h"
#include "session/postgres/result_plan.h"
#include "session/postgres/text_guard.h"

namespace sluice::session {

class CellMasker {
 public:
  enum class Outcome : std::uint8_t { kAsItIs, kChanged, kNull };

  CellMasker(MaskTools tools, TextGuard& guard) : tools_(std::move(tools)), guard_(guard) {}

  // Of characters in another encoding, or one that is not known, there are no tokens.
  void characters_are_utf8(bool are) { utf8_ = are; }
  Outcome mask(const CellPlan& plan, ByteView value);
  Outcome mask_null(const CellPlan& plan);    // what becomes of a NULL
  ByteView changed() const { return cell_; }  // after kChanged, until the next mask()

 private:
  MaskKind kind_of(const CellPlan& plan) const;

  MaskTools tools_;
  TextGuard& guard_;
  bool utf8_ = false;
  Bytes cell_;
};

}  // namespace sluice::session
