/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* Moves itself to a cgroup that is in no run, and connects from there. */
int main(void) {
  char path[512];
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  snprintf(path, sizeof path, "%s/cgroup.procs", setting("ESCAPE_OUTSIDE_CGROUP"));
  const int procs = open(path, O_WRONLY);
  if (procs < 0 || write(procs, "0", 1) != 1) return tell("write cgroup.procs to leave", -1);
  return tell("connect after leaving the cgroup",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}
