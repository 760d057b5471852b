/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#define SCTP_SOCKOPT_CONNECTX 110

/* As inherited_sctp, by a socket option. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_SCTP"));
  const char* tried = "connect an SCTP socket inherited from outside by setsockopt()";
  if (to.sin_port == 0) return say(tried, "EPROTONOSUPPORT", 0);
  const int fd = number("ESCAPE_INHERITED_SCTP_OTHER");
  if (setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, &to, sizeof to) < 0)
    return tell(tried, -1);
  return tell(tried, exchange(fd));
}
