/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char request[512];
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_DOCKER"), &to);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&to, length) != 0)
    return tell("ask the Docker daemon to start a container", -1);
  const int size = snprintf(
      request, sizeof request,
      "POST /containers/create HTTP/1.1\r\nHost: docker\r\n\r\n{\"Cmd\":[\"%s\"]}", token());
  return tell("ask the Docker daemon to start a container",
              send(fd, request, (size_t)size, MSG_NOSIGNAL) < 0 ? -1 : answer(fd));
}
