/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("a one-to-many SCTP socket", socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP));
}
