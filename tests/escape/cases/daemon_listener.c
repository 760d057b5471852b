/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_LISTENER"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return tell("connect to the daemon's listener itself",
              fd < 0 ? fd : connect(fd, (const struct sockaddr*)&to, sizeof to));
}
