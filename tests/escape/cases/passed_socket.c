/* SPDX-License-Identifier: Apache-2.0 */
#include "passed.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  return tell("connect a socket passed in by SCM_RIGHTS",
              connect_and_exchange(descriptor_from_outside("tcp"), &to, sizeof to));
}
