/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <netinet/tcp.h>

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on) != 0)
    return tell("TCP_FASTOPEN_CONNECT", -1);
  return tell("connect with TCP_FASTOPEN_CONNECT", connect_and_exchange(fd, &to, sizeof to));
}
