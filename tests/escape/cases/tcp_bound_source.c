/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in from = loopback4(0);
  if (bind(fd, (const struct sockaddr*)&from, sizeof from) != 0)
    return tell("bind a source port", -1);
  return tell("bind a source port, then connect", connect_and_exchange(fd, &to, sizeof to));
}
