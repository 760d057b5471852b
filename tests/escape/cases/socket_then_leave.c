/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  char path[512];
  snprintf(path, sizeof path, "%s/cgroup.procs", setting("ESCAPE_OUTSIDE_CGROUP"));
  const int procs = open(path, O_WRONLY);
  if (procs < 0 || write(procs, "0", 1) != 1) return tell("write cgroup.procs to leave", -1);
  return tell("make a socket, leave the cgroup, connect", connect_and_exchange(fd, &to, sizeof to));
}
