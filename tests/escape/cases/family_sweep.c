/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char opened[256] = "", number_text[8];
  for (int family = 3; family < 46; ++family) {
    if (family == AF_INET6 || family == AF_NETLINK) continue;
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
    for (int i = 0; i < 4; ++i) {
      const int fd = socket(family, types[i], 0);
      if (fd < 0) continue;
      snprintf(number_text, sizeof number_text, " %d", family);
      strncat(opened, number_text, sizeof opened - strlen(opened) - 1);
      close(fd);
      break;
    }
  }
  if (opened[0] == '\0') return say("every other address family", "EAFNOSUPPORT", 0);
  char got[300];
  snprintf(got, sizeof got, "families%s", opened);
  return say("every other address family", got, 1);
}
