/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

int main(void) {
  struct sockaddr_in to = loopback4(number("ESCAPE_UDP4"));
  struct iovec bytes = {.iov_base = (void*)(size_t)token(), .iov_len = strlen(token())};
  struct msghdr message = {
      .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &bytes, .msg_iovlen = 1};
  struct ring ring;
  if (ring_open(&ring, 0) != 0) return tell("io_uring_setup", -1);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const struct io_uring_sqe entry = {
      .opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (unsigned long)&message, .len = 1};
  return tell("sendmsg by io_uring", ring_do(&ring, &entry) < 0 ? -1 : answer(fd));
}
