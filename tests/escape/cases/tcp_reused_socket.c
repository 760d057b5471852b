/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in allowed = loopback4(number("ESCAPE_DATABASE"));
  const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
  if (connect(fd, (const struct sockaddr*)&allowed, sizeof allowed) != 0)
    return tell("connect to the resource", -1);
  connect(fd, &nowhere, sizeof nowhere);
  return tell("connect to a resource, disconnect, connect elsewhere",
              connect_and_exchange(fd, &to, sizeof to));
}
