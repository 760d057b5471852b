/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

int main(void) {
  const int fd = number("ESCAPE_INHERITED_FD");
  const int file = memfd_create("token", MFD_CLOEXEC);
  const ssize_t size = write(file, token(), strlen(token()));
  lseek(file, 0, SEEK_SET);
  return tell("sendfile() to a connection inherited from outside",
              sendfile(fd, file, NULL, (size_t)size) < 0 ? -1 : answer(fd));
}
