/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* A mark is what other interceptors exempt themselves by. */
int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int mark = 0x2000;
  const int marked = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
  return tell(marked == 0 ? "connect with SO_MARK" : "connect; SO_MARK was refused",
              connect_and_exchange(fd, &to, sizeof to));
}
