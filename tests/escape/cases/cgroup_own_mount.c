/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sched.h>
#include <sys/mount.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  char path[256];
  const char* where = setting("ESCAPE_SCRATCH");
  if (unshare(CLONE_NEWNS) != 0) return tell("a mount namespace of its own", -1);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return tell("private mounts", -1);
  if (mount("none", where, "cgroup2", 0, NULL) != 0) return tell("mount another cgroup tree", -1);
  snprintf(path, sizeof path, "%s/%s/cgroup.procs", where, setting("ESCAPE_OUTSIDE_CGROUP_PATH"));
  const int procs = open(path, O_WRONLY);
  if (procs < 0 || write(procs, "0", 1) != 1) return tell("leave by a mount of its own", -1);
  return tell("leave by a cgroup mount of its own, then connect",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}
