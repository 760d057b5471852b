/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <netinet/udp.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  const int fd = socket(AF_INET, SOCK_DGRAM, 0), off = 0;
  if (sendto(fd, token(), strlen(token()), MSG_MORE, (const struct sockaddr*)&to, sizeof to) < 0)
    return tell("sendto with MSG_MORE", -1);
  if (setsockopt(fd, IPPROTO_UDP, UDP_CORK, &off, sizeof off) != 0) return tell("uncork", -1);
  return tell("sendto with MSG_MORE, then uncork", answer(fd));
}
