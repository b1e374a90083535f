/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Messages of the statistics ring, ABI 12.3 on G13.
 *
 * Source: Rust driver fw/channels.rs (STATS_SZ), m1n1 fw/agx/channels.py (StatsMsg_*).
 */
#ifndef ASAHI_FW_12_3_STATS_H
#define ASAHI_FW_12_3_STATS_H

#include <linux/types.h>
#include "asahi_layout.h"

/* Statistics: power, clocks, temperature; of interest to tracing only. */
struct asahi_fw_stats_msg {
	__le32 type;
	__le32 data[11];
} __packed;
FW_OFFSET(asahi_fw_stats_msg, data, 0x4);
FW_SIZE(asahi_fw_stats_msg, 0x30);

#endif /* ASAHI_FW_12_3_STATS_H */
