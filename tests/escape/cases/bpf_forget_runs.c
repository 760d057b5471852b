/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <linux/bpf.h>

/* Deletes all keys of a pinned map, of whatever size they are. */
static int empty(const char* name) {
  char path[512];
  unsigned char key[256];
  snprintf(path, sizeof path, "%s/maps/%s", setting("ESCAPE_PIN_DIR"), name);
  union bpf_attr open_it = {.pathname = (unsigned long)path};
  const int map = (int)syscall(SYS_bpf, BPF_OBJ_GET, &open_it, sizeof open_it);
  if (map < 0) return -1;
  union bpf_attr next = {.map_fd = (unsigned)map, .next_key = (unsigned long)key};
  while (syscall(SYS_bpf, BPF_MAP_GET_NEXT_KEY, &next, sizeof next) == 0) {
    union bpf_attr gone = {.map_fd = (unsigned)map, .key = (unsigned long)key};
    if (syscall(SYS_bpf, BPF_MAP_DELETE_ELEM, &gone, sizeof gone) != 0) break;
  }
  close(map);
  return 0;
}

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  if (empty("sluice_runs") != 0 || empty("sluice_awaited") != 0)
    return tell("open a pinned map", -1);
  return tell("delete the runs from the kernel's maps, then connect",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}
