/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <signal.h>

int main(void) { return tell("SIGKILL to the keeper", kill(number("ESCAPE_KEEPER_PID"), SIGKILL)); }
