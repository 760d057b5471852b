/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("a socket of the kernel's crypto API", socket(AF_ALG, SOCK_SEQPACKET, 0));
}
