/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  to.sin_addr.s_addr = INADDR_ANY;
  return tell("sendto 0.0.0.0", send_and_answer(socket(AF_INET, SOCK_DGRAM, 0), &to, sizeof to));
}
