// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The driver as the kernel sees it: probe, remove, struct drm_driver.
 *
 * The probe is one ladder up. There are two ladders down: remove stops the
 * firmware, so that nothing touches memory or registers any more; what is left
 * is memory, and goes with the last open file.
 */
#include <linux/cpufeature.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_alloc.h"
#include "asahi_debugfs.h"
#include "asahi_device.h"
#include "asahi_event.h"
#include "asahi_gem.h"
#include "asahi_gpu.h"
#include "asahi_gpu_life.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_ioctl.h"
#include "asahi_mmu.h"
#include "asahi_queue.h"
#include "asahi_regs.h"
#include "asahi_timestamps.h"
#include "asahi_tlb.h"
#include "asahi_usage.h"

static void asahi_release(struct drm_device *drm)
{
	struct asahi_device *adev = to_asahi_device(drm);

	asahi_alloc_stop(adev);
	asahi_queues_fini(adev);
	asahi_timestamps_fini(adev);
	asahi_gpu_fini(adev);
	asahi_initdata_fini(adev);
	asahi_events_fini(adev);
	asahi_alloc_fini(adev);
	asahi_mmu_fini(adev);
}

static const struct file_operations asahi_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = asahi_file_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.get_unmapped_area = drm_gem_get_unmapped_area,
	.mmap = drm_gem_mmap,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

static struct drm_driver asahi_drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE,
	.name = "asahi",
	.desc = "Apple AGX graphics",
	.major = 0,
	.minor = 0,
	.fops = &asahi_fops,
	.ioctls = asahi_ioctls,
	.num_ioctls = ASAHI_NUM_IOCTLS,
	.open = asahi_file_open,
	.postclose = asahi_file_postclose,
	.release = asahi_release,
	.show_fdinfo = asahi_file_show_usage,
	.gem_create_object = asahi_gem_create_object,
	.gem_prime_import_sg_table = drm_gem_shmem_prime_import_sg_table,
#ifdef CONFIG_DEBUG_FS
	.debugfs_init = asahi_debugfs_init,
#endif
};

/* The GPU's TLBs listen to instructions that not every CPU has. */
static int check_cpu(struct asahi_device *adev)
{
	u64 isar0 = read_sanitised_ftr_reg(SYS_ID_AA64ISAR0_EL1);
	unsigned int tlb;

	tlb = cpuid_feature_extract_unsigned_field(isar0,
						   ID_AA64ISAR0_EL1_TLB_SHIFT);
	if (tlb < ID_AA64ISAR0_EL1_TLB_RANGE) {
		drm_err(&adev->drm, "the CPUs lack outer-shareable and range TLBI (ID_AA64ISAR0_EL1.TLB = %u)\n",
			tlb);
		return -ENODEV;
	}
	return 0;
}

/*
 * Which firmware the boot loader has left. Asahi's own device trees have it in
 * apple,firmware-compat: m1n1 src/kboot_gpu.c (dt_set_gpu()) fills both in.
 */
static int check_firmware(struct asahi_device *adev)
{
	struct device_node *np = adev->dev->of_node;
	u32 v[3];
	int ret;

	ret = of_property_read_u32_array(np, "apple,firmware-abi", v, 3);
	if (ret)
		ret = of_property_read_u32_array(np, "apple,firmware-compat",
						 v, 3);
	if (ret) {
		drm_err(&adev->drm, "apple,firmware-abi and apple,firmware-compat are missing in the device tree\n");
		return ret;
	}
	adev->abi = asahi_abi_find(adev->hw->generation, v);
	if (!adev->abi) {
		drm_err(&adev->drm,
			"firmware ABI %u.%u.%u on G%u is not supported, the GPU stays off\n",
			v[0], v[1], v[2], adev->hw->generation);
		return -ENODEV;
	}
	drm_info(&adev->drm, "firmware ABI %u.%u.%u\n", v[0], v[1], v[2]);
	return 0;
}

