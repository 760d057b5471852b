/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* The kernel takes AF_UNSPEC for AF_INET here. */
int main(void) {
  struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  to.sin_family = AF_UNSPEC;
  return tell("sendto with family AF_UNSPEC",
              send_and_answer(socket(AF_INET, SOCK_DGRAM, 0), &to, sizeof to));
}
