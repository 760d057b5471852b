/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* HASH sluice_subjects: subject -> struct sluice_subject, for what holds for all runs of a lineage.
 * A subject that is not in here has zeros: the strict defaults. */
#pragma once

#include <linux/types.h>

/* Who may connect to a TCP listener of a run. */
enum sluice_inbound {
	SLUICE_INBOUND_OWN_RUN = 0,  /* the run itself, and the runs that it lies in */
	SLUICE_INBOUND_NONE = 1,     /* nobody */
	SLUICE_INBOUND_LOOPBACK = 2, /* also whoever comes over a loopback address */
};

struct sluice_subject {
	__u32 inbound;	/* enum sluice_inbound */
	__u32 reserved; /* 0 */
};
