/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <signal.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_LISTENER"));
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (kill(number("ESCAPE_KEEPER_PID"), SIGKILL) != 0) return tell("kill the daemon", -1);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (bind(fd, (const struct sockaddr*)&to, sizeof to) == 0 && listen(fd, 1) == 0)
      return say("kill the daemon and take its port", "ok", 1);
    usleep(10000);
  }
  return tell("kill the daemon and take its port", -1);
}
