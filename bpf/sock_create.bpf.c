/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* socket(): a run gets TCP, MPTCP and UDP over IPv4 and IPv6. Families other than these two never
 * come to this hook; seccomp and LSM are for them. */
#include "lib/judge.h"

SEC("cgroup/sock_create")
int sluice_sock_create(struct bpf_sock *ctx)
{
	struct sluice_socket about = {};
	struct sluice_decision decision;
	struct run run = {};

	if (!find_run(&run))
		return 1;
	decision = sluice_decide_socket(ctx->family, ctx->type, ctx->protocol);
	if (decision.kind == SLUICE_VERDICT_DIRECT)
		return 1;
	describe_task(&about, &run);
	about.flow_key.netns_cookie = bpf_get_netns_cookie(ctx);
	about.ip_protocol = ctx->protocol;
	return refuse(&about, decision.reason, decision.error);
}

char sluice_license[] SEC("license") = "Dual BSD/GPL";
