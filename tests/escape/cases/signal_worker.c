/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <signal.h>

int main(void) { return tell("SIGKILL to the worker", kill(number("ESCAPE_WORKER_PID"), SIGKILL)); }
