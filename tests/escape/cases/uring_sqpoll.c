/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

/* The kernel's own thread makes the call. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  struct ring ring;
  if (ring_open(&ring, IORING_SETUP_SQPOLL) != 0) return tell("io_uring_setup", -1);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct io_uring_sqe entry = {
      .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)&to, .off = sizeof to};
  return tell("connect by io_uring's kernel thread",
              ring_do(&ring, &entry) < 0 ? -1 : exchange(fd));
}
