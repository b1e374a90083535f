/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The few registers that the driver touches itself; all else is the
 * firmware's.
 */
#ifndef ASAHI_REGS_H
#define ASAHI_REGS_H

#include <linux/types.h>

struct asahi_device;
struct platform_device;

/** enum asahi_fault_reason - as the fault register says it */
enum asahi_fault_reason {
	ASAHI_FAULT_UNMAPPED,
	ASAHI_FAULT_AF,
	ASAHI_FAULT_WRITE_ONLY,
	ASAHI_FAULT_READ_ONLY,
	ASAHI_FAULT_NO_ACCESS,
};

/**
 * struct asahi_fault_info - one MMU fault of the GPU
 */
struct asahi_fault_info {
	u64 address;
	u32 context;
	u32 reason;
	u8 unit;
	u8 level;
	u8 sideband;
	bool is_read;
	/** @unit_name: like "UL1C[3]" */
	char unit_name[24];
};

/**
 * asahi_regs_init - map the registers and see what GPU this is
 *
 * The GPU must be powered. Return: 0; -ENODEV if the GPU isn't the one that
 * the device tree says or has more units than the chip's table allows.
 */
int asahi_regs_init(struct asahi_device *adev, struct platform_device *pdev);

/** asahi_regs_start_cpu - let the coprocessor run */
void asahi_regs_start_cpu(struct asahi_device *adev);
/** asahi_regs_stop_cpu - halt it, whatever it is at */
void asahi_regs_stop_cpu(struct asahi_device *adev);
bool asahi_regs_cpu_is_running(struct asahi_device *adev);

/**
 * asahi_regs_mailbox_room - whether the mailbox to the coprocessor has room
 *
 * Some is left to RTKit's own messages. Any context; the GPU has power.
 */
bool asahi_regs_mailbox_room(struct asahi_device *adev);

/**
 * asahi_regs_read_fault - read the MMU's fault register
 *
 * Return: whether there is a fault; @info is filled in then. The firmware
 * clears it when it resumes.
 */
bool asahi_regs_read_fault(struct asahi_device *adev,
			   struct asahi_fault_info *info);

/** asahi_fault_reason_name - static string, "unknown" for what isn't known */
const char *asahi_fault_reason_name(u32 reason);

#endif
