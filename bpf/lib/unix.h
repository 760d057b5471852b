/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Names of Unix sockets: reading them, and judging a run by them. */
#pragma once

#include "decide_unix.h"
#include "report.h"
#include "runs.h"
#include "unix_types.h"
#include <bpf/bpf_core_read.h>

/* Linux 6.7; where they are missing, this object is not loaded. */
extern int bpf_sock_addr_set_sun_path(struct bpf_sock_addr_kern *address, const __u8 *path,
				      __u32 bytes) __ksym;
extern void *bpf_cast_to_kern_ctx(void *context) __ksym;

#define SLUICE_SUN_PATH_OFFSET 2

struct name {
	__u32 length;
	__u8 bytes[SLUICE_UNIX_NAME_BYTES];
};

static __always_inline __u8 socket_state(const struct bpf_sock_addr_kern *kern)
{
	return kern->sk->__sk_common.skc_state;
}

/* The name in the caller's address: a path up to its NUL, an abstract name whole. False: none that
 * can be connected to, and the kernel says so itself. */
static __always_inline bool read_name(struct bpf_sock_addr_kern *kern, __u8 *name, __u32 *length)
{
	__u8 raw[SLUICE_UNIX_NAME_BYTES] = {};
	const char *from = (const char *)kern->uaddr + SLUICE_SUN_PATH_OFFSET;
	__u32 bytes = kern->uaddrlen - SLUICE_SUN_PATH_OFFSET;
	long copied;

	if (!bytes || bytes > SLUICE_UNIX_NAME_MAX)
		return false;
	if (bpf_probe_read_kernel(raw, bytes, from))
		return false;
	__builtin_memset(name, 0, SLUICE_UNIX_NAME_BYTES);
	if (!raw[0]) {
		__builtin_memcpy(name, raw, SLUICE_UNIX_NAME_BYTES);
		*length = bytes;
		return true;
	}
	/* Behind the NUL of a path the caller's stack may lie. */
	copied = bpf_probe_read_kernel_str(name, SLUICE_UNIX_NAME_BYTES, raw);
	if (copied < 2)
		return false;
	*length = copied - 1;
	return true;
}

static __always_inline bool same_name(const __u8 *a, const __u8 *b)
{
	const __u32 *left = (const __u32 *)a; /* every name here is so aligned */
	const __u32 *right = (const __u32 *)b;

	for (__u32 i = 0; i < SLUICE_UNIX_NAME_BYTES / sizeof(__u32); i++)
		if (left[i] != right[i])
			return false;
	return true;
}

/* Another thread may change the root between this and the kernel's own look-up; for that it needs
 * CAP_SYS_CHROOT, which without root is to be had in another user namespace only, and tasks of two
 * user namespaces never share a root. */
static __always_inline bool sees_host_files(void)
{
	struct task_struct___files *task = (void *)bpf_get_current_task_btf();
	struct vfsmount *mount = task->fs->root.mnt;
	struct mount *whole = (void *)mount - bpf_core_field_offset(struct mount, mnt);
	__u64 id = 0;

	if (mount->mnt_root != task->fs->root.dentry)
		return false;
	id = BPF_CORE_READ(whole, mnt_id);
	return id && id == setting(SLUICE_SETTING_HOST_ROOT_MOUNT) &&
	       task->cred->user_ns->ns.inum == setting(SLUICE_SETTING_HOST_USER_NAMESPACE);
}

static __always_inline struct sluice_unix_listener *unix_listener(struct bpf_sock_addr *ctx)
{
	__u64 cookie = bpf_get_netns_cookie(ctx);

	return bpf_map_lookup_elem(&sluice_unix_listeners, &cookie);
}

/* `asked` is filled. */
static __always_inline struct sluice_decision
judge_unix(struct bpf_sock_addr *ctx, const struct run *run, const struct sluice_unix_key *asked,
	   const struct sluice_unix_listener *listener)
{
	struct sluice_unix_key others = {.subject = asked->subject, .epoch = asked->epoch};
	struct sluice_unix_facts facts = {
	    .run_flags = run->flags,
	    .type = ctx->type,
	    .entry = bpf_map_lookup_elem(&sluice_unix_verdicts, asked),
	    .listener_set = listener != NULL,
	    .sees_host_files = sees_host_files(),
	    .now_ns = bpf_ktime_get_ns(),
	    .alive_until_ns = setting(SLUICE_SETTING_ALIVE_UNTIL),
	};

	if (listener && listener->length == asked->length)
		facts.to_listener = same_name(listener->name, asked->name);
	if (!facts.entry)
		facts.others = bpf_map_lookup_elem(&sluice_unix_verdicts, &others);
	return sluice_decide_unix(&facts);
}

/* False: see report_lost(); the caller refuses. */
static __always_inline bool report_unix(const struct sluice_unix_socket *socket,
					const struct outcome *outcome)
{
	struct sluice_unix_event *record;
	__u64 sequence;

	if (socket->about.rule && outcome->event != SLUICE_EVENT_CLOSED)
		count_rule(socket->about.rule);
	record = bpf_ringbuf_reserve(&sluice_events, sizeof(*record), 0);
	if (!record)
		return report_lost(outcome->reason, outcome->event);
	sequence = number(outcome->reason);
	record->event.sequence = sequence;
	fill(&record->event, &socket->about, outcome);
	record->name_length = socket->asked.length;
	__builtin_memcpy(record->name, socket->asked.name, sizeof(record->name));
	record->reserved = 0;
	bpf_ringbuf_submit(record, wake_up(sequence));
	return true;
}
