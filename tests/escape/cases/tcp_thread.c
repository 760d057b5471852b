/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sched.h>
#include <signal.h>

static int attempt(void* unused) {
  (void)unused;
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  return tell("connect from a task that shares memory and files",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}

int main(void) {
  static char stack[65536] __attribute__((aligned(16)));
  const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD;
  int status = 0;
  const pid_t child = clone(attempt, stack + sizeof stack, flags, NULL);
  if (child < 0) return tell("clone(CLONE_VM)", -1);
  waitpid(child, &status, 0);
  return 0;
}
