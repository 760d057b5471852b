/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <linux/sched.h>
#include <signal.h>

int main(void) {
  const int outside = open(setting("ESCAPE_OUTSIDE_CGROUP"), O_RDONLY | O_DIRECTORY);
  struct clone_args arguments = {
      .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned long long)outside};
  int status = 0;
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child < 0) return tell("clone3(CLONE_INTO_CGROUP)", -1);
  if (child == 0) {
    const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
    tell("connect from a child made in another cgroup",
         connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
    _exit(0);
  }
  waitpid((pid_t)child, &status, 0);
  return 0;
}
