/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) { return tell("(AF_INET, SOCK_PACKET)", socket(AF_INET, SOCK_PACKET, 0x0300)); }
