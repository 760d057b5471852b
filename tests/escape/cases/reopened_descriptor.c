/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", number("ESCAPE_VICTIM_PID"),
           number("ESCAPE_VICTIM_FD"));
  const int fd = open(path, O_RDWR);
  return tell("open a socket of another process by /proc/PID/fd", fd < 0 ? -1 : exchange(fd));
}
