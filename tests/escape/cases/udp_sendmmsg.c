/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_in to[2] = {loopback4(number("ESCAPE_RESOLVER")),
                              loopback4(number("ESCAPE_UDP4"))};
  struct iovec bytes = {.iov_base = (void*)(size_t)token(), .iov_len = strlen(token())};
  struct mmsghdr messages[2] = {0};
  for (int i = 0; i < 2; ++i)
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &bytes, .msg_iovlen = 1};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int sent = sendmmsg(fd, messages, 2, 0);
  if (sent == 1) return errno = EPERM, tell("sendmmsg: first to the resolver, then elsewhere", -1);
  return tell("sendmmsg: first to the resolver, then elsewhere", sent);
}
