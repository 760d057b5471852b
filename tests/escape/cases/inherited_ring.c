/* SPDX-License-Identifier: Apache-2.0 */
#include "accomplice.h"
#include "ring.h"

/* The thread of a ring that was made outside works there, for whoever has the ring's memory. */
static long use(struct ring* ring, const struct sockaddr_in* to) {
  const struct io_uring_sqe make = {.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM};
  const int fd = (int)ring_do(ring, &make); /* among the files of the ring's maker */
  const struct io_uring_sqe connect_it = {
      .opcode = IORING_OP_CONNECT, .fd = fd, .addr = (unsigned long)to, .off = sizeof *to};
  const struct io_uring_sqe send_it = {.opcode = IORING_OP_SEND,
                                       .fd = fd,
                                       .addr = (unsigned long)token(),
                                       .len = (unsigned)strlen(token())};
  return fd < 0 || ring_do(ring, &connect_it) < 0 ? -1 : ring_do(ring, &send_it);
}

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const char* tried = "connect by the thread of a ring that was made outside";
  struct ring ring;
  if (!is_accomplice()) return ask_accomplice("inherited_ring");
  if (ring_open(&ring, IORING_SETUP_SQPOLL) != 0) return tell(tried, -1);
  const pid_t child = fork();
  if (child == 0) {
    if (move_to(setting("ESCAPE_RUN_CGROUP"), 0) != 0) _exit(3);
    tell(tried, use(&ring, &to));
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return 0;
}
