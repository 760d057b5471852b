/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in6 to = loopback6(number("ESCAPE_UDP6"));
  return tell("sendto ::1", send_and_answer(socket(AF_INET6, SOCK_DGRAM, 0), &to, sizeof to));
}
