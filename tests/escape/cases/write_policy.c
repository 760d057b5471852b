/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("open a policy for writing", open(setting("ESCAPE_POLICY_FILE"), O_WRONLY));
}
