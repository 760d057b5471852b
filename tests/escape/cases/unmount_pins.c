/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/mount.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  if (umount2(setting("ESCAPE_PIN_MOUNT"), MNT_DETACH) != 0) return tell("unmount the pins", -1);
  return tell("unmount the pins, then connect", connect_without_pins(&to, sizeof to));
}
