// SPDX-License-Identifier: Apache-2.0
#include "record/session_writer.h"

#include "record/encode.h"
#include "record/listing.h"
#include "record/sessions.h"

namespace sluice::record {
namespace {

// A flow is idle most of its life; a statement or a row needs no more than this.
constexpr std::size_t kFrameBytesIdle = 1024;
constexpr std::size_t kFrameBytesKept = 64U << 10;
// What waits in the journal must find room on the disk when it becomes a block.
constexpr std::uint64_t kReserveBytes = 128U << 10;
constexpr std::uint64_t kBlockOfSlotBytesMax = kHeaderBytes + Journal::kEventBytesMax + kHashBytes;

}  // namespace

FileSessionWriter::FileSessionWriter(std::shared_ptr<HostLog> host, const SessionId& session,
                                     std::unique_ptr<AppendFile> file)
    : host_(std::move(host)), session_(session), file_(std::move(file)) {
  end_.head = session_anchor(host_->host_id(), session_);
  clear_frame();
}

Result<std::unique_ptr<SessionWriter>> FileSessionWriter::open(std::shared_ptr<HostLog> host,
                                                               WallTime at,
                                                               const SessionOpened& opened) {
  const auto within = [&](const Error& error) {
    return error.within("record session '" + opened.session + "'");
  };
  if (!is_session_id(opened.session))
    return within(Error{"a session is named \"ses-\" and letters, digits and '-'"});
  if (opened.lineage.empty()) return within(Error{"its lineage is empty"});
  const std::string path = session_path(host->options().directory, opened.session);
  Files& files = host->files();
  // In one turn: a daemon that takes over removes files that are empty and have no writer.
  if (auto held = host->hold(); !held) return within(held.error());
  auto file = files.open(path, Files::Mode::kCreateNew);
  host->let_others();
  if (!file) return within(file.error());
  std::unique_ptr<FileSessionWriter> writer{
      new FileSessionWriter{std::move(host), opened.session, *std::move(file)}};
  // The file stands before the chain speaks of it: afterwards, a missing file was removed.
  if (writer->host_->options().durability == Durability::kDisk)
    if (auto synced = files.sync_directory(writer->host_->options().directory); !synced)
      return within(synced.error());
  auto written = writer->append(at, opened);
  if (written) written = writer->commit();
  if (!written) {
    // An entry whose sync failed may stand in the chain all the same: then the file must stay.
    if (!writer->chain_asked_) files.remove(path);
    return within(written.error());
  }
  return std::unique_ptr<SessionWriter>{std::move(writer)};
}

FileSessionWriter::~FileSessionWriter() {
  const std::lock_guard lock{mutex_};
  try {
    abandon();
    leave_journal();
  } catch (...) {
    // Out of memory. The session stays open in the chain; the next start finishes it.
  }
}

Result<void> FileSessionWriter::usable() const {
  if (poisoned_) return poisoned_->within("this recording has failed before");
  if (over_) return Error{"this recording is closed"};
  return {};
}

Result<void> FileSessionWriter::poison(const Error& error) {
  poisoned_ = error;
  return error;
}

void FileSessionWriter::clear_frame() {
  if (frame_.capacity() > kFrameBytesKept) frame_ = Bytes{};
  frame_.reserve(kFrameBytesIdle);
  frame_.resize(kHeaderBytes);
}

Result<void> FileSessionWriter::append(WallTime at, const Event& event) {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY_VOID(usable());
  if (auto encoded = encode_event(at, event, frame_); !encoded) return poison(encoded.error());
  summary_.add(at, event);
  if (frame_.size() >= kBlockBytesSoftMax) return flush();
  return {};
}

Result<void> FileSessionWriter::commit() {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY_VOID(usable());
  if (!has_events() || wait_in_journal()) return {};
  return flush();
}

bool FileSessionWriter::wait_in_journal() {
  Journal* journal = host_->journal();
  if (!journal || !in_chain_ || events().size() > Journal::kEventBytesMax) return false;
  if (!slot_ || slot_->bytes() == 0) {
    if (!slot_) slot_ = journal->claim(session_, end_.frames);
    if (!slot_) return false;
    if (end_.bytes + kBlockOfSlotBytesMax > reserved_to_) {
      if (file_->reserve(end_.bytes, kReserveBytes) != 0) {
        slot_.reset();
        return false;
      }
      reserved_to_ = end_.bytes + kReserveBytes;
    }
    waits_since_ = host_->clock().steady();
    host_->waiting().add(*this);
  }
  slot_->put(events().subspan(slot_->bytes()));
  return true;
}

void FileSessionWriter::leave_journal() {
  host_->waiting().remove(*this);
  slot_.reset();
  if (reserved_to_ > end_.bytes && torn_bytes_ == 0) static_cast<void>(file_->truncate(end_.bytes));
  reserved_to_ = 0;
}

std::unique_lock<std::mutex> FileSessionWriter::try_lock() {
  return std::unique_lock{mutex_, std::try_to_lock};
}

void FileSessionWriter::write_out(SteadyTime before) {
  if (poisoned_ || over_ || waits_since_ > before) return;
  if (!flush()) return;  // the flow hears of it at its next call
  leave_journal();
  if (frame_.capacity() > kFrameBytesIdle) frame_ = Bytes{};
  clear_frame();
}

Result<void> FileSessionWriter::flush() {
  if (!has_events()) return {};
  Position after = end_;
  if (events().size() < kCompressFrom) {
    Bytes& block = seal_block(frame_, frame_, nullptr, hasher_, after);
    SLUICE_TRY_VOID(write_block(block, after));
  } else {
    auto packer = host_->packers().take();
    Bytes& block = seal_block(frame_, packer->scratch, &packer->compressor, hasher_, after);
    auto written = write_block(block, after);
    host_->packers().give_back(std::move(packer));
    if (!written) return written;
  }
  clear_frame();
  if (slot_) slot_->clear(end_.frames);
  return {};
}

Result<void> FileSessionWriter::write_block(ByteView block, const Position& after) {
  if (!in_chain_) {
    const ChainOpened entry{.at = summary_.opened, .session = session_, .first = after.head};
    chain_asked_ = true;
    if (auto added = host_->add(entry); !added) return poison(added.error());
    in_chain_ = true;
  }
  if (auto written = append_whole(*file_, block, end_.bytes, torn_bytes_); !written)
    return poison(written.error().within("write the recording of " + session_));
  end_ = after;
  if (host_->options().durability == Durability::kDisk)
    if (const int failed = file_->sync(); failed != 0)
      return poison(Error::sys(-failed, "sync the recording of " + session_));
  return {};
}

Result<void> FileSessionWriter::close() {
  const std::lock_guard lock{mutex_};
  SLUICE_TRY_VOID(usable());
  SLUICE_TRY_VOID(flush());
  leave_journal();
  // The row comes first, so that a sealed session always has one.
  if (auto added = host_->add_row(summary_); !added) return poison(added.error());
  has_row_ = true;
  const ChainSealed entry{.at = host_->clock().wall(), .session = session_, .end = end_};
  if (auto added = host_->add(entry); !added) return poison(added.error());
  over_ = true;
  return {};
}

void FileSessionWriter::abandon() {
  if (over_ || !in_chain_) return;
  // Of what failed, that which was committed is not lost: there is room for it.
  if (poisoned_) frame_.resize(kHeaderBytes + (slot_ && torn_bytes_ == 0 ? slot_->bytes() : 0));
  const std::string remark =
      poisoned_ ? poisoned_->text() : "the flow ended without closing its recording";
  static_cast<void>(flush());
  over_ = true;
  if (!has_row_ && end_.frames > 0) {
    // Rare, so the row is computed from what is really there.
    auto reader = SessionReader::open(host_->options().directory, session_, host_->host_id());
    SessionReader::Step end;
    if (!reader || !host_->add_row(summarize(*reader, end))) return;
  }
  static_cast<void>(host_->add(ChainAbandoned{.at = host_->clock().wall(),
                                              .session = session_,
                                              .end = end_,
                                              .tail_bytes = torn_bytes_,
                                              .remark = remark.substr(0, 1024)}));
}

}  // namespace sluice::record
