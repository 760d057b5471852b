/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  return tell("connect a socket inherited from outside",
              connect_and_exchange(number("ESCAPE_INHERITED_SOCKET"), &to, sizeof to));
}
