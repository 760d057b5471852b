/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/stat.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  char line[512] = "", path[1024];
  FILE* self = fopen("/proc/self/cgroup", "r");
  while (self != NULL && fgets(line, sizeof line, self) != NULL && strncmp(line, "0::", 3) != 0)
    continue;
  line[strcspn(line, "\n")] = '\0';
  snprintf(path, sizeof path, "%s%s/own-%d", setting("ESCAPE_CGROUP_MOUNT"), line + 3, getpid());
  if (mkdir(path, 0755) != 0) return tell("make a cgroup inside the run", -1);
  char procs[1100];
  snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
  const int fd = open(procs, O_WRONLY);
  if (fd < 0 || write(fd, "0", 1) != 1) return tell("move to a cgroup inside the run", -1);
  return tell("connect from a cgroup made inside the run",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}
