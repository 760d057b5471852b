/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sched.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  if (unshare(CLONE_NEWNET) != 0) return tell("unshare(CLONE_NEWNET)", -1);
  return tell("connect from a network namespace of its own",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}
