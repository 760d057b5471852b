/* SPDX-License-Identifier: Apache-2.0 */
/* In a network namespace of the agent's own, where the daemon listens soon: what the policy allows
 * on the host's loopback addresses, and what it does not, by the same addresses in there. */
#include "case.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

static int set_lo_up(void) {
  struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  const int any = socket(AF_INET, SOCK_DGRAM, 0);
  const int status = ioctl(any, SIOCSIFFLAGS, &lo);
  close(any);
  return status;
}

/* Until something else than "nobody listens" is said of an address that no host has. */
static void wait_for_listener(void) {
  struct sockaddr_in to = loopback4(9);
  inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
  for (int i = 0; i < ANSWER_MS / 50; i++) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int failed = connect(fd, (const struct sockaddr*)&to, sizeof to);
    const int why = errno;
    close(fd);
    if (failed == 0 || why != ECONNREFUSED) return;
    poll(NULL, 0, 50);
  }
}

int main(void) {
  const char* ports[] = {"ESCAPE_DIRECT", "ESCAPE_DATABASE", "ESCAPE_TCP4"};
  int reached = 0;
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return tell("unshare(CLONE_NEWNET)", -1);
  if (set_lo_up() != 0) return tell("set lo up", -1);
  wait_for_listener();
  for (int i = 0; i < 3; i++) {
    const struct sockaddr_in to = loopback4(number(ports[i]));
    if (connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to) >= 0) reached = 1;
  }
  if (reached) return tell("the host's loopback from a namespace of its own", 0);
  return tell("the host's loopback from a namespace of its own", -1);
}
