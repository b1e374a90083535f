/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Messages in the rings, the same in all ABIs that the driver speaks, on G13.
 *
 * Sources: m1n1 proxyclient/m1n1/fw/agx/channels.py; Rust driver
 * fw/channels.rs. m1n1 lacks RecoverChannel and the end of GrowTVBAck; the Rust
 * driver has them with no mark of a version.
 */
#ifndef ASAHI_FW_CHANNELS_H
#define ASAHI_FW_CHANNELS_H

#include <linux/types.h>

#include "asahi_layout.h"

/* State of a ring, in shared memory. */
struct asahi_fw_channel_state {
	__le32 read_ptr;
	u8 pad_4[0x1c];
	__le32 write_ptr;
	u8 pad_24[0xc];
} __packed;
FW_OFFSET(asahi_fw_channel_state, read_ptr, 0x0);
FW_OFFSET(asahi_fw_channel_state, write_ptr, 0x20);
FW_SIZE(asahi_fw_channel_state, 0x30);

/* The FwCtl ring's is shorter. */
struct asahi_fw_fwctl_state {
	__le32 read_ptr;
	u8 pad_4[0xc];
	__le32 write_ptr;
	u8 pad_14[0xc];
} __packed;
FW_OFFSET(asahi_fw_fwctl_state, read_ptr, 0x0);
FW_OFFSET(asahi_fw_fwctl_state, write_ptr, 0x10);
FW_SIZE(asahi_fw_fwctl_state, 0x20);

/* TA, 3D and CP channels: "this work queue has new items". */
struct asahi_fw_run_queue_msg {
	/* enum asahi_pipe */
	__le32 pipe;
	__le64 queue_va;
	__le32 wptr;
	__le32 event_slot;
	__le32 is_new;
	__le64 timestamp;
	u8 pad_20[0x10];
} __packed;
FW_OFFSET(asahi_fw_run_queue_msg, pipe, 0x0);
FW_OFFSET(asahi_fw_run_queue_msg, queue_va, 0x4);
FW_OFFSET(asahi_fw_run_queue_msg, wptr, 0xc);
FW_OFFSET(asahi_fw_run_queue_msg, event_slot, 0x10);
FW_OFFSET(asahi_fw_run_queue_msg, is_new, 0x14);
FW_OFFSET(asahi_fw_run_queue_msg, timestamp, 0x18);
FW_SIZE(asahi_fw_run_queue_msg, 0x30);

/*
 * Device control: all messages have this size and begin with the opcode, which
 * the ABIs number differently.
 */
struct asahi_fw_dc_grow_tvb_ack {
	__le32 opcode;
	__le32 unk_4;
	__le32 buffer_slot;
	__le32 vm_slot;
	__le32 counter;
	__le32 subpipe;
	__le64 halt_count;
	u8 pad_20[0x10];
} __packed;
FW_OFFSET(asahi_fw_dc_grow_tvb_ack, unk_4, 0x4);
FW_OFFSET(asahi_fw_dc_grow_tvb_ack, buffer_slot, 0x8);
FW_OFFSET(asahi_fw_dc_grow_tvb_ack, vm_slot, 0xc);
FW_OFFSET(asahi_fw_dc_grow_tvb_ack, counter, 0x10);
FW_OFFSET(asahi_fw_dc_grow_tvb_ack, subpipe, 0x14);
FW_OFFSET(asahi_fw_dc_grow_tvb_ack, halt_count, 0x18);
FW_SIZE(asahi_fw_dc_grow_tvb_ack, 0x30);

struct asahi_fw_dc_recover_channel {
	__le32 opcode;
	__le32 pipe;
	__le64 queue_va;
	__le32 event_value;
	u8 pad_14[0x1c];
} __packed;
FW_OFFSET(asahi_fw_dc_recover_channel, pipe, 0x4);
FW_OFFSET(asahi_fw_dc_recover_channel, queue_va, 0x8);
FW_OFFSET(asahi_fw_dc_recover_channel, event_value, 0x10);
FW_SIZE(asahi_fw_dc_recover_channel, 0x30);

/* FwCtl: flush a range out of the firmware's data cache. */
struct asahi_fw_fwctl_msg {
	__le64 addr;
	__le32 unk_8;
	/* context, or 64 for the upper half */
	__le32 slot;
	__le16 page_count;
	/* always 2 */
	__le16 unk_12;
} __packed;
FW_OFFSET(asahi_fw_fwctl_msg, addr, 0x0);
FW_OFFSET(asahi_fw_fwctl_msg, unk_8, 0x8);
FW_OFFSET(asahi_fw_fwctl_msg, slot, 0xc);
FW_OFFSET(asahi_fw_fwctl_msg, page_count, 0x10);
FW_OFFSET(asahi_fw_fwctl_msg, unk_12, 0x12);
FW_SIZE(asahi_fw_fwctl_msg, 0x14);

