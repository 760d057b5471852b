/* SPDX-License-Identifier: Apache-2.0 */
#include "passed.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  return tell("sendto on a socket passed in by SCM_RIGHTS",
              send_and_answer(descriptor_from_outside("udp"), &to, sizeof to));
}
