/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* The runner looks for the close in the audit. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_RESOLVER"));
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const long sent = sendto(fd, token(), strlen(token()), 0, (const struct sockaddr*)&to, sizeof to);
  close(fd);
  if (sent < 0) return tell("send to the resolver, then close", -1);
  return say("send to the resolver, then close", "sent", 0);
}
