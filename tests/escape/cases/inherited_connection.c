/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("write to a connection inherited from outside",
              exchange(number("ESCAPE_INHERITED_FD")));
}
