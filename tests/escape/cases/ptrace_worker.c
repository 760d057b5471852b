/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/ptrace.h>

int main(void) {
  const pid_t worker = number("ESCAPE_WORKER_PID");
  const long seized = ptrace(PTRACE_SEIZE, worker, NULL, NULL);
  if (seized == 0) ptrace(PTRACE_DETACH, worker, NULL, NULL);
  return tell("ptrace of the worker", seized);
}
