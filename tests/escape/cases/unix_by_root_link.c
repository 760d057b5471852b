/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char path[108];
  struct sockaddr_un to;
  snprintf(path, sizeof path, "/proc/self/root%s", setting("ESCAPE_UNIX_STREAM"));
  const socklen_t length = unix_address(path, &to);
  return tell("connect to a Unix socket by /proc/self/root",
              connect_and_exchange(socket(AF_UNIX, SOCK_STREAM, 0), &to, length));
}
