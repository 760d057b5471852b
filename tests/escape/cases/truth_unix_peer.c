/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_un to;
  struct sockaddr_un peer = {0};
  const socklen_t length = unix_address(setting("ESCAPE_UNIX_RESOURCE"), &to);
  socklen_t peer_length = sizeof peer;
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (const struct sockaddr*)&to, length) != 0)
    return tell("connect to a resource behind a Unix socket", -1);
  if (getpeername(fd, (struct sockaddr*)&peer, &peer_length) != 0) return tell("getpeername", -1);
  const int same = strncmp(peer.sun_path, to.sun_path, sizeof to.sun_path) == 0;
  return say("getpeername of a steered Unix connection", same ? "the resource" : "another name",
             !same);
}
