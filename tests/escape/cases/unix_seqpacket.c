/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_UNIX_SEQPACKET"), &to);
  return tell("connect to a Unix seqpacket socket outside",
              connect_and_exchange(socket(AF_UNIX, SOCK_SEQPACKET, 0), &to, length));
}
