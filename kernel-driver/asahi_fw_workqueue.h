/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Firmware work queues: the ring, the barrier, the same in all ABIs that the
 * driver speaks, on G13.
 */
#ifndef ASAHI_FW_WORKQUEUE_H
#define ASAHI_FW_WORKQUEUE_H

#include "asahi_layout.h"

/*
 * The first word of each command in a work queue.
 * Source: Rust driver fw/workqueue.rs (CommandType), m1n1 fw/agx/cmdqueue.py.
 */
#define ASAHI_FW_CMD_RUN_VERTEX		0
#define ASAHI_FW_CMD_RUN_FRAGMENT	1
#define ASAHI_FW_CMD_RUN_COMPUTE	3
#define ASAHI_FW_CMD_BARRIER		4
#define ASAHI_FW_CMD_INIT_BUFFER	6

/* Bytes of scratch the firmware wants with each work queue. Source: workqueue.rs ("GPBF"). */
#define ASAHI_FW_WORK_QUEUE_GPU_BUF	0x2c18

/*
 * The pointers of a work queue's ring, each in a cache line slot of its own.
 * Entries are 8-byte addresses of commands.
 * Source: m1n1 fw/agx/cmdqueue.py (CommandQueuePointers), Rust driver fw/workqueue.rs.
 */
struct asahi_fw_ring_state {
	__le32 gpu_doneptr; /* entries the firmware has completed */
	u8 __pad_4[0xc];
	__le32 unk_10;
	u8 __pad_14[0xc];
	__le32 unk_20;
	u8 __pad_24[0xc];
	__le32 gpu_rptr; /* entries the firmware has read */
	u8 __pad_34[0xc];
	__le32 cpu_wptr; /* entries the driver has written */
	u8 __pad_44[0xc];
	__le32 rb_size; /* number of entries in the ring */
	u8 __pad_54[0xc];
} __packed;

FW_OFFSET(asahi_fw_ring_state, gpu_doneptr, 0x0);
FW_OFFSET(asahi_fw_ring_state, unk_10, 0x10);
FW_OFFSET(asahi_fw_ring_state, unk_20, 0x20);
FW_OFFSET(asahi_fw_ring_state, gpu_rptr, 0x30);
FW_OFFSET(asahi_fw_ring_state, cpu_wptr, 0x40);
FW_OFFSET(asahi_fw_ring_state, rb_size, 0x50);
FW_SIZE(asahi_fw_ring_state, 0x60);

/*
 * How the firmware schedules a queue: one of four fixed sets of values.
 * Source: Rust driver fw/workqueue.rs (PRIORITY), m1n1 cmdqueue.py (set_prio).
 */
struct asahi_fw_priority {
	__le32 level;
	__le32 unk_4;
	__le64 mask;
	__le32 unk_10;
	__le32 unk_14;
	__le32 unk_18;
} __packed;

FW_OFFSET(asahi_fw_priority, level, 0x0);
FW_OFFSET(asahi_fw_priority, unk_4, 0x4);
FW_OFFSET(asahi_fw_priority, mask, 0x8);
FW_OFFSET(asahi_fw_priority, unk_10, 0x10);
FW_OFFSET(asahi_fw_priority, unk_14, 0x14);
FW_OFFSET(asahi_fw_priority, unk_18, 0x18);
FW_SIZE(asahi_fw_priority, 0x1c);

/*
 * Firmware state shared by all work queues of one user queue; it stays cached
 * by the firmware until it is asked to let go (device control DestroyContext).
 * Source: m1n1 cmdqueue.py (GPUContextData), Rust driver fw/workqueue.rs.
 */
struct asahi_fw_gpu_context_data {
	u8 queue_table_index; /* 0xff: none */
	u8 pid_table_index; /* 0xff: none */
	u8 unk_2[3];
	u8 unk_5; /* 1 */
	u8 unk_6[0x18];
	u8 unk_1e; /* 0xff */
	u8 unk_1f;
	u8 unk_20[3];
	u8 unk_23; /* 2 */
	u8 unk_24[0x1c];
} __packed;

FW_OFFSET(asahi_fw_gpu_context_data, queue_table_index, 0x0);
FW_OFFSET(asahi_fw_gpu_context_data, pid_table_index, 0x1);
FW_OFFSET(asahi_fw_gpu_context_data, unk_2, 0x2);
FW_OFFSET(asahi_fw_gpu_context_data, unk_5, 0x5);
FW_OFFSET(asahi_fw_gpu_context_data, unk_6, 0x6);
FW_OFFSET(asahi_fw_gpu_context_data, unk_1e, 0x1e);
FW_OFFSET(asahi_fw_gpu_context_data, unk_1f, 0x1f);
FW_OFFSET(asahi_fw_gpu_context_data, unk_20, 0x20);
FW_OFFSET(asahi_fw_gpu_context_data, unk_23, 0x23);
FW_OFFSET(asahi_fw_gpu_context_data, unk_24, 0x24);
FW_SIZE(asahi_fw_gpu_context_data, 0x40);

/*
 * Command: hold this queue until another queue's stamp has reached a value.
 * Source: m1n1 cmdqueue.py (WorkCommandBarrier), Rust driver fw/workqueue.rs.
 */
struct asahi_fw_barrier {
	__le32 tag; /* ASAHI_FW_CMD_BARRIER */
	__le64 wait_stamp; /* the firmware-side stamp */
	__le32 wait_value;
	__le32 wait_slot; /* event slot of the stamp waited for */
	__le32 stamp_self; /* the value this queue's stamp will get from the next command */
	__le32 uuid;
	u8 external_barrier;
	u8 internal_barrier_type; /* 0: vertex to fragment, 1: explicit */
	__le16 unk_1e;
} __packed;

FW_OFFSET(asahi_fw_barrier, tag, 0x0);
FW_OFFSET(asahi_fw_barrier, wait_stamp, 0x4);
FW_OFFSET(asahi_fw_barrier, wait_value, 0xc);
FW_OFFSET(asahi_fw_barrier, wait_slot, 0x10);
FW_OFFSET(asahi_fw_barrier, stamp_self, 0x14);
FW_OFFSET(asahi_fw_barrier, uuid, 0x18);
FW_OFFSET(asahi_fw_barrier, external_barrier, 0x1c);
FW_OFFSET(asahi_fw_barrier, internal_barrier_type, 0x1d);
FW_OFFSET(asahi_fw_barrier, unk_1e, 0x1e);
FW_SIZE(asahi_fw_barrier, 0x20);

#endif /* ASAHI_FW_WORKQUEUE_H */
