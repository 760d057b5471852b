/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case.h"

/* Somebody outside, root, who does on request what a service manager or a supervisor might: runs
 * this case's program again, outside of the run. Its main() then finds itself the accomplice, knows
 * the run's cgroup as ESCAPE_RUN_CGROUP, and says the line. */
static inline int is_accomplice(void) { return getenv("ESCAPE_RUN_CGROUP") != NULL; }

static inline int ask_accomplice(const char* name) {
  char text[1024];
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_ACCOMPLICE"), &to);
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (server < 0 || connect(server, (struct sockaddr*)&to, length) != 0)
    return tell("ask an accomplice", -1);
  const int size = snprintf(text, sizeof text, "run %s %s", name, token());
  if (send(server, text, (size_t)size, MSG_NOSIGNAL) < 0) return tell("ask an accomplice", -1);
  struct pollfd ready = {.fd = server, .events = POLLIN};
  if (poll(&ready, 1, 3 * ANSWER_MS) == 0) return 3;
  const ssize_t got = read(server, text, sizeof text - 1);
  if (got <= 0) return 3;
  text[got] = '\0';
  fputs(text, stdout);
  return 0;
}

/* Moves a process (0 = the caller) to a cgroup; the errno of a failure is in the line. */
static inline int move_to(const char* cgroup, pid_t process) {
  char path[512], text[16];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  const int size = snprintf(text, sizeof text, "%d", process);
  const int procs = open(path, O_WRONLY | O_CLOEXEC);
  if (procs < 0) return -1;
  const ssize_t written = write(procs, text, (size_t)size);
  close(procs);
  return written == size ? 0 : -1;
}
