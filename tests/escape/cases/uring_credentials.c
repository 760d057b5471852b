/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

/* Root gives itself up, but for what a ring has kept of it. */
int main(void) {
  const char* secret = setting("ESCAPE_SECRET_FILE");
  struct ring ring;
  if (ring_open(&ring, 0) != 0) return tell("io_uring_setup", -1);
  const long root = syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
  if (root < 0 || setresuid(65534, 65534, 65534) != 0)
    return tell("keep credentials in a ring", -1);
  if (open(secret, O_RDONLY) >= 0) return 3;
  const struct io_uring_sqe entry = {.opcode = IORING_OP_OPENAT,
                                     .fd = AT_FDCWD,
                                     .addr = (unsigned long)secret,
                                     .open_flags = O_RDONLY,
                                     .personality = (unsigned short)root};
  return tell("open by io_uring with credentials that it has given up", ring_do(&ring, &entry));
}
