/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/job-%d", setting("ESCAPE_PROFILE"), getpid());
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return tell("leave a line in a start-up file of the shell", -1);
  return tell("leave a line in a start-up file of the shell",
              dprintf(fd, "* * * * * connect %s\n", token()));
}
