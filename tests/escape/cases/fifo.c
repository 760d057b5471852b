/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  const int fd = open(setting("ESCAPE_FIFO"), O_WRONLY | O_NONBLOCK);
  return tell("write to a named pipe that a process outside reads",
              fd < 0 ? -1 : write(fd, token(), strlen(token())));
}
