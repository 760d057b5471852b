/* SPDX-License-Identifier: Apache-2.0 */
#include "accomplice.h"

#include <signal.h>

/* The program that was started in the run: it has made no child and no socket when it is moved. */
static int moved(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  raise(SIGSTOP);
  return tell("start in the run, be moved out by somebody else, connect",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}

int main(void) {
  int status = 0;
  if (!is_accomplice()) return ask_accomplice("moved_out");
  if (getenv("ESCAPE_STARTED") != NULL) return moved();
  const pid_t child = fork();
  if (child == 0) {
    setenv("ESCAPE_STARTED", "1", 1);
    if (move_to(setting("ESCAPE_RUN_CGROUP"), 0) == 0)
      execl("/proc/self/exe", "escape", "moved_out", (char*)NULL);
    _exit(3);
  }
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) return 3;
  if (move_to(setting("ESCAPE_OUTSIDE_CGROUP"), child) != 0) return 3;
  kill(child, SIGCONT);
  waitpid(child, &status, 0);
  return 0;
}
