/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case.h"

/* Asks the server outside for a descriptor of that kind; less than 0 and an errno without one. */
static inline int descriptor_from_outside(const char* kind) {
  struct sockaddr_un to;
  const socklen_t length = unix_address(setting("ESCAPE_FD_SERVER"), &to);
  char byte, space[CMSG_SPACE(sizeof(int))];
  struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (server < 0 || connect(server, (struct sockaddr*)&to, length) != 0) return -1;
  if (send(server, kind, strlen(kind), MSG_NOSIGNAL) < 0) return -1;
  struct pollfd ready = {.fd = server, .events = POLLIN};
  if (poll(&ready, 1, ANSWER_MS) == 0) return errno = ETIMEDOUT, -1;
  if (recvmsg(server, &message, 0) < 0) return -1;
  const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_type != SCM_RIGHTS) return errno = EACCES, -1;
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}
