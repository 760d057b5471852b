/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

/* Whoever inherits such a ring has the thread work for him, with the maker's run. */
int main(void) {
  const struct io_uring_sqe entry = {.opcode = IORING_OP_NOP};
  struct ring ring;
  if (ring_open(&ring, IORING_SETUP_SQPOLL) != 0) return tell("io_uring_setup", -1);
  return tell("have a kernel thread of its own work", ring_do(&ring, &entry));
}
