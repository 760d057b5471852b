/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* Means this host. */
int main(void) {
  struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  to.sin_addr.s_addr = INADDR_ANY;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return tell("connect to 0.0.0.0", connect_and_exchange(fd, &to, sizeof to));
}
