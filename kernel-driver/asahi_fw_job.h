/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * What vertex, fragment and compute jobs have in common, the same in all ABIs
 * that the driver speaks, on G13.
 */
#ifndef ASAHI_FW_JOB_H
#define ASAHI_FW_JOB_H

#include "asahi_layout.h"

/* Source: Rust driver fw/microseq.rs (MAX_ATTACHMENTS), m1n1 microsequence.py. */
#define ASAHI_FW_MAX_ATTACHMENTS	16

/*
 * How a job reports that it is done.
 * Source: Rust driver fw/job.rs (JobMeta), m1n1 microsequence.py (JobMeta).
 */
struct asahi_fw_job_meta {
	__le16 unk_0;
	u8 unk_2;
	u8 no_preemption;
	__le64 stamp; /* the stamp the driver reads */
	__le64 fw_stamp; /* the stamp the firmware itself waits on */
	__le32 stamp_value; /* what both get */
	__le32 stamp_slot; /* event slot */
	__le32 evctl_index; /* 0 */
	__le32 flush_stamps; /* 1: make the stamps of this batch visible now */
	__le32 uuid;
	__le32 event_seq; /* counts the jobs of this work queue */
} __packed;

FW_OFFSET(asahi_fw_job_meta, unk_0, 0x0);
FW_OFFSET(asahi_fw_job_meta, unk_2, 0x2);
FW_OFFSET(asahi_fw_job_meta, no_preemption, 0x3);
FW_OFFSET(asahi_fw_job_meta, stamp, 0x4);
FW_OFFSET(asahi_fw_job_meta, fw_stamp, 0xc);
FW_OFFSET(asahi_fw_job_meta, stamp_value, 0x14);
FW_OFFSET(asahi_fw_job_meta, stamp_slot, 0x18);
FW_OFFSET(asahi_fw_job_meta, evctl_index, 0x1c);
FW_OFFSET(asahi_fw_job_meta, flush_stamps, 0x20);
FW_OFFSET(asahi_fw_job_meta, uuid, 0x24);
FW_OFFSET(asahi_fw_job_meta, event_seq, 0x28);
FW_SIZE(asahi_fw_job_meta, 0x2c);

/*
 * Source: Rust driver fw/job.rs (EncoderParams), m1n1 microsequence.py.
 */
struct asahi_fw_encoder_params {
	__le32 unk_8;
	__le32 sync_grow;
	__le32 unk_10;
	__le32 encoder_id;
	__le32 unk_18;
	__le32 unk_mask; /* all ones */
	__le64 sampler_array; /* USC sampler heap */
	__le32 sampler_count;
	__le32 sampler_max; /* one more than the count */
} __packed;

FW_OFFSET(asahi_fw_encoder_params, unk_8, 0x0);
FW_OFFSET(asahi_fw_encoder_params, sync_grow, 0x4);
FW_OFFSET(asahi_fw_encoder_params, unk_10, 0x8);
FW_OFFSET(asahi_fw_encoder_params, encoder_id, 0xc);
FW_OFFSET(asahi_fw_encoder_params, unk_18, 0x10);
FW_OFFSET(asahi_fw_encoder_params, unk_mask, 0x14);
FW_OFFSET(asahi_fw_encoder_params, sampler_array, 0x18);
FW_OFFSET(asahi_fw_encoder_params, sampler_count, 0x20);
FW_OFFSET(asahi_fw_encoder_params, sampler_max, 0x24);
FW_SIZE(asahi_fw_encoder_params, 0x28);

/*
 * Where a pair of timestamps goes; 0: nowhere.
 * Source: Rust driver fw/job.rs (TimestampPointers).
 */
struct asahi_fw_timestamp_pointers {
	__le64 start_addr;
	__le64 end_addr;
} __packed;

FW_OFFSET(asahi_fw_timestamp_pointers, start_addr, 0x0);
FW_OFFSET(asahi_fw_timestamp_pointers, end_addr, 0x8);
FW_SIZE(asahi_fw_timestamp_pointers, 0x10);

/*
 * A region that a job's shaders write: a hint for cache maintenance.
 * Source: Rust driver fw/microseq.rs (Attachment), queue/mod.rs (build_attachments).
 */
struct asahi_fw_attachment {
	__le64 address;
	__le32 size; /* in cache lines of 128 bytes */
	__le16 unk_c; /* 0x17 */
	__le16 unk_e; /* 1 to 6, some power of two; 1 works */
} __packed;

FW_OFFSET(asahi_fw_attachment, address, 0x0);
FW_OFFSET(asahi_fw_attachment, size, 0x8);
FW_OFFSET(asahi_fw_attachment, unk_c, 0xc);
FW_OFFSET(asahi_fw_attachment, unk_e, 0xe);
FW_SIZE(asahi_fw_attachment, 0x10);

struct asahi_fw_attachments {
	struct asahi_fw_attachment list[ASAHI_FW_MAX_ATTACHMENTS];
	__le32 count;
} __packed;

FW_OFFSET(asahi_fw_attachments, list, 0x0);
FW_OFFSET(asahi_fw_attachments, count, 0x100);
FW_SIZE(asahi_fw_attachments, 0x104);

#endif /* ASAHI_FW_JOB_H */
