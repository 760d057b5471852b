/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

int main(void) {
  const struct sockaddr_in to = resolver4();
  return say_source("where an answer comes from", socket(AF_INET, SOCK_DGRAM, 0), &to, sizeof to);
}
