/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  return tell("sendto a sockaddr_in on an IPv6 socket",
              send_and_answer(socket(AF_INET6, SOCK_DGRAM, 0), &to, sizeof to));
}
