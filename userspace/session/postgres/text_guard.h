// SPDX-License-Identifier: Apache-2.0
// Keeps sensitive values out of what is not a table cell: errors, notices, notifications, and cells
// that no column rule masks. Detectors read every such text; what a statement on
// sensitive columns makes the server say is cut down to what cannot hold a value.
#pragma once

#include <sluice/bytes.h>
#include <sluice/resource.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mask/detectors.h"
#include "mask/masks.h"
#include "proto/postgres/backend.h"
#include "session/postgres/options.h"

namespace sluice::session {

class TextGuard {
 public:
  TextGuard(const Resource& resource, MaskTools tools);

  bool has_detectors() const { return !wanted_.empty(); }

  // False: nothing would be found in `bytes`, nor in any part of them. True says nothing.
  bool may_find(ByteView bytes) const {
    return !wanted_.empty() && tools_.detectors->may_find(bytes, *tools_.scratch);
  }
  // True if `text` holds something that a detector found (or could not be read): then `out` has the
  // replacement appended. False: nothing was appended, the text may pass as it is.
  bool replace_hits(ByteView text, Bytes& out);
  // The same for a cell, so that it stays a value of its type. nullopt: it may pass as it is.
  std::optional<mask::Masked> mask_hits(const mask::CellType& type, ByteView cell, Bytes& out);

  // Appends the error or notice as the agent may see it. `touches_sensitive`: the statement that
  // caused it reads or writes a table with sensitive columns, or cannot be known. `error`: an
  // ErrorResponse, else a NoticeResponse. A notice whose text may not be seen is left out: that
  // there is one tells of the value.
  void append_report(Bytes& out, const pg::ErrorFields& fields, bool touches_sensitive, bool error);
  // The text as it may be shown or recorded.
  std::string clean(std::string_view text);

 private:
  MaskTools tools_;
  mask::DetectorSet wanted_;
  std::vector<mask::DetectorMask> masks_;
  std::vector<mask::Hit> hits_;
};

}  // namespace sluice::session
