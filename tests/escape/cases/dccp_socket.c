/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) { return tell("a DCCP socket", socket(AF_INET, SOCK_DCCP, IPPROTO_DCCP)); }
