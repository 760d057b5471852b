/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* Somebody outside connects and says something. */
int main(void) {
  const int listener = number("ESCAPE_INHERITED_LISTENER");
  struct pollfd ready = {.fd = listener, .events = POLLIN};
  poll(&ready, 1, ANSWER_MS);
  const int fd = accept(listener, NULL, NULL);
  return tell("accept from a listener inherited from outside", fd < 0 ? -1 : answer(fd));
}
