/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* What is written there is started by the kernel, outside of every run. Only opened: to write would
 * change the machine. */
int main(void) {
  const int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
  return tell("open /proc/sys/kernel/core_pattern for writing", fd);
}
