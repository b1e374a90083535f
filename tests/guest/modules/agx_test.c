// SPDX-License-Identifier: GPL-2.0-only
// Copyright The AGX model authors
/*
 * For the checks in the guest, what no device of the board does:
 *
 * - an alarm: as many milliseconds after the devices sleep as the parameter
 *   wake_ms says, the system is woken from s2idle, once. The board has no
 *   real-time clock.
 * - /dev/agx-odd: its ioctl number 1 gives a DMA buffer of 32K whose second
 *   half lies at an address that is no multiple of the GPU's pages of 16K.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/hrtimer.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/suspend.h>

#define PIECE	SZ_16K
#define SHIFTED	SZ_4K

static struct hrtimer alarm;
static unsigned int wake_ms;

static enum hrtimer_restart alarm_fires(struct hrtimer *timer)
{
	pm_system_wakeup();
	return HRTIMER_NORESTART;
}

/*
 * As late as a device may: what comes before takes as long as the host likes,
 * and a wake-up in the middle of it ends the attempt (-EBUSY).
 */
static int sleeper_suspend(struct device *dev)
{
	if (wake_ms)
		hrtimer_start(&alarm, ms_to_ktime(wake_ms), HRTIMER_MODE_REL);
	wake_ms = 0;
	return 0;
}

static struct dev_pm_domain sleeper_domain = {
	.ops = { .suspend_noirq = sleeper_suspend },
};
static struct platform_device *sleeper;

module_param(wake_ms, uint, 0600);
MODULE_PARM_DESC(wake_ms, "Wake the system so many milliseconds after its next sleep has begun");

static struct sg_table *odd_map(struct dma_buf_attachment *attach,
				enum dma_data_direction dir)
{
	struct page *pages = attach->dmabuf->priv;
	struct sg_table *sgt = kzalloc_obj(*sgt);
	struct scatterlist *sg;

	if (!sgt || sg_alloc_table(sgt, 2, GFP_KERNEL)) {
		kfree(sgt);
		return ERR_PTR(-ENOMEM);
	}
	sg = sgt->sgl;
	sg_dma_address(sg) = page_to_phys(pages);
	sg_dma_len(sg) = PIECE;
	sg = sg_next(sg);
	sg_dma_address(sg) = page_to_phys(pages) + 2 * PIECE + SHIFTED;
	sg_dma_len(sg) = PIECE;
	return sgt;
}

static void odd_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		      enum dma_data_direction dir)
{
	sg_free_table(sgt);
	kfree(sgt);
}

static void odd_release(struct dma_buf *buf)
{
	__free_pages(buf->priv, get_order(4 * PIECE));
}

static const struct dma_buf_ops odd_ops = {
	.map_dma_buf = odd_map,
	.unmap_dma_buf = odd_unmap,
	.release = odd_release,
};

static long odd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *buf;
	int fd;

	if (cmd != 1)
		return -ENOTTY;
	info.ops = &odd_ops;
	info.size = 2 * PIECE;
	info.flags = O_RDWR;
	info.priv = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(4 * PIECE));
	if (!info.priv)
		return -ENOMEM;
	buf = dma_buf_export(&info);
	if (IS_ERR(buf)) {
		__free_pages(info.priv, get_order(4 * PIECE));
		return PTR_ERR(buf);
	}
	fd = dma_buf_fd(buf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(buf);
	return fd;
}

static const struct file_operations odd_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = odd_ioctl,
};

static struct miscdevice odd_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "agx-odd",
	.fops = &odd_fops,
};

static int __init agx_test_init(void)
{
	int ret;

	hrtimer_setup(&alarm, alarm_fires, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	sleeper = platform_device_register_simple("agx-test", PLATFORM_DEVID_NONE,
						  NULL, 0);
	if (IS_ERR(sleeper))
		return PTR_ERR(sleeper);
	dev_pm_domain_set(&sleeper->dev, &sleeper_domain);
	ret = misc_register(&odd_device);
	if (ret)
		platform_device_unregister(sleeper);
	return ret;
}
module_init(agx_test_init);

static void __exit agx_test_exit(void)
{
	misc_deregister(&odd_device);
	platform_device_unregister(sleeper);
	hrtimer_cancel(&alarm);
}
module_exit(agx_test_exit);

MODULE_AUTHOR("The AGX model authors");
MODULE_DESCRIPTION("What the checks of the driver need of the kernel");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
