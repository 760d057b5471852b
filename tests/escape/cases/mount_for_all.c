/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/mount.h>

/* Covers a directory for everybody on the host; the runner takes it away where the case may not. */
int main(void) {
  const char* where = setting("ESCAPE_SCRATCH");
  if (mount("none", where, "tmpfs", 0, NULL) != 0) return tell("mount(), seen by everybody", -1);
  umount2(where, MNT_DETACH);
  return tell("mount(), seen by everybody", 0);
}
