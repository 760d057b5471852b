/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/uio.h>

int main(void) {
  const struct iovec from = {.iov_base = (void*)(size_t)token(), .iov_len = strlen(token()) + 1};
  const struct iovec to = {.iov_base = (void*)strtoul(setting("ESCAPE_VICTIM_ADDRESS"), NULL, 16),
                           .iov_len = from.iov_len};
  return tell("process_vm_writev",
              process_vm_writev(number("ESCAPE_VICTIM_PID"), &from, 1, &to, 1, 0));
}
