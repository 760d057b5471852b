/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in6 to = mapped6(number("ESCAPE_UDP4"));
  return tell("sendto ::ffff:127.0.0.1 on an IPv6 socket",
              send_and_answer(socket(AF_INET6, SOCK_DGRAM, 0), &to, sizeof to));
}
