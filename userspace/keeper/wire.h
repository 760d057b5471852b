// SPDX-License-Identifier: Apache-2.0
// One datagram with at most one descriptor, and bounded text in fixed arrays.
#pragma once

#include <sluice/result.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/unique_fd.h"

namespace sluice::keeper {

struct Datagram {
  std::size_t size = 0;  // 0: the other end is closed
  UniqueFd fd;           // the descriptor that came along
  bool whole = true;     // false: longer than the buffer, or with more than one descriptor
};

// Blocks. Descriptors arrive close-on-exec; those that are too many are closed.
Result<Datagram> receive(int socket, void* buffer, std::size_t capacity);

enum class Waiting : bool { kNo, kYes };
// `fd` -1 sends none.
Result<void> send(int socket, const void* bytes, std::size_t size, int fd, Waiting waiting);

// False where it does not fit with its NUL, or holds one.
bool put_text(char* out, std::size_t capacity, std::string_view text);
// Nothing where no NUL ends it.
std::optional<std::string_view> get_text(const char* in, std::size_t capacity);

}  // namespace sluice::keeper
