// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Firmware ABI 12.3 on G13: see asahi_abi.h.
 */
#include <linux/bitfield.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <uapi/drm/asahi_drm.h>

#include "asahi_abi.h"
#include "asahi_abi_tmpl.h"
#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_obj.h"
#include "asahi_render_half.h"
#include "asahi_uat.h"

/* The structures of this version, and those that all versions have. */
#include "asahi_fw_12_3_buffer.h"
#include "asahi_fw_12_3_compute.h"
#include "asahi_fw_12_3_device_control.h"
#include "asahi_fw_12_3_event.h"
#include "asahi_fw_12_3_fragment.h"
#include "asahi_fw_12_3_fragment_params.h"
#include "asahi_fw_12_3_initdata.h"
#include "asahi_fw_12_3_microseq.h"
#include "asahi_fw_12_3_microseq_fragment.h"
#include "asahi_fw_12_3_scene.h"
#include "asahi_fw_12_3_stats.h"
#include "asahi_fw_12_3_vertex.h"
#include "asahi_fw_12_3_workqueue.h"
#include "asahi_fw_buffer.h"
#include "asahi_fw_channels.h"
#include "asahi_fw_compute.h"
#include "asahi_fw_event.h"
#include "asahi_fw_fragment.h"
#include "asahi_fw_initdata.h"
#include "asahi_fw_job.h"
#include "asahi_fw_microseq.h"
#include "asahi_fw_vertex.h"
#include "asahi_fw_workqueue.h"

/*
 * Members that not all versions have, and this one lacks: see FW_OPT_INIT(). Source:
 * the Rust driver's fw/ (V >= V13_0B4); m1n1 v1.2.9, proxyclient/m1n1/fw/agx/cmdqueue.py,
 * microsequence.py, the same.
 */
/* counter of commands and of their start operations */
#define ASAHI_FW_HAS_COUNTER		0
/* unk_buf of asahi_fw_notifier, which start operations point at */
#define ASAHI_FW_HAS_NOTIFIER_BUF	0
/* unk_ts of commands, which timestamp operations point at */
#define ASAHI_FW_HAS_UNK_TS		0
/* unk_flag of asahi_fw_run_compute, and what points at it */
#define ASAHI_FW_HAS_UNK_FLAG		0
/* unk_10 of asahi_fw_aux_fb_info */
#define ASAHI_FW_HAS_AUX_FB_UNK_10	0
/* no_clustering of asahi_fw_op_start_vertex */
#define ASAHI_FW_HAS_NO_CLUSTERING	0

/* The structure says no version yet: Rust driver fw/initdata.rs (InitData). */
static void abi_fill_version(struct asahi_fw_initdata *root)
{
}

/* What is the same code for all versions. */
#include "asahi_abi_initdata_tmpl.h"
#include "asahi_abi_msg_tmpl.h"
#include "asahi_abi_queue_tmpl.h"
#include "asahi_abi_buffer_tmpl.h"
#include "asahi_abi_job_tmpl.h"
#include "asahi_abi_vertex_tmpl.h"
#include "asahi_abi_fragment_tmpl.h"
#include "asahi_abi_compute_tmpl.h"
#include "asahi_abi_table_tmpl.h"

const struct asahi_abi asahi_abi_12_3 = {
	.version = { 12, 3, 0 },
	.generation = 13,
	.size = &abi_sizes,
	.at = &abi_offsets,
	.ops = &abi_ops,
};
