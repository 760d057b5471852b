/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  const struct sockaddr_in allowed = loopback4(number("ESCAPE_RESOLVER"));
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (connect(fd, (const struct sockaddr*)&allowed, sizeof allowed) != 0)
    return tell("connect to the resolver", -1);
  connect(fd, &nowhere, sizeof nowhere);
  return tell("connect to the resolver, disconnect, connect elsewhere",
              connect_and_exchange(fd, &to, sizeof to));
}
