/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Tells whether BPF LSM programs are called at all: where "bpf" is not in the kernel's LSM list
 * they load, attach, and never run. Used by the probe only; it changes nothing for anybody. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

volatile __u64 awaited_thread; /* (tgid << 32) | tid */
volatile __u64 calls;

SEC("lsm/socket_create")
int BPF_PROG(sluice_canary, int family, int type, int protocol, int kern, int ret)
{
	if (bpf_get_current_pid_tgid() == awaited_thread)
		__sync_fetch_and_add(&calls, 1);
	return ret;
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
