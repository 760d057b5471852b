/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("a netlink socket that writes firewall rules", socket(AF_NETLINK, SOCK_RAW, 12));
}
