/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* QUIC: refused at once, so that a client falls back without waiting. */
int main(void) {
  const struct sockaddr_in to = loopback4(443);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return tell("a datagram to port 443",
              sendto(fd, token(), strlen(token()), 0, (const struct sockaddr*)&to, sizeof to));
}
