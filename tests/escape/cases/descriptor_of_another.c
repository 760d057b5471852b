/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const int process = (int)syscall(SYS_pidfd_open, number("ESCAPE_VICTIM_PID"), 0);
  if (process < 0) return tell("pidfd_open", -1);
  const int fd = (int)syscall(SYS_pidfd_getfd, process, number("ESCAPE_VICTIM_FD"), 0);
  return tell("take a connection by pidfd_getfd", fd < 0 ? -1 : exchange(fd));
}
