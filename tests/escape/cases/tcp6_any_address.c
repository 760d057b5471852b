/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* Means this host. */
int main(void) {
  struct sockaddr_in6 to = loopback6(number("ESCAPE_TCP6"));
  to.sin6_addr = in6addr_any;
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return tell("connect to ::", connect_and_exchange(fd, &to, sizeof to));
}
