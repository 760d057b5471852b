/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/job-%d", setting("ESCAPE_CRON"), getpid());
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return tell("leave a crontab", -1);
  return tell("leave a crontab", dprintf(fd, "* * * * * connect %s\n", token()));
}
