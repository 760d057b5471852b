/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

/* A device of one's own injects packets below every socket hook. */
int main(void) {
  struct ifreq wanted = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  const int fd = open("/dev/net/tun", O_RDWR);
  if (fd < 0) {
    if (errno == ENOENT) errno = ENODEV; /* a kernel without it */
    return tell("open /dev/net/tun", -1);
  }
  return tell("make a network device", ioctl(fd, TUNSETIFF, &wanted));
}
