/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sys/ptrace.h>

int main(void) {
  const pid_t victim = number("ESCAPE_VICTIM_PID");
  char* address = (char*)strtoul(setting("ESCAPE_VICTIM_ADDRESS"), NULL, 16);
  int status = 0;
  if (ptrace(PTRACE_ATTACH, victim, NULL, NULL) != 0) return tell("PTRACE_ATTACH", -1);
  waitpid(victim, &status, __WALL);
  for (size_t at = 0; at <= strlen(token()); at += sizeof(long)) {
    long word = 0;
    strncpy((char*)&word, token() + at, sizeof word);
    ptrace(PTRACE_POKEDATA, victim, address + at, (void*)word);
  }
  return tell("write into another process by ptrace", ptrace(PTRACE_DETACH, victim, NULL, NULL));
}
