/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char request[512];
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_EDITOR"), &to);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&to, length) != 0)
    return tell("have an editor's server started earlier run a command", -1);
  const int size =
      snprintf(request, sizeof request, "{\"type\":\"open\",\"command\":\"%s\"}", token());
  return tell("have an editor's server started earlier run a command",
              send(fd, request, (size_t)size, MSG_NOSIGNAL) < 0 ? -1 : answer(fd));
}
