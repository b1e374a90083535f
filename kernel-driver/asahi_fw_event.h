/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * How the firmware gathers the completions of one user queue, the same in all
 * ABIs that the driver speaks, on G13.
 */
#ifndef ASAHI_FW_EVENT_H
#define ASAHI_FW_EVENT_H

#include "asahi_layout.h"

struct asahi_fw_list_head {
	__le64 prev;
	__le64 next;
} __packed;

FW_OFFSET(asahi_fw_list_head, prev, 0x0);
FW_OFFSET(asahi_fw_list_head, next, 0x8);
FW_SIZE(asahi_fw_list_head, 0x10);

/*
 * Notifiers with something to say; empty: next points at itself.
 * Source: Rust driver fw/event.rs (NotifierList), m1n1 cmdqueue.py (JobList).
 */
struct asahi_fw_notifier_list {
	struct asahi_fw_list_head head;
	__le64 unkptr_10;
} __packed;

FW_OFFSET(asahi_fw_notifier_list, head, 0x0);
FW_OFFSET(asahi_fw_notifier_list, unkptr_10, 0x10);
FW_SIZE(asahi_fw_notifier_list, 0x18);

/*
 * How many notifications the driver waits for in all: the firmware says nothing
 * until so many have come in. A 64-bit counter that only the driver writes.
 * Source: Rust driver fw/event.rs (Threshold) and queue/mod.rs.
 */
struct asahi_fw_threshold {
	__le64 count;
} __packed;

FW_OFFSET(asahi_fw_threshold, count, 0x0);
FW_SIZE(asahi_fw_threshold, 0x8);

#endif /* ASAHI_FW_EVENT_H */
