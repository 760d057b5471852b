/* SPDX-License-Identifier: Apache-2.0 */
/* A process of the agent's own user that was there before and is in no run, as an editor, a shell
 * or a terminal multiplexer would be: it has a connection open, and memory that it acts upon. It
 * says where both are, then waits: for each line on its standard input it looks whether its memory
 * still says "idle", and if not sends over its connection what it finds there. */
#include "escape.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static char errand[128] = "idle";

int victim(void) {
  char line[64];
  const char* port = getenv("ESCAPE_TCP4");
  struct sockaddr_in to = {.sin_family = AF_INET};
  if (port == NULL) return 2;
  to.sin_port = htons((unsigned short)atoi(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&to, sizeof to) != 0) return 3;
  /* Whatever Yama says on this machine: it is not what is under test. */
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  printf("{\"pid\": %d, \"fd\": %d, \"address\": \"%p\"}\n", getpid(), fd, (void*)errand);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    const int asked = strcmp(errand, "idle") != 0;
    if (asked && send(fd, errand, strlen(errand), MSG_NOSIGNAL) < 0) return 4;
    strcpy(errand, "idle");
    puts(asked ? "done" : "idle");
    fflush(stdout);
  }
  return 0;
}
