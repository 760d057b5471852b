/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <signal.h>

#if !defined(__x86_64__)
#error "this case is written for x86-64"
#endif
static int old_call(int number, int call, const void* arguments) {
  int result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(call), "c"(arguments)
                   : "memory", "r8", "r9", "r10", "r11");
  return result;
}

/* The numbers and the argument passing of i386, which a filter for x86-64 would misread. */
static void no_such_calls(int signal) {
  (void)signal;
  errno = ENOSYS;
  tell("32-bit system calls", -1);
  _exit(0);
}

int main(void) {
  signal(SIGSEGV, no_such_calls); /* a kernel without them */
  static int arguments[3] __attribute__((section(".data"))) = {AF_INET, SOCK_STREAM, 0};
  static struct sockaddr_in to __attribute__((section(".data"))) = {.sin_family = AF_INET};
  to = loopback4(number("ESCAPE_TCP4"));
  const int fd = old_call(102, 1, arguments); /* socketcall(SYS_SOCKET) */
  if (fd < 0) return errno = -fd, tell("socket by the 32-bit system call", -1);
  arguments[0] = fd;
  arguments[1] = (int)(long)&to;
  arguments[2] = sizeof to;
  const int failed = old_call(102, 3, arguments);
  if (failed < 0) return errno = -failed, tell("connect by the 32-bit system call", -1);
  return tell("connect by the 32-bit system call", exchange(fd));
}
