/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) { return tell("an IPv6 raw socket", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)); }
