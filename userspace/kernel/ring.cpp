// SPDX-License-Identifier: Apache-2.0
#include "kernel/ring.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace sluice::kernel {
namespace {

constexpr std::size_t kHeaderBytes = BPF_RINGBUF_HDR_SZ;
constexpr std::uint32_t kFlags = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;

std::uint64_t acquire(void* at) {
  return std::atomic_ref{*static_cast<std::uint64_t*>(at)}.load(std::memory_order_acquire);
}

std::size_t room_of(std::uint32_t length) { return (length + kHeaderBytes + 7) / 8 * 8; }

}  // namespace

Result<Ring> Ring::open(int map) {
  bpf_map_info info{};
  __u32 bytes = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &bytes) != 0 || info.type != BPF_MAP_TYPE_RINGBUF)
    return Error::sys(errno, "look at the ring buffer of kernel events");
  Ring ring;
  ring.page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  ring.size_ = info.max_entries;
  void* consumer = ::mmap(nullptr, ring.page_, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (consumer == MAP_FAILED) return Error::sys(errno, "map the ring buffer of kernel events");
  ring.consumer_ = consumer;
  void* producer = ::mmap(nullptr, ring.page_ + 2 * ring.size_, PROT_READ, MAP_SHARED, map,
                          static_cast<off_t>(ring.page_));
  if (producer == MAP_FAILED) return Error::sys(errno, "map the ring buffer of kernel events");
  ring.producer_ = producer;
  ring.position_ = acquire(consumer);
  return ring;
}

Ring::~Ring() {
  if (consumer_ != nullptr) ::munmap(consumer_, page_);
  if (producer_ != nullptr) ::munmap(producer_, page_ + 2 * size_);
}

Ring::Ring(Ring&& other) noexcept
    : consumer_(std::exchange(other.consumer_, nullptr)),
      producer_(std::exchange(other.producer_, nullptr)),
      page_(other.page_),
      size_(other.size_),
      position_(other.position_) {}

Result<void> Ring::read(std::size_t bytes_max, const std::function<Result<void>(ByteView)>& take) {
  auto* data = static_cast<std::uint8_t*>(producer_) + page_;
  const std::uint64_t end = acquire(producer_);
  const std::uint64_t from = position_;
  while (position_ < end && position_ - from < bytes_max) {
    auto* record = data + (position_ & (size_ - 1));
    const std::uint32_t header =
        std::atomic_ref{*reinterpret_cast<std::uint32_t*>(record)}.load(std::memory_order_acquire);
    if ((header & BPF_RINGBUF_BUSY_BIT) != 0) break;  // a hook is still writing it
    const std::uint32_t length = header & ~kFlags;
    if ((header & BPF_RINGBUF_DISCARD_BIT) == 0)
      SLUICE_TRY_VOID(take(ByteView{record + kHeaderBytes, length}));
    position_ += room_of(length);
  }
  return {};
}

Result<void> Ring::skip_to(std::uint64_t position) {
  if (position > acquire(producer_))
    return Error{"the ring buffer of kernel events is not the one that was read before"};
  if (position > position_) position_ = position;
  release();
  return {};
}

void Ring::release() {
  std::atomic_ref{*static_cast<std::uint64_t*>(consumer_)}.store(position_,
                                                                 std::memory_order_release);
}

}  // namespace sluice::kernel
