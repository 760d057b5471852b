/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <linux/bpf.h>

int main(void) {
  const struct sockaddr_in to = loopback4(number("ESCAPE_TCP4"));
  char path[512];
  snprintf(path, sizeof path, "%s/links/sluice_connect4", setting("ESCAPE_PIN_DIR"));
  union bpf_attr open_it = {.pathname = (unsigned long)path};
  const int link = (int)syscall(SYS_bpf, BPF_OBJ_GET, &open_it, sizeof open_it);
  if (link < 0) return tell("open a pinned link", -1);
  union bpf_attr detach = {.link_detach = {.link_fd = (unsigned)link}};
  if (syscall(SYS_bpf, BPF_LINK_DETACH, &detach, sizeof detach) != 0)
    return tell("BPF_LINK_DETACH", -1);
  return tell("detach the program, then connect",
              connect_and_exchange(socket(AF_INET, SOCK_STREAM, 0), &to, sizeof to));
}
