/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in at = loopback4(number("ESCAPE_INBOUND"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (const struct sockaddr*)&at, sizeof at) != 0) return tell("bind", -1);
  if (listen(fd, 1) != 0) return tell("listen", -1);
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  if (poll(&ready, 1, ANSWER_MS) == 0) return errno = ETIMEDOUT, tell("accept from outside", -1);
  return tell("accept from outside, as a bind shell would", accept(fd, NULL, NULL));
}
