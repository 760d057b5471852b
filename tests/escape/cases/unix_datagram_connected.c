/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_UNIX_DATAGRAM"), &to);
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&to, length) != 0)
    return tell("connect to a Unix datagram socket outside", -1);
  return tell("connect to a Unix datagram socket outside", send(fd, token(), strlen(token()), 0));
}
