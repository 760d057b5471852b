/* SPDX-License-Identifier: Apache-2.0 */
#include "passed.h"

int main(void) {
  const int fd = descriptor_from_outside("connected");
  return tell("write to a connection passed in by SCM_RIGHTS", fd < 0 ? -1 : exchange(fd));
}
