/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) { return tell("an SCTP socket", socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)); }
