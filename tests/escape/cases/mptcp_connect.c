/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
  return tell("connect over MPTCP", connect_and_exchange(fd, &to, sizeof to));
}