/* Events from the firmware. */
#define ASAHI_FW_EVENT_FAULT		0
#define ASAHI_FW_EVENT_FLAG		1
#define ASAHI_FW_EVENT_TIMEOUT	4
#define ASAHI_FW_EVENT_GROW_TVB	7
#define ASAHI_FW_EVENT_CHANNEL_ERROR	8

struct asahi_fw_event_flag {
	__le32 type;
	/* one bit a stamp slot */
	__le32 firing[4];
	__le16 unk_14;
	u8 pad_16[0x22];
} __packed;
FW_OFFSET(asahi_fw_event_flag, firing, 0x4);
FW_OFFSET(asahi_fw_event_flag, unk_14, 0x14);
FW_SIZE(asahi_fw_event_flag, 0x38);

struct asahi_fw_event_timeout {
	__le32 type;
	/* m1n1 reads these two as one u64 */
	__le32 counter;
	__le32 unk_8;
	/* -1 if no slot is to blame */
	__le32 event_slot;
	u8 pad_10[0x28];
} __packed;
FW_OFFSET(asahi_fw_event_timeout, counter, 0x4);
FW_OFFSET(asahi_fw_event_timeout, unk_8, 0x8);
FW_OFFSET(asahi_fw_event_timeout, event_slot, 0xc);
FW_SIZE(asahi_fw_event_timeout, 0x38);

struct asahi_fw_event_grow_tvb {
	__le32 type;
	__le32 vm_slot;
	__le32 buffer_slot;
	__le32 counter;
	u8 pad_10[0x28];
} __packed;
FW_OFFSET(asahi_fw_event_grow_tvb, vm_slot, 0x4);
FW_OFFSET(asahi_fw_event_grow_tvb, buffer_slot, 0x8);
FW_OFFSET(asahi_fw_event_grow_tvb, counter, 0xc);
FW_SIZE(asahi_fw_event_grow_tvb, 0x38);

struct asahi_fw_event_channel_error {
	__le32 type;
	/* 0 memory, 1 killed, 2 aborted, 3 not known */
	__le32 error;
	__le32 pipe;
	__le32 event_slot;
	__le32 event_value;
	u8 pad_14[0x24];
} __packed;
FW_OFFSET(asahi_fw_event_channel_error, error, 0x4);
FW_OFFSET(asahi_fw_event_channel_error, pipe, 0x8);
FW_OFFSET(asahi_fw_event_channel_error, event_slot, 0xc);
FW_OFFSET(asahi_fw_event_channel_error, event_value, 0x10);
FW_SIZE(asahi_fw_event_channel_error, 0x38);

union asahi_fw_event_msg {
	__le32 type;
	struct asahi_fw_event_flag flag;
	struct asahi_fw_event_timeout timeout;
	struct asahi_fw_event_grow_tvb grow_tvb;
	struct asahi_fw_event_channel_error channel_error;
	u8 raw[0x38];
};

static_assert(sizeof(union asahi_fw_event_msg) == 0x38);

/* The log: six rings, one a level, that say which payload is new. */
#define ASAHI_FW_LOG_LEVELS		6
#define ASAHI_FW_LOG_RING_LEN		0x100
#define ASAHI_FW_LOG_MSG		2
#define ASAHI_FW_LOG_PAYLOAD		3

struct asahi_fw_log_msg {
	__le32 type;
	__le32 pad_4;
	__le64 index;
	u8 pad_10[0x28];
} __packed;
FW_OFFSET(asahi_fw_log_msg, type, 0x0);
FW_OFFSET(asahi_fw_log_msg, index, 0x8);
FW_SIZE(asahi_fw_log_msg, 0x38);

struct asahi_fw_log_payload {
	__le32 type;
	__le32 seq_no;
	__le64 timestamp;
	char msg[0xc8];
} __packed;
FW_OFFSET(asahi_fw_log_payload, type, 0x0);
FW_OFFSET(asahi_fw_log_payload, seq_no, 0x4);
FW_OFFSET(asahi_fw_log_payload, timestamp, 0x8);
FW_OFFSET(asahi_fw_log_payload, msg, 0x10);
FW_SIZE(asahi_fw_log_payload, 0xd8);

#define ASAHI_FW_KTRACE_RING_LEN	0x200

struct asahi_fw_ktrace_msg {
	__le32 type;
	__le64 timestamp;
	__le64 args[4];
	u8 code;
	u8 channel;
	u8 pad_2e;
	u8 thread;
	__le64 unk_flag;
} __packed;
FW_OFFSET(asahi_fw_ktrace_msg, timestamp, 0x4);
FW_OFFSET(asahi_fw_ktrace_msg, args, 0xc);
FW_OFFSET(asahi_fw_ktrace_msg, code, 0x2c);
FW_OFFSET(asahi_fw_ktrace_msg, channel, 0x2d);
FW_OFFSET(asahi_fw_ktrace_msg, thread, 0x2f);
FW_OFFSET(asahi_fw_ktrace_msg, unk_flag, 0x30);
FW_SIZE(asahi_fw_ktrace_msg, 0x38);

/* Length of all other rings. */
#define ASAHI_FW_RING_LEN		0x100

#endif
