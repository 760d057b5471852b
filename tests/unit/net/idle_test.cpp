// SPDX-License-Identifier: Apache-2.0
// What an idle flow costs (DESIGN.md, budgets: at most 32 KiB resident).
#include "support.h"
#include "tls_peer.h"

#include <malloc.h>
#include <sys/resource.h>

namespace sluice::net::test {
namespace {

std::size_t heap_bytes() { return ::mallinfo2().uordblks; }

bool under_a_sanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

TEST(IdleFlows, CostAtMostThirtyTwoKibibytesEach) {
  ASSERT_FALSE(under_a_sanitizer()) << "a sanitizer's heap says nothing about the product's";
  // Four descriptors per flow in this one process: both ends of both legs.
  const rlimit wanted{8192, 8192};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &wanted), 0) << "RLIMIT_NOFILE cannot be 8192; run as root";
  constexpr std::size_t kFlows = 1000;
  Plane plane;
  std::vector<std::pair<UniqueFd, UniqueFd>> ends;
  ends.reserve(kFlows);
  ends.push_back(plane.connect_through());
  const std::size_t before = heap_bytes();
  while (ends.size() < kFlows) {
    ends.push_back(plane.connect_through());
    // Each has carried something, so that buffers which were not given back would be seen.
    const std::string message(3000, 'm');
    send_all(ends.back().first, message);
    ASSERT_EQ(receive_exactly(ends.back().second, message.size()), message);
  }
  EXPECT_EQ(plane.server->flows().size(), kFlows);
  const std::size_t each = (heap_bytes() - before) / (kFlows - 1);
  RecordProperty("heap_bytes_per_idle_flow", static_cast<int>(each));
  EXPECT_LE(each, 32U << 10);
  EXPECT_LE(each, 8U << 10) << "without TLS far less is enough";
}

}  // namespace
}  // namespace sluice::net::test
