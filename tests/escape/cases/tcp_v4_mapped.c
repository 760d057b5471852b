/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in6 to = mapped6(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return tell("connect an IPv6 socket to ::ffff:127.0.0.1",
              connect_and_exchange(fd, &to, sizeof to));
}
