/* SPDX-License-Identifier: Apache-2.0 */
/* escape CASE | escape --agent MILLISECONDS | escape --victim | escape --list */
#include "escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made by the build from the names of the files in cases/. */
#define CASE(name) int escape_case_##name(void);
#include "cases.inc"
#undef CASE

static const struct {
  const char* name;
  int (*run)(void);
} cases[] = {
#define CASE(name) {#name, escape_case_##name},
#include "cases.inc"
#undef CASE
};

int run_case(const char* name) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i)
    if (strcmp(cases[i].name, name) == 0) return cases[i].run();
  return 127;
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "--agent") == 0) return agent(atoll(argv[2]));
  if (argc == 2 && strcmp(argv[1], "--victim") == 0) return victim();
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) puts(cases[i].name);
    return 0;
  }
  if (argc == 2) return run_case(argv[1]);
  fprintf(stderr, "usage: escape CASE | --agent MILLISECONDS | --victim | --list\n");
  return 2;
}
