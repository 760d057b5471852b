/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_in6 to = mapped6(number("ESCAPE_TCP4"));
  inet_pton(AF_INET6, "::ffff:0.0.0.0", &to.sin6_addr);
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return tell("connect to ::ffff:0.0.0.0", connect_and_exchange(fd, &to, sizeof to));
}
