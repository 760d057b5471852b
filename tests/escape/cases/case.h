/* SPDX-License-Identifier: Apache-2.0 */
/* What every case uses: where the canaries of the runner are (ESCAPE_* in the environment), and the
 * one line in which a case says what it tried and what it got. A case is a main() of its own; the
 * build renames it and links all of them into one static program. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a case waits for an answer; an answer over loopback takes no time. */
#define ANSWER_MS 3000

/* A setting of the runner. Without it the case is broken, which is not the same as held. */
static inline const char* setting(const char* name) {
  const char* value = getenv(name);
  if (value == NULL) {
    printf("{\"broken\": \"%s is not set\"}\n", name);
    exit(2);
  }
  return value;
}

static inline int number(const char* name) { return atoi(setting(name)); }
static inline const char* token(void) { return setting("ESCAPE_TOKEN"); }

/* The line. `got` is the name of an errno, or what came back; `passed` is the case's own opinion,
 * which counts where no canary can see the truth. */
static inline int say(const char* tried, const char* got, int passed) {
  printf("{\"tried\": \"%s\", \"got\": \"%s\", \"passed\": %s}\n", tried, got,
         passed ? "true" : "false");
  fflush(stdout);
  return 0;
}

static inline const char* errno_name(void) {
  const char* name = strerrorname_np(errno);
  return name != NULL ? name : "unknown errno";
}

/* The line for a call that returns less than 0 and an errno where it fails. */
static inline int tell(const char* tried, long returned) {
  return returned < 0 ? say(tried, errno_name(), 0) : say(tried, "ok", 1);
}

static inline struct sockaddr_in loopback4(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return to;
}
static inline struct sockaddr_in6 loopback6(int port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  to.sin6_addr = in6addr_loopback;
  return to;
}
static inline struct sockaddr_in6 mapped6(int port) {
  struct sockaddr_in6 to = loopback6(port);
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
  return to;
}
/* A path, or an abstract name where it begins with '@'. */
static inline socklen_t unix_address(const char* name, struct sockaddr_un* to) {
  memset(to, 0, sizeof *to);
  to->sun_family = AF_UNIX;
  strncpy(to->sun_path, name, sizeof to->sun_path - 1);
  if (name[0] != '@') return sizeof *to;
  to->sun_path[0] = '\0';
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

/* Waits for one answer; less than 0 and an errno where there is none. A connection that is closed
 * without an answer is ECONNRESET. */
static inline long answer(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  char bytes[256];
  if (poll(&ready, 1, ANSWER_MS) == 0) return errno = ETIMEDOUT, -1;
  const long length = recv(fd, bytes, sizeof bytes, 0);
  if (length == 0) return errno = ECONNRESET, -1;
  return length;
}

/* Sends the token over a connected socket and waits for the canary's answer. */
static inline long exchange(int fd) {
  if (send(fd, token(), strlen(token()), MSG_NOSIGNAL) < 0) return -1;
  return answer(fd);
}

static inline long connect_and_exchange(int fd, const void* to, socklen_t length) {
  if (fd < 0 || connect(fd, (const struct sockaddr*)to, length) != 0) return -1;
  return exchange(fd);
}

/* Programs that have lost their last pin go some time after, which no call waits for. */
#define GONE_MS 2000
static inline long connect_without_pins(const void* to, socklen_t length) {
  for (int waited = 0; waited < GONE_MS; waited += 100) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const long got = connect_and_exchange(fd, to, length);
    if (got >= 0) return got;
    close(fd);
    usleep(100000);
  }
  return -1;
}

static inline long send_and_answer(int fd, const void* to, socklen_t length) {
  if (fd < 0) return -1;
  if (sendto(fd, token(), strlen(token()), 0, (const struct sockaddr*)to, length) < 0) return -1;
  return answer(fd);
}
