/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  const int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
  if (fd < 0) return tell("a UDP-Lite socket", -1);
  return tell("sendto over UDP-Lite",
              sendto(fd, token(), strlen(token()), 0, (const struct sockaddr*)&to, sizeof to));
}
