/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) { return tell("a ping socket", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)); }
