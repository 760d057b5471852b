// SPDX-License-Identifier: Apache-2.0
// bulk_reader PORT USER text|binary SQL: logs in with libpq, then sends the statement and reads the answer bare, so that
// the client costs next to nothing. Prints bytes, rows (DataRow or CopyData) and seconds from the statement to the end.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void die(const char* what) {
  fprintf(stderr, "bulk_reader: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static char message[16384];
static size_t length;

static void put(const void* bytes, size_t size) {
  if (length + size > sizeof message) die("the statement is too long");
  memcpy(message + length, bytes, size);
  length += size;
}
static void put16(uint16_t value) {
  value = htons(value);
  put(&value, 2);
}
static size_t begin(char type) {
  put(&type, 1);
  put("\0\0\0\0", 4);
  return length - 4;
}
static void end(size_t at) {
  const uint32_t size = htonl((uint32_t)(length - at));
  memcpy(message + at, &size, 4);
}

static void ask(const char* sql, int binary) {
  size_t at;
  if (!binary) {
    at = begin('Q');
    put(sql, strlen(sql) + 1);
    end(at);
    return;
  }
  at = begin('P');
  put("", 1);
  put(sql, strlen(sql) + 1);
  put16(0);
  end(at);
  at = begin('B');
  put("\0", 2);
  put16(0);
  put16(0);
  put16(1);
  put16(1);
  end(at);
  at = begin('D');
  put("P", 2);
  end(at);
  at = begin('E');
  put("\0\0\0\0\0", 5);
  end(at);
  end(begin('S'));
}

int main(int count, char** words) {
  if (count != 5) die("usage: bulk_reader PORT USER text|binary SQL");
  char where[256];
  snprintf(where, sizeof where, "host=127.0.0.1 port=%s user=%s dbname=shop", words[1], words[2]);
  PGconn* connection = PQconnectdb(where);
  if (PQstatus(connection) != CONNECTION_OK) {
    fprintf(stderr, "bulk_reader: %s", PQerrorMessage(connection));
    return 1;
  }
  ask(words[4], strcmp(words[3], "binary") == 0);
  const int server = PQsocket(connection);
  if (fcntl(server, F_SETFL, 0) != 0) die("the socket");  // libpq has set it to non-blocking
  const double begun = now();
  for (size_t sent = 0; sent < length;) {
    const ssize_t some = write(server, message + sent, length - sent);
    if (some < 0) die("sending");
    sent += (size_t)some;
  }
  static unsigned char bytes[1 << 18];
  unsigned char header[5];
  size_t have = 0, skip = 0;
  uint64_t total = 0, rows = 0;
  for (;;) {
    const ssize_t some = read(server, bytes, sizeof bytes);
    if (some <= 0) die("the connection ended");
    total += (uint64_t)some;
    for (ssize_t i = 0; i < some;) {
      if (skip > 0) {
        const size_t step = skip < (size_t)(some - i) ? skip : (size_t)(some - i);
        skip -= step;
        i += (ssize_t)step;
        continue;
      }
      header[have++] = bytes[i++];
      if (have < 5) continue;
      have = 0;
      uint32_t size;
      memcpy(&size, header + 1, 4);
      skip = ntohl(size) - 4;
      if (header[0] == 'D' || header[0] == 'd') ++rows;
      if (header[0] == 'E') die("the server refused the statement");
      if (header[0] == 'Z') {
        printf("%llu %llu %.6f\n", (unsigned long long)total, (unsigned long long)rows, now() - begun);
        return 0;
      }
    }
  }
}
