/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in6 to = loopback6(number("ESCAPE_TCP6"));
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  return tell("connect to ::1", connect_and_exchange(fd, &to, sizeof to));
}
