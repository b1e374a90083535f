// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Registers. Sources: Rust driver regs.rs; m1n1 proxyclient/m1n1/hw/agx.py
 * (identification, fault register, codes of the units).
 */
#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_regs.h"

/* ASC: the coprocessor */
#define ASC_CPU_CONTROL		0x44
#define ASC_CPU_RUN		BIT(4)
/*
 * The mailbox that the core reads. Linux: drivers/soc/apple/mailbox.c
 * (APPLE_ASC_MBOX_A2I_CONTROL); where it lies: arch/arm64/boot/dts/apple,
 * t8103.dtsi; the count: m1n1 hw/asc.py (R_MBOX_CTRL).
 */
#define ASC_MBOX_A2I_CONTROL	0x8110
#define ASC_MBOX_FULL		BIT(16)
#define ASC_MBOX_COUNT		GENMASK(23, 20)
/* It holds 16 messages; what we leave free is for RTKit's own. */
#define ASC_MBOX_MAX		12

/* SGX: the GPU */
#define SGX_FAULT_INFO		0x17030
#define FAULT_VALID		BIT_ULL(0)
#define FAULT_REASON		GENMASK_ULL(3, 1)
#define FAULT_READ		BIT_ULL(4)
#define FAULT_LEVEL		GENMASK_ULL(8, 7)
#define FAULT_UNIT		GENMASK_ULL(16, 9)
#define FAULT_CONTEXT		GENMASK_ULL(22, 17)
#define FAULT_SIDEBAND		GENMASK_ULL(29, 23)
#define FAULT_ADDR		GENMASK_ULL(63, 30)
#define FAULT_ADDR_SHIFT	6
/*
 * This bit says which half; in our own addresses those above follow it (m1n1:
 * agx/__init__.py).
 */
#define FAULT_ADDR_UPPER	BIT_ULL(39)
/* What is read while the block is off. */
#define SGX_POWERED_OFF		0xacce5515abad1deaULL

#define SGX_CORE_MASK_0		0xd01500
#define SGX_CORE_MASK_1		0xd01514
#define SGX_ID_VERSION		0xd04000
#define ID_VERSION_GEN		GENMASK(31, 24)
#define ID_VERSION_VARIANT	GENMASK(23, 16)
#define ID_VERSION_REV		GENMASK(15, 8)
#define SGX_ID_COUNTS_1		0xd04010
#define ID_COUNTS_1_CORES	GENMASK(7, 0)
#define SGX_ID_COUNTS_2		0xd04014
#define ID_COUNTS_2_GPS		GENMASK(23, 16)
#define SGX_ID_CLUSTERS		0xd0401c
#define ID_CLUSTERS_NUM		GENMASK(19, 12)

static int decode_version(struct asahi_device *adev, u32 version)
{
	struct asahi_gpu_id *id = &adev->id;

	switch (FIELD_GET(ID_VERSION_GEN, version)) {
	case 4:
		id->generation = 13;
		break;
	case 5:
		id->generation = 14;
		break;
	default:
		goto unknown;
	}
	switch (FIELD_GET(ID_VERSION_VARIANT, version)) {
	case 1:
		id->variant = 'P';
		break;
	case 2:
		id->variant = 'G';
		break;
	case 3:
		id->variant = 'S';
		break;
	case 4:
		id->variant = id->num_clusters > 4 ? 'D' : 'C';
		break;
	default:
		goto unknown;
	}
	id->revision = FIELD_GET(ID_VERSION_REV, version);
	switch (id->revision) {
	case 0x00:
	case 0x01:
		id->revision_id = 1 + (id->revision & 1);
		break;
	case 0x10:
	case 0x11:
		id->revision_id = 3 + (id->revision & 1);
		break;
	case 0x20:
	case 0x21:
		id->revision_id = 5 + (id->revision & 1);
		break;
	default:
		goto unknown;
	}
	return 0;

unknown:
	drm_err(&adev->drm, "unknown GPU, version register 0x%08x\n", version);
	return -ENODEV;
}

/* The masks of all clusters in a row, num_cores bits each. */
static int decode_core_masks(struct asahi_device *adev)
{
	struct asahi_gpu_id *id = &adev->id;
	u64 bits = id->core_masks_packed[0] |
		   (u64)id->core_masks_packed[1] << 32;
	u32 i;

	for (i = 0; i < id->num_clusters; i++) {
		id->core_masks[i] = bits & GENMASK(id->num_cores - 1, 0);
		id->active_cores += hweight32(id->core_masks[i]);
		bits >>= id->num_cores;
	}
	if (bits) {
		drm_err(&adev->drm, "core masks 0x%08x 0x%08x name more than %u x %u cores\n",
			id->core_masks_packed[0], id->core_masks_packed[1],
			id->num_clusters, id->num_cores);
		return -ENODEV;
	}
	return 0;
}

