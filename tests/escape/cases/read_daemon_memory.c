/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", number("ESCAPE_WORKER_PID"));
  return tell("open the worker's /proc/PID/mem", open(path, O_RDONLY));
}
