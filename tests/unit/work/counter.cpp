// SPDX-License-Identifier: Apache-2.0
#include "counter.h"

#include <gtest/gtest.h>

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

std::uint64_t blocks, bytes_asked, bytes_now, bytes_most;

void* asked(std::size_t size) {
  void* place = std::malloc(size == 0 ? 1 : size);
  if (place == nullptr) throw std::bad_alloc{};
  bytes_asked += size;
  bytes_now += malloc_usable_size(place);
  bytes_most = std::max(bytes_most, bytes_now);
  return place;
}

void given_back(void* place) noexcept {
  if (place != nullptr) bytes_now -= malloc_usable_size(place);
  std::free(place);
}

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() { ++blocks; }

void* operator new(std::size_t size) { return asked(size); }
void* operator new[](std::size_t size) { return asked(size); }
void operator delete(void* place) noexcept { given_back(place); }
void operator delete[](void* place) noexcept { given_back(place); }
void operator delete(void* place, std::size_t) noexcept { given_back(place); }
void operator delete[](void* place, std::size_t) noexcept { given_back(place); }

namespace sluice::work {
namespace {

void* run(void* act) {
  (*static_cast<const std::function<void()>*>(act))();
  return nullptr;
}

// Pages of it that were ever touched are at its upper end.
std::size_t touched(const std::uint8_t* stack, std::size_t stack_bytes) {
  constexpr std::size_t kPage = 4096;
  std::size_t at = 0;
  while (at < stack_bytes &&
         std::all_of(stack + at, stack + at + kPage, [](std::uint8_t byte) { return byte == 0; }))
    at += kPage;
  return stack_bytes - at;
}

}  // namespace

Work measure(std::size_t stack_bytes, const std::function<void()>& act) {
  void* stack = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  EXPECT_NE(stack, MAP_FAILED);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, stack_bytes);
  blocks = bytes_asked = 0;
  bytes_most = bytes_now;
  const std::uint64_t before = bytes_now;
  pthread_t thread;
  EXPECT_EQ(
      pthread_create(&thread, &attributes, run, const_cast<void*>(static_cast<const void*>(&act))),
      0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  const Work work{blocks, bytes_asked, bytes_most - before,
                  touched(static_cast<const std::uint8_t*>(stack), stack_bytes)};
  ::munmap(stack, stack_bytes);
  return work;
}

}  // namespace sluice::work
