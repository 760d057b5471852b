/* SPDX-License-Identifier: Apache-2.0 */
/* The peers of bench_connect.py.
 *   client PORT HOW COUNT   for each line on stdin: COUNT connects to 127.0.0.1:PORT, then one line
 *                           "wall ns, own CPU ns" per connect. HOW: close (with making and closing
 *                           the socket), refused (connect() alone, which must fail), or echo (as
 *                           close, with one byte there and back before it).
 *   server                  accepts, echoes what comes until the peer closes; prints its port.
 *   relay PORT              the same, but from a connection of its own to 127.0.0.1:PORT. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char* what) {
  perror(what);
  exit(1);
}

static long long now(clockid_t clock) {
  struct timespec at;

  clock_gettime(clock, &at);
  return at.tv_sec * 1000000000ll + at.tv_nsec;
}

static struct sockaddr_in local(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return to;
}

/* Closed by a reset: no port is left in TIME_WAIT, so that the count of connects has no limit. */
static int connected(int port) {
  struct linger reset = {1, 0};
  struct sockaddr_in to = local(port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  if (connect(fd, (struct sockaddr*)&to, sizeof(to)) == 0) return fd;
  close(fd);
  return -1;
}

static void client(int port, const char* how, int count) {
  int refused = !strcmp(how, "refused"), echo = !strcmp(how, "echo");
  struct sockaddr_in to = local(port);
  int again = socket(AF_INET, SOCK_STREAM, 0);
  char line[16], byte = 'x';

  while (fgets(line, sizeof(line), stdin)) {
    long long wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);

    for (int i = 0; refused && i < count; i++)
      if (connect(again, (struct sockaddr*)&to, sizeof(to)) == 0) die("connect was not refused");
    for (int i = 0; !refused && i < count; i++) {
      int fd = connected(port);

      if (fd < 0) die("connect");
      if (echo && (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)) die("echo");
      close(fd);
    }
    wall = now(CLOCK_MONOTONIC) - wall;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%lld %lld\n", wall / count, cpu / count);
    fflush(stdout);
  }
}

static void serve(int upstream) {
  struct sockaddr_in at = local(0);
  socklen_t length = sizeof(at);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  char bytes[4096];

  if (bind(listener, (struct sockaddr*)&at, sizeof(at)) || listen(listener, 4096)) die("listen");
  getsockname(listener, (struct sockaddr*)&at, &length);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    int from = accept(listener, NULL, NULL), to = from;
    ssize_t got;

    if (from < 0) continue;
    if (upstream) to = connected(upstream);
    while (to >= 0 && (got = read(from, bytes, sizeof(bytes))) > 0) {
      if (write(to, bytes, got) != got) break;
      if (to == from) continue;
      if ((got = read(to, bytes, sizeof(bytes))) <= 0 || write(from, bytes, got) != got) break;
    }
    close(from);
    if (to != from && to >= 0) close(to);
  }
}

int main(int argc, char** argv) {
  if (argc == 5 && !strcmp(argv[1], "client"))
    client(atoi(argv[2]), argv[3], atoi(argv[4]));
  else if (argc == 2 && !strcmp(argv[1], "server"))
    serve(0);
  else if (argc == 3 && !strcmp(argv[1], "relay"))
    serve(atoi(argv[2]));
  else
    return 2;
  return 0;
}
