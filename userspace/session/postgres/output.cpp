// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/output.h"

namespace sluice::session {

void Output::pass(ByteView bytes) {
  if (bytes.empty()) return;
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (last.chunk == nullptr && last.recorded == recorded_ &&
        last.range.data() + last.range.size() == bytes.data()) {
      last.range = ByteView{last.range.data(), last.range.size() + bytes.size()};
      return;
    }
  }
  pieces_.push_back({bytes, nullptr, recorded_});
}

Bytes& Output::own() {
  if (!pieces_.empty() && pieces_.back().chunk != nullptr && pieces_.back().recorded == recorded_)
    return chunks_[chunks_used_ - 1];
  if (chunks_used_ == chunks_.size()) chunks_.emplace_back();
  Bytes& chunk = chunks_[chunks_used_++];
  chunk.clear();
  pieces_.push_back({{}, &chunk, recorded_});
  return chunk;
}

void Output::flush(FlowActions& out) {
  for (const Piece& piece : pieces_) {
    const ByteView bytes = piece.chunk != nullptr ? ByteView{*piece.chunk} : piece.range;
    if (piece.recorded && !bytes.empty())
      std::get<Record>(out.emplace_back(std::in_place_type<Record>)).event = AgentSees{bytes};
  }
  for (const Piece& piece : pieces_) {
    const ByteView bytes = piece.chunk != nullptr ? ByteView{*piece.chunk} : piece.range;
    if (!bytes.empty()) out.emplace_back(Send{side_, bytes});
  }
  pieces_.clear();
}

void Output::begin() {
  chunks_used_ = 0;
  if (chunks_.size() > 1) chunks_.resize(1);
  if (!chunks_.empty() && chunks_.front().capacity() > kKeptBytes) Bytes{}.swap(chunks_.front());
}

}  // namespace sluice::session
