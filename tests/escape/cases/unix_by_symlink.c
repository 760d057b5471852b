/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* The path that is typed says nothing about the peer. */
int main(void) {
  char path[100];
  struct sockaddr_un to;
  snprintf(path, sizeof path, "%s/own-%d", setting("ESCAPE_SCRATCH"), getpid());
  if (symlink(setting("ESCAPE_UNIX_STREAM"), path) != 0) return tell("a symbolic link", -1);
  const socklen_t length = unix_address(path, &to);
  const long got = connect_and_exchange(socket(AF_UNIX, SOCK_STREAM, 0), &to, length);
  const int error = errno;
  unlink(path);
  return errno = error, tell("connect to a Unix socket by another name", got);
}
