/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

int main(void) {
  const struct sockaddr_in to = resolver4();
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  unsigned char message[302];
  const size_t size = make_query(message + 2);
  message[0] = (unsigned char)(size >> 8);
  message[1] = (unsigned char)size;
  if (connect(fd, (const struct sockaddr*)&to, sizeof to) < 0 ||
      send(fd, message, size + 2, MSG_NOSIGNAL) < 0)
    return tell("a query over TCP", -1);
  return tell("a query over TCP", answer(fd));
}
