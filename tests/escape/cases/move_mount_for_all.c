/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/mount.h>

/* As mount_for_all, by the calls that ask elsewhere. */
int main(void) {
  const char* where = setting("ESCAPE_SCRATCH");
  const int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
    return tell("make a file system", -1);
  const int made = fsmount(context, FSMOUNT_CLOEXEC, 0);
  if (made < 0 || move_mount(made, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return tell("move_mount(), seen by everybody", -1);
  umount2(where, MNT_DETACH);
  return tell("move_mount(), seen by everybody", 0);
}
