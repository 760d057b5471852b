/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

int main(void) {
  const struct sockaddr_in to = resolver4();
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  unsigned char query[300];
  const size_t size = make_query(query);
  if (sendto(fd, query, size, 0, (const struct sockaddr*)&to, sizeof to) < 0)
    return tell("a query with the token in its name", -1);
  return tell("a query with the token in its name", answer(fd));
}
