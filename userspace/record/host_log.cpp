// SPDX-License-Identifier: Apache-2.0
#include "record/host_log.h"

#include <sys/stat.h>

#include <algorithm>
#include <span>

namespace sluice::record {
namespace {

// Packers kept for the next block; one is in use per worker thread at most.
constexpr std::size_t kIdlePackersMax = 64;
constexpr std::size_t kScratchKeptMax = kBlockBytesSoftMax * 2;
constexpr std::chrono::seconds kWaitingMax{1};

}  // namespace

std::unique_ptr<Packer> PackerPool::take() {
  {
    const std::lock_guard lock{mutex_};
    if (!idle_.empty()) {
      auto packer = std::move(idle_.back());
      idle_.pop_back();
      return packer;
    }
  }
  return std::make_unique<Packer>();
}

void PackerPool::give_back(std::unique_ptr<Packer> packer) {
  if (packer->scratch.capacity() > kScratchKeptMax) packer->scratch = Bytes{};
  const std::lock_guard lock{mutex_};
  if (idle_.size() < kIdlePackersMax) idle_.push_back(std::move(packer));
}

HostLog::HostLog(RecorderOptions options, std::unique_ptr<Files> files, SigningKey key,
                 const Clock& clock, AppendTurn turn, Start start)
    : options_(std::move(options)),
      files_(std::move(files)),
      key_(std::move(key)),
      host_id_(key_.public_key().host_id()),
      clock_(clock),
      turn_(std::move(turn)),
      chain_(std::move(start.chain)),
      index_(std::move(start.index)),
      index_bytes_(start.index_bytes),
      end_(start.chain_end),
      newest_checkpoint_(std::move(start.newest_checkpoint)),
      entries_since_checkpoint_(start.entries_since_checkpoint) {
  if (entries_since_checkpoint_ > 0) due_at_ = clock_.steady();
}

Result<void> HostLog::fail_for_ever(Error error) {
  failed_ = error;
  return error;
}

Result<void> HostLog::open_journal() {
  if (options_.journal_slots == 0 || options_.durability == Durability::kDisk) return {};
  SLUICE_TRY(journal_, Journal::create(options_.directory, options_.journal_slots));
  return {};
}

void HostLog::write_out() { waiting_.write_out(clock_.steady() - kWaitingMax); }

Result<void> HostLog::hold() {
  const std::lock_guard lock{mutex_};
  return begin_append();
}

void HostLog::let_others() {
  const std::lock_guard lock{mutex_};
  end_append();
}

Result<void> HostLog::begin_append() {
  if (turn_held_ == 0) {
    SLUICE_TRY_VOID(turn_.take());
    if (auto read = read_what_others_appended(); !read) {
      turn_.give_back();
      return read;
    }
  }
  turn_held_ += 1;
  return {};
}

void HostLog::end_append() {
  turn_held_ -= 1;
  if (turn_held_ == 0) turn_.give_back();
}

// One entry that another daemon appended after `end_`; false: there is none. Its meaning was
// checked by who wrote it, and will be by verify; here its place in the chain is.
Result<bool> HostLog::read_one_more(ByteSource& chain) {
  const auto damaged = [this](const std::string& what) {
    return Error{"host.chain is damaged at offset " + std::to_string(end_.bytes) + ": " + what};
  };
  Bytes frame(kHeaderBytes);
  SLUICE_TRY(std::size_t got, chain.read_at(end_.bytes, frame));
  if (got < kHeaderBytes) return false;
  const auto parsed = read_header(kEntryMagic, frame, kEntryBytesMax);
  if (const auto* bad = std::get_if<BadHeader>(&parsed)) return damaged(bad->what);
  const FrameHeader& header = std::get<FrameHeader>(parsed);
  if (header.sequence != end_.frames) return damaged("an entry has another's number");
  const std::size_t rest = header.payload_bytes + kHashBytes;
  frame.resize(kHeaderBytes + rest);
  SLUICE_TRY(got, chain.read_at(end_.bytes + kHeaderBytes, std::span{frame}.subspan(kHeaderBytes)));
  if (got < rest) return false;
  const ByteView whole{frame};
  const Hash head = hasher_.of({end_.head, whole.first(whole.size() - kHashBytes)});
  if (!std::equal(head.begin(), head.end(), whole.last(kHashBytes).begin()))
    return damaged("an entry's hash is wrong");
  end_ = {end_.frames + 1, end_.bytes + whole.size(), head};
  return true;
}

Result<void> HostLog::read_what_others_appended() {
  if (failed_) return {};
  const std::string path = options_.directory + "/" + std::string{kChainFile};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 ||
      static_cast<std::uint64_t>(status.st_size) <= end_.bytes)
    return {};  // what was cut off or removed is for verify to find
  SLUICE_TRY(auto source, open_source(path));
  for (;;) {
    const auto more = read_one_more(*source);
    if (!more) return fail_for_ever(more.error());
    if (!*more) break;
    entries_since_checkpoint_ += 1;
  }
  if (!due_at_) due_at_ = clock_.steady() + options_.checkpoint_interval;
  if (static_cast<std::uint64_t>(status.st_size) == end_.bytes) return {};
  // Nobody writes now: who left an unfinished entry has died.
  if (const int failed = chain_->truncate(end_.bytes); failed != 0)
    return fail_for_ever(Error::sys(-failed, "cut off the unfinished end of host.chain"));
  return {};
}

