/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char request[256];
  const struct sockaddr_in to = loopback4(number("ESCAPE_RELAY_SSH"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr*)&to, sizeof to) != 0)
    return tell("have an sshd on loopback forward", -1);
  const int size = snprintf(request, sizeof request, "SSH-2.0-x\r\ndirect-tcpip %s", token());
  return tell("have an sshd on loopback forward",
              send(fd, request, (size_t)size, MSG_NOSIGNAL) < 0 ? -1 : answer(fd));
}
