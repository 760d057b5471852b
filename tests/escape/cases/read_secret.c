/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("open a secret of the daemon", open(setting("ESCAPE_SECRET_FILE"), O_RDONLY));
}
