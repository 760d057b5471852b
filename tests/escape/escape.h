/* SPDX-License-Identifier: Apache-2.0 */
/* The one program of the escape suite: agent, victim, and every case. */
#pragma once

#include <fcntl.h>

int run_case(const char* name); /* 127: there is no such case */
int agent(long long limit_ms);
int victim(void);
