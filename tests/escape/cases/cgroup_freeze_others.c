/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* Stops all that is in a cgroup of somebody else's. */
int main(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/cgroup.freeze", setting("ESCAPE_OUTSIDE_CGROUP"));
  const int freeze = open(path, O_WRONLY);
  if (freeze < 0 || write(freeze, "1", 1) != 1) return tell("freeze a cgroup of others", -1);
  return tell("freeze a cgroup of others, and let go of it", write(freeze, "0", 1));
}
