/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* The daemon answers only where it knows whose connection it is. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_DATABASE"));
  static const unsigned char ask_tls[8] = {0, 0, 0, 8, 4, 210, 22, 47};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (const struct sockaddr*)&to, sizeof to) != 0)
    return tell("connect to a resource", -1);
  send(fd, ask_tls, sizeof ask_tls, MSG_NOSIGNAL);
  const long got = answer(fd);
  return say("ask the steered connection of a resource for TLS",
             got > 0 ? "an answer" : errno_name(), got <= 0);
}
