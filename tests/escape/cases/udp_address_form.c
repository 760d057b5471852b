/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in6 allowed = mapped6(number("ESCAPE_RESOLVER"));
  const struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0), family = AF_INET;
  if (connect(fd, (const struct sockaddr*)&allowed, sizeof allowed) != 0)
    return tell("connect to the mapped resolver", -1);
  if (setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &family, sizeof family) != 0)
    return tell("IPV6_ADDRFORM", -1);
  return tell("turn an IPv6 socket into an IPv4 one, then sendto",
              send_and_answer(fd, &to, sizeof to));
}
