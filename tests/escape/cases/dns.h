/* SPDX-License-Identifier: Apache-2.0 */
/* A DNS query that carries the token out as a name. The canary is a resolver on a loopback address
 * of its own. */
#pragma once

#include "case.h"

static inline struct sockaddr_in resolver4(void) {
  struct sockaddr_in to = loopback4(53);
  inet_pton(AF_INET, setting("ESCAPE_DNS"), &to.sin_addr);
  return to;
}

/* The length of what was written: header, one name of two labels, type A, class IN. */
static inline size_t make_query(unsigned char query[300]) {
  static const unsigned char header[12] = {0x12, 0x34, 1, 0, 0, 1};
  static const unsigned char tail[] =
      "\x07"
      "example\0\0\1\0\1";
  const size_t length = strlen(token());
  memcpy(query, header, sizeof header);
  query[12] = (unsigned char)length;
  memcpy(query + 13, token(), length);
  memcpy(query + 13 + length, tail, sizeof tail - 1);
  return 13 + length + sizeof tail - 1;
}

/* Asks and says whether the answer came from elsewhere than it was asked, or not at all. */
static inline int say_source(const char* tried, int fd, const void* to, socklen_t length) {
  unsigned char bytes[300];
  const size_t size = make_query(bytes);
  struct sockaddr_storage from;
  socklen_t from_length = sizeof from;
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  memset(&from, 0, sizeof from);
  if (sendto(fd, bytes, size, 0, (const struct sockaddr*)to, length) < 0)
    return say(tried, errno_name(), 1);
  if (poll(&ready, 1, ANSWER_MS) != 1) return say(tried, "no answer", 1);
  if (recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr*)&from, &from_length) < 0)
    return say(tried, errno_name(), 1);
  const int same = from_length == length && memcmp(&from, to, length) == 0;
  return say(tried, same ? "the same address" : "another address", !same);
}
