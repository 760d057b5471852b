/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("a netlink socket of the audit system", socket(AF_NETLINK, SOCK_RAW, 9));
}
