/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_UNIX_ABSTRACT"), &to);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return tell("connect to an abstract Unix socket outside", connect_and_exchange(fd, &to, length));
}