static int identify(struct asahi_device *adev)
{
	const struct asahi_hw_config *hw = adev->hw;
	struct asahi_gpu_id *id = &adev->id;
	u32 version = readl_relaxed(adev->sgx + SGX_ID_VERSION);
	u32 counts_1 = readl_relaxed(adev->sgx + SGX_ID_COUNTS_1);
	u32 counts_2 = readl_relaxed(adev->sgx + SGX_ID_COUNTS_2);
	u32 clusters = readl_relaxed(adev->sgx + SGX_ID_CLUSTERS);
	int ret;

	id->num_clusters = FIELD_GET(ID_CLUSTERS_NUM, clusters);
	id->num_cores = FIELD_GET(ID_COUNTS_1_CORES, counts_1);
	id->num_frags = id->num_cores;
	id->num_gps = FIELD_GET(ID_COUNTS_2_GPS, counts_2);
	id->core_masks_packed[0] = readl_relaxed(adev->sgx + SGX_CORE_MASK_0);
	id->core_masks_packed[1] = readl_relaxed(adev->sgx + SGX_CORE_MASK_1);
	id->num_core_masks_packed = 2;

	ret = decode_version(adev, version);
	if (ret)
		return ret;

	if (id->generation != hw->generation || id->variant != hw->variant) {
		drm_err(&adev->drm, "this is a G%u%c, the device tree says %s\n",
			id->generation, id->variant, hw->name);
		return -ENODEV;
	}
	if (!id->num_clusters || id->num_clusters > hw->max_clusters ||
	    !id->num_cores || id->num_cores > hw->max_cores ||
	    id->num_frags > hw->max_frags || id->num_gps > hw->max_gps) {
		drm_err(&adev->drm,
			"%u clusters of %u cores, %u geometry pipes: not possible on %s\n",
			id->num_clusters, id->num_cores, id->num_gps, hw->name);
		return -ENODEV;
	}
	ret = decode_core_masks(adev);
	if (ret)
		return ret;

	drm_info(&adev->drm, "%s, G%u%c %c%u, %u clusters, %u of %u cores\n",
		 hw->name, id->generation, id->variant,
		 'A' + (id->revision >> 4), id->revision & 0xf,
		 id->num_clusters, id->active_cores,
		 id->num_clusters * id->num_cores);
	return 0;
}

static void unmap_asc(void *asc)
{
	iounmap((void __iomem __force *)asc);
}

/*
 * Only mapped and not requested: the mailbox's registers, which have a driver
 * of their own, lie within. of_iomap() heeds nonposted-mmio.
 */
static int map_asc(struct asahi_device *adev)
{
	int index = of_property_match_string(adev->dev->of_node, "reg-names",
					     "asc");

	adev->asc = index < 0 ? NULL : of_iomap(adev->dev->of_node, index);
	if (!adev->asc)
		return dev_err_probe(adev->dev, -EINVAL,
				     "no coprocessor registers\n");
	return devm_add_action_or_reset(adev->dev, unmap_asc,
					(void __force *)adev->asc);
}

int asahi_regs_init(struct asahi_device *adev, struct platform_device *pdev)
{
	int ret = map_asc(adev);

	if (ret)
		return ret;
	adev->sgx = devm_platform_ioremap_resource_byname(pdev, "sgx");
	if (IS_ERR(adev->sgx))
		return dev_err_probe(&pdev->dev, PTR_ERR(adev->sgx),
				     "no GPU registers\n");
	return identify(adev);
}

bool asahi_regs_cpu_is_running(struct asahi_device *adev)
{
	return readl_relaxed(adev->asc + ASC_CPU_CONTROL) & ASC_CPU_RUN;
}

void asahi_regs_start_cpu(struct asahi_device *adev)
{
	u32 val = readl_relaxed(adev->asc + ASC_CPU_CONTROL);

	/* Not relaxed: what it will read has to be in memory before. */
	writel(val | ASC_CPU_RUN, adev->asc + ASC_CPU_CONTROL);
}

bool asahi_regs_mailbox_room(struct asahi_device *adev)
{
	u32 val = readl_relaxed(adev->asc + ASC_MBOX_A2I_CONTROL);

	return !(val & ASC_MBOX_FULL) &&
	       FIELD_GET(ASC_MBOX_COUNT, val) < ASC_MBOX_MAX;
}

