/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* The cgroup hooks of connect() see TCP and UDP only. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_SCTP"));
  const char* tried = "connect an SCTP socket inherited from outside";
  if (to.sin_port == 0) return say(tried, "EPROTONOSUPPORT", 0);
  return tell(tried, connect_and_exchange(number("ESCAPE_INHERITED_SCTP"), &to, sizeof to));
}
