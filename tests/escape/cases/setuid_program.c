/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

/* A program of root's, run by the agent, that connects. */
int main(void) {
  const char* program = setting("ESCAPE_SETUID_PROGRAM");
  execl(program, program, "tcp_connect", (char*)NULL);
  return tell("run a setuid program", -1);
}
