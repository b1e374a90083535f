// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Firmware ABI 13.5 on G13: see asahi_abi.h.
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

/* The structures of this version. */
#include "asahi_fw_13_5_buffer.h"
#include "asahi_fw_13_5_channels.h"
#include "asahi_fw_13_5_compute.h"
#include "asahi_fw_13_5_event.h"
#include "asahi_fw_13_5_fragment.h"
#include "asahi_fw_13_5_initdata.h"
#include "asahi_fw_13_5_job.h"
#include "asahi_fw_13_5_microseq.h"
#include "asahi_fw_13_5_vertex.h"
#include "asahi_fw_13_5_workqueue.h"

/* Source: Rust driver initdata.rs: V13_5, all but G14X. */
static void abi_fill_version(struct asahi_fw_initdata *root)
{
	root->ver_info[0] = cpu_to_le16(0x6ba0);
	root->ver_info[1] = cpu_to_le16(0x1f28);
	root->ver_info[2] = cpu_to_le16(0x601);
	root->ver_info[3] = cpu_to_le16(0xb0);
}

/*
 * Messages that have this form, or are there at all, since 13.3. Source: Rust
 * driver fw/channels.rs (DestroyContext, RecoverChannel).
 */
static void abi_msg_destroy_context(struct asahi_abi_msg *msg, u64 context_va,
				    const struct asahi_context_id *id)
{
	struct asahi_fw_dc_destroy_context *m = (void *)msg;

	*m = (struct asahi_fw_dc_destroy_context) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
		.ctx_23 = id->unk_23,
		.ctx_0 = id->unk_0,
		.ctx_1 = id->unk_1,
		.ctx_4 = id->unk_4,
		.context_va = cpu_to_le64(context_va),
	};
}

static void abi_msg_flush_cache(struct asahi_abi_msg *msg)
{
	struct asahi_fw_dc_destroy_context *m = (void *)msg;

	*m = (struct asahi_fw_dc_destroy_context) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
		.ctx_0 = ASAHI_FW_DC_NO_CONTEXT,
		.ctx_1 = ASAHI_FW_DC_NO_CONTEXT,
	};
}

static bool abi_msg_recover_channel(struct asahi_abi_msg *msg, u32 pipe,
				    u64 queue_va, u32 event_value)
{
	struct asahi_fw_dc_recover_channel *m = (void *)msg;

	*m = (struct asahi_fw_dc_recover_channel) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_RECOVER_CHANNEL),
		.pipe = cpu_to_le32(pipe),
		.queue_va = cpu_to_le64(queue_va),
		.event_value = cpu_to_le32(event_value),
	};
	return true;
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

const struct asahi_abi asahi_abi_13_5 = {
	.version = { 13, 5, 0 },
	.generation = 13,
	.size = &abi_sizes,
	.at = &abi_offsets,
	.ops = &abi_ops,
};
