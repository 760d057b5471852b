/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <netinet/udp.h>

/* A UDP datagram made by hand on a raw socket. */
int main(void) {
  struct {
    struct udphdr header;
    char payload[64];
  } packet = {0};
  const struct sockaddr_in to = loopback4(0);
  const size_t length = sizeof packet.header + strlen(token());
  packet.header.source = htons(40000);
  packet.header.dest = htons((unsigned short)number("ESCAPE_UDP4"));
  packet.header.len = htons((unsigned short)length);
  strncpy(packet.payload, token(), sizeof packet.payload - 1);
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
  return tell("a datagram over SOCK_RAW",
              fd < 0 ? -1 : sendto(fd, &packet, length, 0, (const struct sockaddr*)&to, sizeof to));
}