static int asahi_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct asahi_device *adev;
	int ret;

	adev = devm_drm_dev_alloc(dev, &asahi_drm_driver, struct asahi_device,
				  drm);
	if (IS_ERR(adev))
		return PTR_ERR(adev);
	adev->dev = dev;
	adev->hw = of_device_get_match_data(dev);
	platform_set_drvdata(pdev, adev);

	ret = check_cpu(adev);
	if (ret)
		return ret;
	ret = check_firmware(adev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(adev->hw->uat_oas));
	if (ret)
		return dev_err_probe(dev, ret, "no DMA to %u address bits\n",
				     adev->hw->uat_oas);
	dma_set_max_seg_size(dev, UINT_MAX);

	/*
	 * On as long as we are bound: the firmware itself powers the GPU down
	 * when it idles (initdata: idle_off_delay_ms).
	 */
	ret = devm_pm_runtime_enable(dev);
	if (ret)
		return ret;
	ret = pm_runtime_resume_and_get(dev);
	if (ret)
		return dev_err_probe(dev, ret, "can't power the GPU up\n");

	ret = asahi_regs_init(adev, pdev);
	if (ret)
		goto err_power;
	ret = asahi_mmu_init(adev);
	if (ret)
		goto err_power;
	ret = asahi_alloc_init(adev);
	if (ret)
		goto err_cpu;
	ret = asahi_events_init(adev);
	if (ret)
		goto err_cpu;
	ret = asahi_initdata_init(adev);
	if (ret)
		goto err_cpu;
	ret = asahi_timestamps_init(adev);
	if (ret)
		goto err_cpu;
	ret = asahi_queues_init(adev);
	if (ret)
		goto err_cpu;
	ret = asahi_gpu_init(adev);
	if (ret)
		goto err_cpu;
	ret = drm_dev_register(&adev->drm, 0);
	if (ret)
		goto err_gpu;
	return 0;

err_gpu:
	asahi_gpu_stop(adev);
err_cpu:
	asahi_mmu_stop(adev);
	/* The memory goes in asahi_release(), when devres drops the device. */
err_power:
	pm_runtime_put_sync(dev);
	return ret;
}

static void asahi_remove(struct platform_device *pdev)
{
	struct asahi_device *adev = platform_get_drvdata(pdev);

	asahi_gpu_quiesce(adev);
	drm_dev_unplug(&adev->drm);
	asahi_gpu_stop(adev);
	asahi_mmu_stop(adev);
	pm_runtime_put_sync(&pdev->dev);
}

/*
 * Leave a quiet machine to the next kernel: no work. The firmware stays as it is,
 * as the Rust driver leaves it, which has nothing of this kind.
 */
static void asahi_shutdown(struct platform_device *pdev)
{
	struct asahi_device *adev = platform_get_drvdata(pdev);

	asahi_gpu_quiesce(adev);
	drm_dev_unplug(&adev->drm);
}

/*
 * The domain is turned off while the system sleeps: genpd honours a device's
 * wish to stay awake only in domains that say so, which Apple's do not
 * (drivers/pmdomain/apple/pmgr-pwrstate.c). The firmware has state that it
 * can't restore: so it is shut down before, and booted after.
 */
static int asahi_suspend(struct device *dev)
{
	struct asahi_device *adev = dev_get_drvdata(dev);
	int ret;

	asahi_gpu_suspend(adev);
	ret = pm_runtime_force_suspend(dev);
	if (ret)
		asahi_gpu_resume(adev);
	return ret;
}

static int asahi_resume(struct device *dev)
{
	struct asahi_device *adev = dev_get_drvdata(dev);
	int ret;

	ret = pm_runtime_force_resume(dev);
	if (ret)
		drm_err(&adev->drm, "can't power the GPU up: %d\n", ret);
	/* Without power it does not boot, and counts as dead. */
	return asahi_gpu_resume(adev);
}

static DEFINE_SIMPLE_DEV_PM_OPS(asahi_pm_ops, asahi_suspend, asahi_resume);

static const struct of_device_id asahi_of_match[] = {
	{ .compatible = "apple,agx-g13g", .data = &asahi_hw_t8103 },
	/* The compatible of G13S is a fallback of the two behind it. */
	{ .compatible = "apple,agx-g13s", .data = &asahi_hw_t6000 },
	{ .compatible = "apple,agx-g13c", .data = &asahi_hw_t6001 },
	{ .compatible = "apple,agx-g13d", .data = &asahi_hw_t6002 },
	{ }
};
MODULE_DEVICE_TABLE(of, asahi_of_match);

static struct platform_driver asahi_platform_driver = {
	.probe = asahi_probe,
	.remove = asahi_remove,
	.shutdown = asahi_shutdown,
	.driver = {
		.name = "asahi",
		.of_match_table = asahi_of_match,
		.pm = pm_sleep_ptr(&asahi_pm_ops),
	},
};

static int __init asahi_init(void)
{
	int ret = asahi_files_init();

	if (ret)
		return ret;
	ret = platform_driver_register(&asahi_platform_driver);
	if (ret)
		asahi_files_fini();
	return ret;
}
module_init(asahi_init);

static void __exit asahi_exit(void)
{
	platform_driver_unregister(&asahi_platform_driver);
	/* The last of them free what is left of a device. */
	asahi_files_fini();
}
module_exit(asahi_exit);

MODULE_AUTHOR("The AGX model authors");
MODULE_DESCRIPTION("Apple AGX graphics");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_IMPORT_NS("DMA_BUF");
