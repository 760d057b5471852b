/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", number("ESCAPE_VICTIM_PID"));
  const int fd = open(path, O_RDWR);
  if (fd < 0) return tell("open /proc/PID/mem", -1);
  return tell("write another process's /proc/PID/mem",
              pwrite(fd, token(), strlen(token()) + 1,
                     (off_t)strtoul(setting("ESCAPE_VICTIM_ADDRESS"), NULL, 16)));
}
