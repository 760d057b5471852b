/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_DATABASE"));
  struct sockaddr_in peer = {0};
  socklen_t length = sizeof peer;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (const struct sockaddr*)&to, sizeof to) != 0)
    return tell("connect to a resource", -1);
  if (getpeername(fd, (struct sockaddr*)&peer, &length) != 0) return tell("getpeername", -1);
  const int same = memcmp(&peer, &to, sizeof to) == 0;
  return say("getpeername of a steered connection", same ? "the resource" : "another address",
             !same);
}
