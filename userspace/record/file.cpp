// SPDX-License-Identifier: Apache-2.0
#include "record/file.h"

#include "base/unique_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace sluice::record {
namespace {

class SystemFile final : public AppendFile {
 public:
  explicit SystemFile(UniqueFd fd) : fd_(std::move(fd)) {}
  std::int64_t write(ByteView bytes) override {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    return written < 0 ? -errno : written;
  }
  int sync() override { return ::fdatasync(fd_.get()) == 0 ? 0 : -errno; }
  int truncate(std::uint64_t size) override {
    return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? 0 : -errno;
  }
  int reserve(std::uint64_t offset, std::uint64_t bytes) override {
    return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                       static_cast<off_t>(bytes)) == 0
               ? 0
               : -errno;
  }

 private:
  UniqueFd fd_;
};

class SystemFiles final : public Files {
 public:
  Result<std::unique_ptr<AppendFile>> open(const std::string& path, Mode mode) override {
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
                      (mode == Mode::kCreateNew ? O_EXCL : 0);
    UniqueFd fd{::open(path.c_str(), flags, 0640)};
    if (!fd) return Error::sys(errno, "open '" + path + "'");
    // A session's file: for as long as it is open others can see that it has a writer
    // (append_turn.h).
    if (mode == Mode::kCreateNew && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      const int failed = errno;
      ::unlink(path.c_str());
      return Error::sys(failed, "lock '" + path + "'");
    }
    return std::unique_ptr<AppendFile>{std::make_unique<SystemFile>(std::move(fd))};
  }
  Result<void> sync_directory(const std::string& directory) override {
    UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd || ::fsync(fd.get()) != 0) return Error::sys(errno, "sync '" + directory + "'");
    return {};
  }
  Result<void> sync_everything(const std::string& directory) override {
    UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd || ::syncfs(fd.get()) != 0) return Error::sys(errno, "sync '" + directory + "'");
    return {};
  }
  void remove(const std::string& path) override { ::unlink(path.c_str()); }
  Result<void> replace(const std::string& path, std::string_view content) override {
    const std::string part = path + ".new";
    UniqueFd fd{::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640)};
    if (!fd) return Error::sys(errno, "open '" + part + "'");
    SystemFile file{std::move(fd)};
    std::uint64_t torn_bytes = 0;
    SLUICE_TRY_VOID(append_whole(file, as_bytes(content), 0, torn_bytes));
    if (const int failed = file.sync(); failed != 0)
      return Error::sys(-failed, "sync '" + part + "'");
    if (::rename(part.c_str(), path.c_str()) != 0) return Error::sys(errno, "write '" + path + "'");
    return {};
  }
};

class FileSource final : public ByteSource {
 public:
  explicit FileSource(UniqueFd fd) : fd_(std::move(fd)) {}
  // A block is a header and a payload: reading ahead spares one pread(2) in two.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::size_t done = from_window(offset, into);
    while (done < into.size()) {
      const std::size_t want = into.size() - done;
      if (want >= kWindowBytes) {
        auto got = pread_some(offset + done, into.subspan(done));
        if (!got) return got.error();
        if (*got == 0) break;
        done += *got;
        continue;
      }
      window_.resize(kWindowBytes);
      auto got = pread_some(offset + done, window_);
      if (!got) return got.error();
      window_.resize(*got);
      window_offset_ = offset + done;
      if (*got == 0) break;
      done += from_window(offset + done, into.subspan(done));
    }
    return done;
  }
  Result<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) return Error::sys(errno, "look at a recording");
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  static constexpr std::size_t kWindowBytes = 64U << 10;

  std::size_t from_window(std::uint64_t offset, std::span<std::uint8_t> into) const {
    if (offset < window_offset_ || offset >= window_offset_ + window_.size()) return 0;
    const auto skip = static_cast<std::size_t>(offset - window_offset_);
    const std::size_t count = std::min(into.size(), window_.size() - skip);
    std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(skip), count, into.begin());
    return count;
  }
  Result<std::size_t> pread_some(std::uint64_t offset, std::span<std::uint8_t> into) const {
    for (;;) {
      const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return Error::sys(errno, "read a recording");
    }
  }

  UniqueFd fd_;
  Bytes window_;
  std::uint64_t window_offset_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const ByteView rest = bytes_.subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(rest.size(), into.size());
    std::copy_n(rest.begin(), count, into.begin());
    return count;
  }
  Result<std::uint64_t> size() const override { return std::uint64_t{bytes_.size()}; }

 private:
  ByteView bytes_;
};

}  // namespace

std::unique_ptr<Files> system_files() { return std::make_unique<SystemFiles>(); }

Result<void> append_whole(AppendFile& file, ByteView bytes, std::uint64_t size_before,
                          std::uint64_t& torn_bytes) {
  torn_bytes = 0;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::int64_t written = file.write(bytes.subspan(done));
    if (written == -EINTR) continue;
    if (written > 0) {
      // A short write is followed by the rest, so that the kernel says why it was short.
      done += static_cast<std::size_t>(written);
      continue;
    }
    if (done > 0 && file.truncate(size_before) != 0) torn_bytes = done;
    return Error::sys(written == 0 ? EIO : static_cast<int>(-written),
                      "write " + std::to_string(bytes.size()) + " bytes at offset " +
                          std::to_string(size_before) + " (" + std::to_string(done) +
                          " were written)");
  }
  return {};
}

Result<void> cut_off(Files& files, const std::string& path, std::uint64_t size) {
  SLUICE_TRY(auto file, files.open(path, Files::Mode::kAppend));
  if (const int failed = file->truncate(size); failed != 0)
    return Error::sys(-failed, "cut off the unfinished end of '" + path + "'");
  return {};
}

Result<std::unique_ptr<ByteSource>> open_source(const std::string& path) {
  // O_NONBLOCK: a FIFO put under a recording's name must not hang a verifier.
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!fd) return Error::sys(errno, "open '" + path + "'");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::sys(errno, "look at '" + path + "'");
  if (!S_ISREG(status.st_mode)) return Error{"'" + path + "' is not a regular file"};
  return std::unique_ptr<ByteSource>{std::make_unique<FileSource>(std::move(fd))};
}

std::unique_ptr<ByteSource> memory_source(ByteView bytes) {
  return std::make_unique<MemorySource>(bytes);
}

Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max) {
  SLUICE_TRY(auto source, open_source(path));
  Bytes bytes(bytes_max + 1);
  auto got = source->read_at(0, bytes);
  if (!got) return got.error().within("'" + path + "'");
  if (*got > bytes_max)
    return Error{"'" + path + "' is longer than " + std::to_string(bytes_max) + " bytes"};
  return std::string{as_text(ByteView{bytes}.first(*got))};
}

}  // namespace sluice::record
