/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0) return tell("SO_BINDTODEVICE", -1);
  return tell("SO_BINDTODEVICE lo, then connect", connect_and_exchange(fd, &to, sizeof to));
}
