/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) {
  return tell("a raw socket with headers of its own", socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
}
