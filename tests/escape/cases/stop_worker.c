/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <signal.h>
#include <time.h>

static int connects(const char* port) {
  const struct sockaddr_in to = loopback4(number(port));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int failed = fd < 0 ? fd : connect(fd, (const struct sockaddr*)&to, sizeof to);
  const int why = errno;
  close(fd);
  errno = why;
  return failed == 0;
}

/* A stopped process cannot look on. It counts as dead within the limit of its heartbeat; what still
 * passes after twice that time passes for ever. */
int main(void) {
  const pid_t worker = number("ESCAPE_WORKER_PID");
  const time_t until = time(NULL) + 2 * number("ESCAPE_HEARTBEAT_MS") / 1000;
  int passes = 1, direct = 1;
  if (kill(worker, SIGSTOP) != 0) return tell("SIGSTOP to the worker, then connect", -1);
  while (passes && time(NULL) < until) {
    usleep(200000);
    direct = connects("ESCAPE_DIRECT");
    passes = connects("ESCAPE_DATABASE") || direct;
  }
  const char* got = passes
                        ? (direct ? "direct connections go on" : "steered to who does not answer")
                        : errno_name();
  kill(worker, SIGCONT);
  /* The next case must not be held by this one. */
  for (int i = 0; i < 100 && !connects("ESCAPE_DIRECT"); ++i) usleep(100000);
  return say("SIGSTOP to the worker, then connect", got, passes);
}
