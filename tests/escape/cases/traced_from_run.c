/* SPDX-License-Identifier: Apache-2.0 */
#include "accomplice.h"

#include <signal.h>
#include <sys/ptrace.h>

static char errand[64] = "idle";

/* Stays outside, and lets its parent trace it when that has gone to the run. */
static void child_outside(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  raise(SIGSTOP);
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
    tell("trace a child from outside", -1);
    _exit(0);
  }
  raise(SIGSTOP);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int sent = connect(fd, (const struct sockaddr*)&to, sizeof to) == 0 &&
                   send(fd, errand, strlen(errand), MSG_NOSIGNAL) > 0;
  tell("trace a child from outside, and give it an errand", sent ? answer(fd) : -1);
  _exit(0);
}

int main(void) {
  int status = 0;
  if (!is_accomplice()) return ask_accomplice("traced_from_run");
  const pid_t child = fork();
  if (child == 0) child_outside();
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) return 3;
  if (move_to(setting("ESCAPE_RUN_CGROUP"), 0) != 0) return 3;
  /* What it does first in the run, as any agent: it starts something. */
  const pid_t other = fork();
  if (other == 0) _exit(0);
  waitpid(other, &status, 0);
  kill(child, SIGCONT);
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 0;
  for (size_t at = 0; at <= strlen(token()); at += sizeof(long)) {
    long word = 0;
    strncpy((char*)&word, token() + at, sizeof word);
    ptrace(PTRACE_POKEDATA, child, errand + at, (void*)word);
  }
  ptrace(PTRACE_DETACH, child, NULL, NULL);
  waitpid(child, &status, 0);
  return 0;
}
