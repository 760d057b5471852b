/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  int status = 0;
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    usleep(1000); /* reparented */
    const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
    tell("connect as an orphan in a session of its own",
         connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
    _exit(0);
  }
  waitpid(child, &status, 0);
  return 0;
}
