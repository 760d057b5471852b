/* SPDX-License-Identifier: Apache-2.0 */
#include "accomplice.h"

int main(void) {
  return tell("move to a cgroup that is in no run", move_to(setting("ESCAPE_OUTSIDE_CGROUP"), 0));
}
