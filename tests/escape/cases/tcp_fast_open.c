/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  long got = -1;
  if (fd >= 0)
    got = sendto(fd, token(), strlen(token()), MSG_FASTOPEN | MSG_NOSIGNAL,
                 (const struct sockaddr*)&to, sizeof to);
  return tell("sendto(MSG_FASTOPEN)", got < 0 ? got : answer(fd));
}
