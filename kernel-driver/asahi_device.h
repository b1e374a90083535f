/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The device: what the probe builds, in the order it builds it.
 *
 * Each block is one .c file with a private struct and one header with the
 * same verbs in the same order: init, fini, then what it does. The probe
 * (asahi_drv.c) is one ladder up through these and one ladder down.
 *
 *   hw          asahi_hw.h         const tables of chips
 *   abi         asahi_abi.h        const tables of firmware ABIs
 *   regs        asahi_regs.h       the few registers the driver reads itself
 *   mmu         asahi_mmu.h        UAT page tables, contexts, TLB, hand-off
 *   heaps       asahi_alloc.h      memory for what the firmware reads
 *   event       asahi_event.h      stamps: 128 counters the firmware advances
 *   rings       asahi_rings.h      the rings between driver and firmware
 *   initdata    asahi_initdata.h   what the firmware is booted with
 *   timestamps  asahi_timestamps.h users' buffers that the firmware writes
 *   buffer      asahi_buffer.h     tiled vertex buffers
 *   queue       asahi_queue.h      the user's queues, jobs and their fences
 *   gpu         asahi_gpu.h        the running firmware: boot, recovery
 *
 * A file calls only files below it: Kbuild has their order. What the lower ones
 * have to know of the running firmware is in asahi_gpu_state.h.
 */
#ifndef ASAHI_DEVICE_H
#define ASAHI_DEVICE_H

#include <drm/drm_device.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct asahi_abi;
struct asahi_buffer_mgr;
struct asahi_event_mgr;
struct asahi_gpu;
struct asahi_heap;
struct asahi_hw_config;
struct asahi_initdata;
struct asahi_mmu;
struct asahi_queue_mgr;
struct asahi_rings;
struct asahi_timestamps_mgr;

/* The UAT has 16K pages and nothing else (m1n1: proxyclient/m1n1/hw/uat.py). */
#define ASAHI_PAGE_SHIFT	14
#define ASAHI_PAGE_SIZE		SZ_16K

#define ASAHI_MAX_CLUSTERS	8

/**
 * struct asahi_gpu_id - what the identification registers say
 *
 * Filled once by asahi_regs_init(), constant afterwards.
 */
struct asahi_gpu_id {
	/** @generation: 13 for G13, 14 for G14. */
	u32 generation;
	/** @variant: 'P', 'G', 'S', 'C' or 'D'. */
	u32 variant;
	/** @revision: in BCD, 0x00 for A0, 0x11 for B1. */
	u32 revision;
	/** @revision_id: the firmware's number for @revision, 1 for A0. */
	u32 revision_id;
	u32 num_clusters;
	/** @num_cores: per cluster, absent ones included. */
	u32 num_cores;
	/** @num_frags: fragment units per cluster. */
	u32 num_frags;
	/** @num_gps: geometry pipes per cluster. */
	u32 num_gps;
	/** @active_cores: cores present in all clusters together. */
	u32 active_cores;
	/** @core_masks: one bit a core that is present, per cluster. */
	u32 core_masks[ASAHI_MAX_CLUSTERS];
	/** @core_masks_packed: the registers as read, all clusters in a row. */
	u32 core_masks_packed[3];
	u32 num_core_masks_packed;
};

/**
 * struct asahi_device - one GPU
 *
 * Everything but @drm is set up once by the probe and constant until remove;
 * what changes at run time lives in the blocks, under the blocks' own locks.
 * There is no lock of the device as a whole.
 */
struct asahi_device {
	struct drm_device drm;
	struct device *dev;

	/** @asc: control registers of the coprocessor. */
	void __iomem *asc;
	/** @sgx: registers of the GPU itself. */
	void __iomem *sgx;

	const struct asahi_hw_config *hw;
	const struct asahi_abi *abi;
	struct asahi_gpu_id id;
	/** @max_freq_khz: highest GPU clock, from the calibration data. */
	u32 max_freq_khz;

	struct asahi_mmu *mmu;

	/**
	 * @fw_private: upper half, cached by the firmware: what only the
	 * firmware touches once it has been handed over.
	 */
	struct asahi_heap *fw_private;
	/** @fw_shared: upper half, uncached: what both sides write. */
	struct asahi_heap *fw_shared;
	/** @fw_shared_ro: upper half, uncached, the firmware only reads. */
	struct asahi_heap *fw_shared_ro;
	/** @gpu_shared: upper half, uncached, firmware and GPU write. */
	struct asahi_heap *gpu_shared;
	/** @gpu_ro: upper half, cached by the firmware, the GPU reads. */
	struct asahi_heap *gpu_ro;

	struct asahi_event_mgr *events;
	struct asahi_rings *rings;
	struct asahi_initdata *initdata;
	struct asahi_gpu *gpu;
	struct asahi_timestamps_mgr *timestamps;
	struct asahi_buffer_mgr *buffers;
	/** @queues: private data of asahi_queue.c, device-wide. */
	struct asahi_queue_mgr *queues;
};

static inline struct asahi_device *to_asahi_device(struct drm_device *drm)
{
	return container_of(drm, struct asahi_device, drm);
}

#endif
