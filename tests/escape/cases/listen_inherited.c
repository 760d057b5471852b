/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* With a socket that is bound to an address, and made outside: whoever connects is let in. */
int main(void) {
  const int fd = number("ESCAPE_INHERITED_BOUND");
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  if (listen(fd, 1) != 0) return tell("listen with a socket inherited from outside", -1);
  if (poll(&ready, 1, ANSWER_MS) == 0) errno = ETIMEDOUT;
  return tell("listen with a socket inherited from outside", ready.revents & POLLIN ? 1 : -1);
}
