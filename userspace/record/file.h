// SPDX-License-Identifier: Apache-2.0
// The few file operations that a recording is written with, behind an interface so that a test can
// make each of them fail.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::record {

// A file that is only appended to. Used by one thread at a time, but sync() by any.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // As write(2): bytes written, or -errno. May write less than asked.
  virtual std::int64_t write(ByteView bytes) = 0;
  virtual int sync() = 0;                        // fdatasync(2): 0 or -errno
  virtual int truncate(std::uint64_t size) = 0;  // ftruncate(2): 0 or -errno
  // Room on the disk beyond the end of the file, which stays where it is; truncate() gives back
  // what was not used. fallocate(2): 0 or -errno.
  virtual int reserve(std::uint64_t offset, std::uint64_t bytes) = 0;
};

class Files {
 public:
  enum class Mode : std::uint8_t { kCreateNew, kAppend };  // kAppend creates what is missing
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<AppendFile>> open(const std::string& path, Mode mode) = 0;
  // Makes the names in `directory` durable.
  virtual Result<void> sync_directory(const std::string& directory) = 0;
  // syncfs(2): all that was written to the file system of `directory` is on the disk.
  virtual Result<void> sync_everything(const std::string& directory) = 0;
  virtual void remove(const std::string& path) = 0;
  // The file at `path` has this content, or what it had before.
  virtual Result<void> replace(const std::string& path, std::string_view content) = 0;
};

// Files of the machine, mode 0640.
std::unique_ptr<Files> system_files();

// Writes all of `bytes` or nothing: what a failed write left behind is cut off again. Where even
// that fails, `torn_bytes` of it stay behind; it is 0 otherwise.
Result<void> append_whole(AppendFile& file, ByteView bytes, std::uint64_t size_before,
                          std::uint64_t& torn_bytes);

// What stands after `size` in the file, an append that was cut short, goes.
Result<void> cut_off(Files& files, const std::string& path, std::uint64_t size);

// Reads at any offset. Used by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills as much of `into` as there is; fewer bytes mean the end.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  virtual Result<std::uint64_t> size() const = 0;
};
Result<std::unique_ptr<ByteSource>> open_source(const std::string& path);
// `bytes` must outlive the source.
std::unique_ptr<ByteSource> memory_source(ByteView bytes);

// A small file whole. More than `bytes_max` is an error.
Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max);

}  // namespace sluice::record
