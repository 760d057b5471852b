/* SPDX-License-Identifier: Apache-2.0 */
/* The process that plays the agent: it is started once in each mode, reads "CASE TOKEN" lines and
 * runs each case as a child of its own, so that one launch serves all cases. For each line it
 * answers one JSON line: {"case", "status", "signal", "timeout", "line"}. */
#include "escape.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Reads until the end of the pipe or the deadline; true at the deadline. */
static int read_all(int fd, char* into, size_t size, long long deadline) {
  size_t used = 0;
  for (;;) {
    const long long left = deadline - now_ms();
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (left <= 0 || poll(&ready, 1, (int)left) == 0) break;
    const ssize_t length = read(fd, into + used, size - 1 - used);
    if (length == 0 || used == size - 1) return into[used] = '\0';
    if (length > 0) used += (size_t)length;
  }
  into[used] = '\0';
  return 1;
}

static void run_child(const char* name, const char* token, int out) {
  setpgid(0, 0);
  dup2(out, STDOUT_FILENO);
  const int nowhere = open("/dev/null", O_RDONLY);
  dup2(nowhere, STDIN_FILENO);
  setenv("ESCAPE_TOKEN", token, 1);
  const int status = run_case(name);
  fflush(stdout);
  _exit(status);
}

static void answer_for(const char* name, const char* token, long long limit_ms) {
  char line[LINE_MAX_BYTES];
  int out[2], status = 0;
  if (pipe2(out, O_CLOEXEC) != 0) exit(3);
  const pid_t child = fork();
  if (child < 0) exit(3);
  if (child == 0) run_child(name, token, out[1]);
  setpgid(child, child);
  close(out[1]);
  const int late = read_all(out[0], line, sizeof line, now_ms() + limit_ms);
  /* A case that leaves a process behind would hold the pipe; what it did is on record. */
  kill(-child, SIGKILL);
  close(out[0]);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  char* end = strchr(line, '\n');
  if (end != NULL) *end = '\0';
  printf("{\"case\": \"%s\", \"status\": %d, \"signal\": %d, \"timeout\": %s, \"line\": %s}\n",
         name, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
         WIFSIGNALED(status) && !(late || end != NULL) ? WTERMSIG(status) : 0,
         late ? "true" : "false", line[0] == '{' && end != NULL ? line : "null");
  fflush(stdout);
}

int agent(long long limit_ms) {
  char line[LINE_MAX_BYTES], name[128], token[128];
  printf("{\"ready\": %d}\n", getpid());
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL)
    if (sscanf(line, "%127s %127s", name, token) == 2) answer_for(name, token, limit_ms);
  return 0;
}
