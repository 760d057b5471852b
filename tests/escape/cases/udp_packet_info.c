/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  struct iovec bytes = {.iov_base = (void*)(size_t)token(), .iov_len = strlen(token())};
  char space[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
  struct msghdr message = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_iov = &bytes,
                           .msg_iovlen = 1,
                           .msg_control = space,
                           .msg_controllen = sizeof space};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return tell("sendmsg with IP_PKTINFO", sendmsg(fd, &message, 0) < 0 ? -1 : answer(fd));
}
