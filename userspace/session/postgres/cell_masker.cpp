// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/cell_masker.h"

namespace sluice::session {

MaskKind CellMasker::kind_of(const CellPlan& plan) const {
  const bool no_token = plan.mask == MaskKind::kHash && !utf8_ && mask::is_text_like(plan.type.oid);
  return no_token ? MaskKind::kRedact : plan.mask;
}

CellMasker::Outcome CellMasker::mask(const CellPlan& plan, ByteView value) {
  if (plan.kind == CellPlan::Kind::kPass) return Outcome::kAsItIs;
  cell_.clear();
  mask::Masked masked;
  if (plan.kind == CellPlan::Kind::kDetect) {
    const auto hit = guard_.mask_hits(plan.type, value, cell_);
    if (!hit) return Outcome::kAsItIs;
    masked = *hit;
  } else {
    masked = mask::mask_cell(plan.type, value, kind_of(plan), *tools_.hash, cell_);
  }
  return masked == mask::Masked::kValue ? Outcome::kChanged : Outcome::kNull;
}

CellMasker::Outcome CellMasker::mask_null(const CellPlan& plan) {
  if (!plan.hides_null) return Outcome::kNull;
  cell_.clear();
  return mask::mask_null(plan.type, *tools_.hash, cell_) == mask::Masked::kValue ? Outcome::kChanged
                                                                                 : Outcome::kNull;
}

}  // namespace sluice::session
