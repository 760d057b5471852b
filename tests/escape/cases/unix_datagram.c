/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_UNIX_DATAGRAM"), &to);
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  return tell("sendto a Unix datagram socket outside",
              fd < 0 ? -1 : sendto(fd, token(), strlen(token()), 0, (struct sockaddr*)&to, length));
}
