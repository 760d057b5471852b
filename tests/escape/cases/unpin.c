/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* Unlinks the pin of the IPv4 connect program, which detaches it. */
int main(void) {
  char path[512];
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  snprintf(path, sizeof path, "%s/links/sluice_connect4", setting("ESCAPE_PIN_DIR"));
  if (unlink(path) != 0) return tell("unlink a pinned program", -1);
  return tell("connect after unlinking the pinned program", connect_without_pins(&to, sizeof to));
}
