/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

/* No seccomp filter sees the operations of a ring. */
int main(void) {
  struct ring ring;
  if (ring_open(&ring, 0) != 0) return tell("io_uring_setup", -1);
  const struct io_uring_sqe entry = {
      .opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_RAW, .len = IPPROTO_ICMP};
  return tell("a raw socket by io_uring", ring_do(&ring, &entry));
}
