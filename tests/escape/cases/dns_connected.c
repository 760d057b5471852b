/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

int main(void) {
  const struct sockaddr_in to = resolver4();
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  unsigned char query[300];
  const size_t size = make_query(query);
  if (connect(fd, (const struct sockaddr*)&to, sizeof to) < 0 || send(fd, query, size, 0) < 0)
    return tell("a query over a connected socket", -1);
  return tell("a query over a connected socket", answer(fd));
}
