// SPDX-License-Identifier: Apache-2.0
#include "record/recorder.h"

#include "base/unique_fd.h"
#include "record/journal_recovery.h"
#include "record/recovery.h"
#include "record/session_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

namespace sluice::record {
namespace {

// A daemon that was killed a moment ago holds its lock until the last of its threads is gone: 1 s.
constexpr int kLockTries = 100;
constexpr std::chrono::milliseconds kLockPause{10};

Result<UniqueFd> lock_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST)
    return Error::sys(errno, "create '" + directory + "'");
  const std::string path = directory + "/lock";
  UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640)};
  if (!fd) return Error::sys(errno, "open '" + path + "'");
  for (int tries = 0; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK) return Error::sys(errno, "lock '" + path + "'");
    if (tries == kLockTries)
      return Error{"'" + directory + "' belongs to another daemon that is running"};
    std::this_thread::sleep_for(kLockPause);
  }
  return fd;
}

class Implementation final : public DirectoryRecorder {
 public:
  Implementation(UniqueFd lock, std::shared_ptr<HostLog> host, std::vector<std::string> recovered)
      : lock_(std::move(lock)), host_(std::move(host)), recovered_(std::move(recovered)) {}

  Result<std::unique_ptr<SessionWriter>> open(WallTime at, const SessionOpened& opened) override {
    return FileSessionWriter::open(host_, at, opened);
  }
  const std::vector<std::string>& recovered() const override { return recovered_; }
  void hand_over() override { lock_.reset(); }
  Result<void> take_back() override {
    SLUICE_TRY(lock_, lock_directory(host_->options().directory));
    return {};
  }
  Result<std::vector<std::string>> finish_abandoned() override {
    SLUICE_TRY_VOID(host_->hold());
    std::vector<std::string> finished;
    auto done = finish_what_has_no_writer(*host_, finished);
    host_->let_others();
    if (!done) return done.error().within("finish the sessions of a daemon that died");
    return finished;
  }
  const PublicKey& public_key() const override { return host_->public_key(); }
  void write_out() override { host_->write_out(); }
  Result<std::optional<Checkpoint>> checkpoint_if_due() override {
    return host_->checkpoint_if_due();
  }
  Result<Checkpoint> checkpoint() override { return host_->checkpoint(); }
  std::optional<Checkpoint> latest_checkpoint() const override {
    return host_->latest_checkpoint();
  }

 private:
  UniqueFd lock_;
  std::shared_ptr<HostLog> host_;
  std::vector<std::string> recovered_;
};

}  // namespace

Result<std::unique_ptr<DirectoryRecorder>> DirectoryRecorder::start(const RecorderOptions& options,
                                                                    const Clock& clock) {
  return start(options, clock, system_files());
}

Result<std::unique_ptr<DirectoryRecorder>> DirectoryRecorder::start(const RecorderOptions& options,
                                                                    const Clock& clock,
                                                                    std::unique_ptr<Files> files) {
  const auto phrase = [&](const Error& error) { return error.within("start recording"); };
  auto lock = lock_directory(options.directory);
  if (!lock) return phrase(lock.error());
  auto key = SigningKey::load_or_create(options.key_directory);
  if (!key) return phrase(key.error());
  auto turn = AppendTurn::of(options.directory);
  if (!turn) return phrase(turn.error());
  if (auto taken = turn->take(); !taken) return phrase(taken.error());
  std::vector<std::string> recovered;
  auto opened = open_directory(options, *files, key->public_key(), recovered);
  if (!opened) return phrase(opened.error());
  const ChainBegun begun{.at = clock.wall(), .public_key = key->public_key().raw()};
  auto host = std::make_shared<HostLog>(options, std::move(files), *std::move(key), clock,
                                        *std::move(turn), std::move(opened->start));
  Result<void> done;
  if (opened->fresh) done = host->add(begun);
  if (done) done = write_out_left_journals(*host, opened->sessions, recovered);
  if (done) done = finish_sessions(*host, opened->sessions, recovered);
  if (done) done = host->open_journal();
  if (!done) return phrase(done.error());
  for (const std::string& what : recovered)
    if (auto told = host->add(ChainRemark{.at = clock.wall(), .text = what.substr(0, 2048)}); !told)
      return phrase(told.error());
  // What was found and repaired is signed before anything new is recorded.
  if (opened->fresh || !recovered.empty())
    if (auto signed_now = host->checkpoint(); !signed_now) return phrase(signed_now.error());
  host->let_others();
  return std::unique_ptr<DirectoryRecorder>{
      std::make_unique<Implementation>(*std::move(lock), std::move(host), std::move(recovered))};
}

}  // namespace sluice::record
