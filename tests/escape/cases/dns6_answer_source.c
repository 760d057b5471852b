/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

int main(void) {
  const struct sockaddr_in6 to = loopback6(53);
  return say_source("where an answer over IPv6 comes from", socket(AF_INET6, SOCK_DGRAM, 0), &to,
                    sizeof to);
}
