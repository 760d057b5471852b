/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  int error = 0;
  socklen_t length = sizeof error;
  if (connect(fd, (const struct sockaddr*)&to, sizeof to) != 0) {
    if (errno != EINPROGRESS) return tell("connect, non-blocking", -1);
    poll(&ready, 1, ANSWER_MS);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return errno = error, tell("connect, non-blocking", -1);
  }
  return tell("connect, non-blocking", exchange(fd));
}
