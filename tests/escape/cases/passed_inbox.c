/* SPDX-License-Identifier: Apache-2.0 */
#include "passed.h"

/* Nothing is asked when a socket is read: it must not come in at all. */
int main(void) {
  const int fd = descriptor_from_outside("filled");
  return tell("read what came to a socket that is passed in by SCM_RIGHTS",
              fd < 0 ? -1 : answer(fd));
}
