// SPDX-License-Identifier: Apache-2.0
// A file system whose nth operation fails, in the way that is asked for (STYLE A24).
#pragma once

#include "record/file.h"

#include <errno.h>

#include <atomic>
#include <memory>
#include <string>

namespace sluice::record::test {

struct Fault {
  enum class Kind { kFull, kShortThenFull, kBroken, kZero };
  Kind kind = Kind::kFull;
  int at = 0;             // 1 is the next operation; 0 never
  bool for_ever = false;  // what follows fails too
  bool truncate_fails = false;
  std::atomic<int> count{0};
  std::atomic<bool> hit{false};

  bool now() {
    const int n = ++count;
    const bool fails = at != 0 && (n == at || (for_ever && n > at));
    if (fails) hit = true;
    return fails;
  }
};

class FailingFile final : public AppendFile {
 public:
  FailingFile(std::unique_ptr<AppendFile> real, Fault& fault)
      : real_(std::move(real)), fault_(fault) {}
  std::int64_t write(ByteView bytes) override {
    if (rest_fails_) return -ENOSPC;
    if (!fault_.now()) return real_->write(bytes);
    switch (fault_.kind) {
      case Fault::Kind::kFull: return -ENOSPC;
      case Fault::Kind::kBroken: return -EIO;
      case Fault::Kind::kZero: return 0;
      case Fault::Kind::kShortThenFull:
        rest_fails_ = true;
        return real_->write(bytes.first(bytes.size() / 2));
    }
    return -EIO;
  }
  // Never the disk itself: a test that starts a thousand times would wait for it a thousand times.
  int sync() override { return fault_.now() ? -EIO : 0; }
  int truncate(std::uint64_t size) override {
    if (fault_.truncate_fails) return -EIO;
    rest_fails_ = false;
    return real_->truncate(size);
  }
  int reserve(std::uint64_t offset, std::uint64_t bytes) override {
    return fault_.now() ? -ENOSPC : real_->reserve(offset, bytes);
  }

 private:
  std::unique_ptr<AppendFile> real_;
  Fault& fault_;
  bool rest_fails_ = false;
};

class FailingFiles final : public Files {
 public:
  explicit FailingFiles(Fault& fault) : fault_(fault) {}
  Result<std::unique_ptr<AppendFile>> open(const std::string& path, Mode mode) override {
    if (fault_.now()) return Error::sys(EMFILE, "open '" + path + "'");
    auto file = real_->open(path, mode);
    if (!file) return file.error();
    return std::unique_ptr<AppendFile>{std::make_unique<FailingFile>(*std::move(file), fault_)};
  }
  Result<void> sync_directory(const std::string& directory) override {
    if (fault_.now()) return Error::sys(EIO, "sync '" + directory + "'");
    return {};
  }
  Result<void> sync_everything(const std::string& directory) override {
    return sync_directory(directory);
  }
  void remove(const std::string& path) override { real_->remove(path); }
  Result<void> replace(const std::string& path, std::string_view content) override {
    if (fault_.now()) return Error::sys(ENOSPC, "write '" + path + "'");
    return real_->replace(path, content);
  }

 private:
  std::unique_ptr<Files> real_ = system_files();
  Fault& fault_;
};

}  // namespace sluice::record::test
