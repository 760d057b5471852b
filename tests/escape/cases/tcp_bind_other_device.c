/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

/* Steered as it is, its SYN would go out of that device. The kernel does not ask whether there is
 * one of that number. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_DATABASE"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0), device = 4711;
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, sizeof device) != 0)
    return tell("SO_BINDTOIFINDEX", -1);
  return tell("bound to another device than lo, connect",
              connect(fd, (const struct sockaddr*)&to, sizeof to));
}
