// SPDX-License-Identifier: Apache-2.0
// What happens to the text in which detectors found something.
#include "mask/detectors.h"
#include "mask/masks.h"
#include "mask/text_masks.h"
#include "mask/type_table.h"

#include <sluice/postgres_types.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace sluice::mask {
namespace {

int strictness(MaskKind kind) {
  switch (kind) {
    case MaskKind::kPartial: return 0;
    case MaskKind::kHash: return 1;
    case MaskKind::kRedact: return 2;
    case MaskKind::kNull: return 3;
  }
  return 3;
}

MaskKind mask_of(Detector detector, const std::vector<DetectorMask>& masks) {
  const auto found = std::find_if(masks.begin(), masks.end(), [detector](const DetectorMask& one) {
    return one.detector == detector;
  });
  return found == masks.end() ? MaskKind::kRedact : found->mask;
}

// Where hits begin and end, sorted.
std::vector<std::size_t> cuts_of(const std::vector<Hit>& hits) {
  std::vector<std::size_t> cuts;
  for (const Hit& hit : hits) {
    cuts.push_back(hit.begin);
    cuts.push_back(hit.end);
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

// Position of the quote that closes the string whose opening quote is at `open`; npos where there
// is none, or where a cut splits an escape: "\u0041" in halves is no JSON.
std::size_t closing_quote(std::string_view json, std::size_t open,
                          const std::vector<std::size_t>& cuts) {
  for (std::size_t at = open + 1; at < json.size(); ++at) {
    if (json[at] == '"') return at;
    if (json[at] != '\\' || at + 1 >= json.size()) continue;
    const std::size_t length = json[at + 1] == 'u' ? 6 : 2;
    const auto cut = std::upper_bound(cuts.begin(), cuts.end(), at);
    if (cut != cuts.end() && *cut < at + length) return std::string_view::npos;
    ++at;
  }
  return std::string_view::npos;
}

// Every hit lies within one string of the JSON text.
bool are_in_strings(std::string_view json, const std::vector<Hit>& hits) {
  const auto cuts = cuts_of(hits);
  std::size_t next = 0;
  std::size_t at = 0;
  while (next < hits.size()) {
    const std::size_t open = json.find('"', at);
    if (open == std::string_view::npos || hits[next].begin <= open) return false;
    const std::size_t close = closing_quote(json, open, cuts);
    if (close == std::string_view::npos) return false;
    for (; next < hits.size() && hits[next].begin < close; ++next)
      if (hits[next].end > close) return false;
    at = close + 1;
  }
  return true;
}

}  // namespace

void redact_hits(ByteView text, const std::vector<Hit>& hits,
                 const std::vector<DetectorMask>& masks, KeyedHash& hash, Bytes& out) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < hits.size();) {
    const std::size_t begin = hits[i].begin;
    std::size_t end = hits[i].end;
    MaskKind kind = mask_of(hits[i].detector, masks);
    for (++i; i < hits.size() && hits[i].begin < end; ++i) {
      end = std::max(end, hits[i].end);
      const MaskKind other = mask_of(hits[i].detector, masks);
      if (strictness(other) > strictness(kind)) kind = other;
    }
    append(out, text.subspan(written, begin - written));
    mask_text(text.subspan(begin, end - begin), kind, hash, out);
    written = end;
  }
  append(out, text.subspan(written));
}

Masked mask_hits_in_cell(const CellType& cell_type, ByteView cell, const std::vector<Hit>& hits,
                         const std::vector<DetectorMask>& masks, KeyedHash& hash, Bytes& out) {
  const TypeRow* row = find_type(cell_type.oid);
  const Shape shape = row != nullptr ? row->shape : Shape::kArray;
  const bool is_characters = shape == Shape::kText;
  const bool is_json = shape == Shape::kJson || shape == Shape::kJsonb;
  if (is_characters || (is_json && are_in_strings(as_text(cell), hits))) {
    const std::size_t begin = out.size();
    redact_hits(cell, hits, masks, hash, out);
    // A mask can be longer than what it replaced; the value may be no longer than its type allows.
    if (is_characters) cut_to_type(cell_type, begin, out);
    return Masked::kValue;
  }
  return mask_cell(cell_type, cell, MaskKind::kRedact, hash, out);
}

}  // namespace sluice::mask