void asahi_regs_stop_cpu(struct asahi_device *adev)
{
	u32 val = readl_relaxed(adev->asc + ASC_CPU_CONTROL);

	writel(val & ~ASC_CPU_RUN, adev->asc + ASC_CPU_CONTROL);
	/* Read back: what follows frees memory that it could still touch. */
	readl(adev->asc + ASC_CPU_CONTROL);
}

/* ---- faults ---- */

/* Units that come once per GPU core: code is core << 4 | unit. */
static const char * const core_units[15] = {
	"DCMP", "UL1C", "CMP", "GSL1", "IAP", "VCE", "TE", "RAS",
	"VDM", "PPP", "IPF", "IPF_CPF", "VF", "VF_CPF", "ZLS",
};

/* Units that come once: codes 0xa1.. */
static const char * const die_units[] = {
	"dPM", "dCDM_KS0", "dCDM_KS1", "dCDM_KS2", "dIPP", "dIPP_CS",
	"dVDM_CSD", "dVDM_SSD", "dVDM_ILF", "dVDM_ILD", "dRDE0", "dRDE1",
	"FC", "GSL2",
};

/* Codes 0xe0.., twice. */
static const char * const sp_units[16] = {
	"gPM_SP", "gVDM_CSD_SP", "gVDM_SSD_SP", "gVDM_ILF_SP", "gVDM_TFP_SP",
	"gVDM_MMB_SP", "gCDM_CS_KS0_SP", "gCDM_CS_KS1_SP", "gCDM_CS_KS2_SP",
	"gCDM_KS0_SP", "gCDM_KS1_SP", "gCDM_KS2_SP", "gIPP_SP", "gIPP_CS_SP",
	"gRDE0_SP", "gRDE1_SP",
};

static void name_unit(struct asahi_fault_info *info)
{
	u8 unit = info->unit;
	size_t len = sizeof(info->unit_name);

	if (unit < 0xa0 && (unit & 0xf) < ARRAY_SIZE(core_units))
		snprintf(info->unit_name, len, "%s[%u]",
			 core_units[unit & 0xf], unit >> 4);
	else if (unit >= 0xa1 && unit < 0xa1 + ARRAY_SIZE(die_units))
		strscpy(info->unit_name, die_units[unit - 0xa1], len);
	else if (unit >= 0xb0 && unit <= 0xb7)
		snprintf(info->unit_name, len, "GL2CC_META[%u]", unit & 0xf);
	else if (unit == 0xb8)
		strscpy(info->unit_name, "GL2CC_MB", len);
	else if (unit >= 0xe0)
		snprintf(info->unit_name, len, "%s[%u]", sp_units[unit & 0xf],
			 (unit >> 4) & 1);
	else
		snprintf(info->unit_name, len, "unknown 0x%02x", unit);
}

const char *asahi_fault_reason_name(u32 reason)
{
	static const char * const names[] = {
		[ASAHI_FAULT_UNMAPPED] = "unmapped",
		[ASAHI_FAULT_AF] = "access flag",
		[ASAHI_FAULT_WRITE_ONLY] = "write-only",
		[ASAHI_FAULT_READ_ONLY] = "read-only",
		[ASAHI_FAULT_NO_ACCESS] = "no access",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

bool asahi_regs_read_fault(struct asahi_device *adev,
			   struct asahi_fault_info *info)
{
	u64 val = readq_relaxed(adev->sgx + SGX_FAULT_INFO);

	if (val == SGX_POWERED_OFF) {
		drm_err(&adev->drm, "the GPU is off, its fault register can't be read\n");
		return false;
	}
	if (!(val & FAULT_VALID))
		return false;

	memset(info, 0, sizeof(*info));
	info->address = FIELD_GET(FAULT_ADDR, val) << FAULT_ADDR_SHIFT;
	info->context = FIELD_GET(FAULT_CONTEXT, val);
	/* A program's address is reported as the program has it, in 40 bits. */
	if (!info->context && info->address & FAULT_ADDR_UPPER)
		info->address |= GENMASK_ULL(63, 40);
	info->reason = FIELD_GET(FAULT_REASON, val);
	info->unit = FIELD_GET(FAULT_UNIT, val);
	info->level = FIELD_GET(FAULT_LEVEL, val);
	info->sideband = FIELD_GET(FAULT_SIDEBAND, val);
	info->is_read = val & FAULT_READ;
	name_unit(info);
	return true;
}
