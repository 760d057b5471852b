/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_runs: cgroup id (__u64, inode of the cgroup2 directory) -> struct sluice_run. A task
 * is in the run of its deepest ancestor cgroup that is in here. */
#pragma once

#include <linux/types.h>

#define SLUICE_RUN_REVOKED 1u /* every connect and send is refused, in every run below it too */

struct sluice_run {
	__u32 subject; /* whose verdict entries apply */
	__u32 flags;   /* SLUICE_RUN_* */
};
