/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

int main(void) { return tell("a vsock socket", socket(AF_VSOCK, SOCK_STREAM, 0)); }
