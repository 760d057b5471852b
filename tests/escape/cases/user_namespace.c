/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <sched.h>

int main(void) { return tell("a user namespace of its own", unshare(CLONE_NEWUSER)); }
