/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* What is refused for foreign sockets is not refused for its own. */
int main(void) {
  const struct sockaddr_in at = loopback4(0);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(fd, (const struct sockaddr*)&at, sizeof at) != 0) return tell("bind", 0);
  const int refused = listen(fd, 1) != 0;
  return say("listen with a socket of its own", refused ? errno_name() : "ok", refused);
}
