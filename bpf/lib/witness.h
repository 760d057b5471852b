/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Lets whoever attached a program see that the kernel calls it: where "bpf" is not in the kernel's
 * LSM list, LSM programs attach and are never run. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <sluice/abi/lsm.h>

volatile struct sluice_witness sluice_witness; /* the whole of this object's .bss */

static __always_inline void witness(enum sluice_lsm_program program)
{
	__u64 thread = sluice_witness.thread;

	if (thread && bpf_get_current_pid_tgid() == thread)
		__sync_fetch_and_add(&sluice_witness.calls[program], 1);
}
