/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* listen() picks a port by itself: no bind hook runs. */
int main(void) {
  struct sockaddr_in at = loopback4(0);
  socklen_t length = sizeof at;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (listen(fd, 1) != 0) return tell("listen without bind", -1);
  getsockname(fd, (struct sockaddr*)&at, &length);
  return say("listen without bind", "ok", 1);
}