Result<void> HostLog::append_entry(const ChainEntry& entry) {
  SLUICE_TRY_VOID(begin_append());
  const EndOfAppend end{*this};
  return append_in_turn(entry);
}

Result<void> HostLog::append_in_turn(const ChainEntry& entry) {
  if (failed_) return failed_->within("the chain of the host takes no more entries");
  Position end = end_;
  const Bytes frame = encode_entry(entry, hasher_, end);
  std::uint64_t torn_bytes = 0;
  if (auto written = append_whole(*chain_, frame, end_.bytes, torn_bytes); !written) {
    const Error error = written.error().within("write host.chain");
    // Cut off again, the chain is whole and the next entry may go through; otherwise it may not.
    if (torn_bytes != 0) return fail_for_ever(error);
    return error;
  }
  end_ = end;
  if (std::holds_alternative<Checkpoint>(entry)) {
    entries_since_checkpoint_ = 0;
    due_at_.reset();
  } else {
    entries_since_checkpoint_ += 1;
    if (!due_at_) due_at_ = clock_.steady() + options_.checkpoint_interval;
  }
  if (options_.durability == Durability::kDisk)
    if (const int failed = chain_->sync(); failed != 0)
      return fail_for_ever(Error::sys(-failed, "sync host.chain"));
  return {};
}

Result<void> HostLog::add(const ChainEntry& entry) {
  const std::lock_guard lock{mutex_};
  return append_entry(entry);
}

Result<void> HostLog::append_row(const SessionSummary& summary) {
  SLUICE_TRY_VOID(begin_append());
  const EndOfAppend end{*this};
  return append_row_in_turn(summary);
}

Result<void> HostLog::append_row_in_turn(const SessionSummary& summary) {
  if (failed_) return failed_->within("the index takes no more rows");
  const Bytes row = encode_row(summary);
  const std::string path = options_.directory + "/" + std::string{kIndexFile};
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) index_bytes_ = static_cast<std::uint64_t>(status.st_size);
  std::uint64_t torn_bytes = 0;
  if (auto written = append_whole(*index_, row, index_bytes_, torn_bytes); !written) {
    const Error error = written.error().within("write the index");
    if (torn_bytes != 0) return fail_for_ever(error);
    return error;
  }
  index_bytes_ += row.size();
  return {};
}

Result<void> HostLog::add_row(const SessionSummary& summary) {
  const std::lock_guard lock{mutex_};
  return append_row(summary);
}

Result<std::optional<Checkpoint>> HostLog::checkpoint_if_due() {
  {
    const std::lock_guard lock{mutex_};
    const bool due = entries_since_checkpoint_ >= options_.checkpoint_entries ||
                     (due_at_ && *due_at_ <= clock_.steady());
    if (!due || entries_since_checkpoint_ == 0) return std::optional<Checkpoint>{};
  }
  SLUICE_TRY(auto made, checkpoint());
  return std::optional{std::move(made)};
}

Result<Checkpoint> HostLog::checkpoint() {
  const std::lock_guard one_at_a_time{checkpoint_mutex_};
  const auto sync = [this]() -> Result<void> {
    auto synced = files_->sync_everything(options_.directory);
    if (synced) return {};
    // After a failed sync nobody knows what the disk has.
    const std::lock_guard lock{mutex_};
    return fail_for_ever(synced.error());
  };
  waiting_.write_out(clock_.steady());
  // What is signed must be on the disk: first all that the entries so far speak of.
  SLUICE_TRY_VOID(sync());
  Checkpoint checkpoint;
  {
    const std::lock_guard lock{mutex_};
    SLUICE_TRY_VOID(begin_append());
    const EndOfAppend end{*this};
    checkpoint.host_id = host_id_;
    checkpoint.entries = end_.frames;
    checkpoint.head = end_.head;
    checkpoint.at = clock_.wall();
    auto signature = key_.sign(as_bytes(checkpoint.signed_text()));
    if (!signature) return signature.error();
    checkpoint.signature = *signature;
    SLUICE_TRY_VOID(append_entry(checkpoint));
    newest_checkpoint_ = checkpoint;
  }
  if (const int failed = chain_->sync(); failed != 0) {
    const std::lock_guard lock{mutex_};
    const Error error = Error::sys(-failed, "sync host.chain");
    failed_ = error;
    return error;
  }
  const std::string path = options_.directory + "/" + std::string{kCheckpointFile};
  SLUICE_TRY_VOID(files_->replace(path, checkpoint.text()));
  return checkpoint;
}

std::optional<Checkpoint> HostLog::latest_checkpoint() const {
  const std::lock_guard lock{mutex_};
  return newest_checkpoint_;
}

}  // namespace sluice::record
