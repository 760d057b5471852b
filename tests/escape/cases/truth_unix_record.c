/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* The daemon relays only where it knows whose connection it is. */
int main(void) {
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_UNIX_RESOURCE"), &to);
  const long got = connect_and_exchange(socket(AF_UNIX, SOCK_STREAM, 0), &to, length);
  return say("ask the resource behind a steered Unix socket", got > 0 ? "an answer" : errno_name(),
             got <= 0);
}
