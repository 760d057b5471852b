/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* A rename over another pin removes that one; here it has a place of its own, and goes back. */
int main(void) {
  char path[512], elsewhere[512];
  snprintf(path, sizeof path, "%s/links/sluice_connect4", setting("ESCAPE_PIN_DIR"));
  snprintf(elsewhere, sizeof elsewhere, "%s/links/elsewhere", setting("ESCAPE_PIN_DIR"));
  if (rename(path, elsewhere) != 0) return tell("rename a pinned program", -1);
  return tell("rename a pinned program, and back", rename(elsewhere, path));
}
