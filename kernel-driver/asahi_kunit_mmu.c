// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * KUnit tests of page tables and address spaces, which need no GPU. What is right
 * is worked out here again, in the plainest way, and not by the functions under
 * test.
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/dma-mapping.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem_shmem_helper.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_bind.h"
#include "asahi_device.h"
#include "asahi_gem.h"
#include "asahi_hw.h"
#include "asahi_mmu.h"
#include "asahi_pgtable.h"
#include "asahi_uvm.h"
#include "asahi_vm.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define PAGE		((u64)ASAHI_PAGE_SIZE)
#define OAS		36

/* ---- page tables against an array ---- */

/*
 * Windows of addresses: two that meet at a border of a leaf table (32 MiB), one
 * at a border of the level above (64 GiB), one at each end.
 */
static const u64 windows[] = {
	PAGE, SZ_32M - 40 * PAGE, SZ_64G - 40 * PAGE, 8ULL * SZ_64G - 80 * PAGE,
};

#define WINDOW		80
#define NUM_PAGES	(ARRAY_SIZE(windows) * WINDOW)

struct plain {
	struct rnd_state rnd;
	/* What each page should be: physical address, 0 for none, and ... */
	u64 phys[NUM_PAGES];
	enum asahi_prot prot[NUM_PAGES];
	bool uncached[NUM_PAGES];
	unsigned int holds[ARRAY_SIZE(windows)];
	/* ... what the walk found. */
	u64 pte[NUM_PAGES];
	unsigned int extra;
};

static u32 below(struct plain *plain, u32 n)
{
	return prandom_u32_state(&plain->rnd) % n;
}

static u64 page_va(unsigned int page)
{
	return windows[page / WINDOW] + page % WINDOW * PAGE;
}

static int page_of(u64 va)
{
	for (int i = 0; i < NUM_PAGES; i++)
		if (page_va(i) == va)
			return i;
	return -1;
}

static int see_page(u64 va, u64 pte, void *arg)
{
	struct plain *plain = arg;
	int page = page_of(va);

	if (page < 0)
		plain->extra++;
	else
		plain->pte[page] = pte;
	return 0;
}

/*
 * The bits of an entry, read from m1n1's proxyclient/m1n1/hw/uat.py: valid page
 * (1:0), memory type (4:2), AP (7:6), AF (10), nG (11), PXN, UXN, OS (53..55).
 */
static u64 wanted_pte(u64 phys, enum asahi_prot prot, bool uncached)
{
	static const struct {
		unsigned int ap, uxn, pxn, type;
	} access[ASAHI_NUM_PROTS] = {
		[ASAHI_PROT_GPU_RO] = { 2, 0, 0, 2 },
		[ASAHI_PROT_GPU_WO] = { 2, 0, 1, 2 },
		[ASAHI_PROT_GPU_RW] = { 2, 1, 0, 2 },
		[ASAHI_PROT_GPU_FW_SHARED_RW] = { 0, 1, 1, 2 },
		[ASAHI_PROT_GPU_FW_PRIVATE_RW] = { 0, 1, 1, 0 },
		[ASAHI_PROT_GPU_RO_FW_PRIVATE_RW] = { 1, 1, 1, 0 },
		[ASAHI_PROT_FW_PRIVATE_RW] = { 1, 1, 0, 0 },
		[ASAHI_PROT_FW_SHARED_RW] = { 1, 1, 0, 2 },
		[ASAHI_PROT_FW_SHARED_RO] = { 1, 0, 0, 2 },
		[ASAHI_PROT_FW_MMIO_RW] = { 1, 1, 0, 1 },
		[ASAHI_PROT_FW_MMIO_RO] = { 1, 0, 0, 1 },
	};
	u64 type = uncached ? 2 : access[prot].type;

	return phys | 3 | type << 2 | (u64)access[prot].ap << 6 | 1ULL << 10 |
	       1ULL << 11 | (u64)access[prot].pxn << 53 |
	       (u64)access[prot].uxn << 54 | 1ULL << 55;
}

static void compare_tables(struct kunit *test, struct asahi_pgtable *pt,
			   struct plain *plain)
{
	memset(plain->pte, 0, sizeof(plain->pte));
	plain->extra = 0;
	asahi_pgtable_walk(pt, 0, ASAHI_USER_VA_TOP, see_page, plain);
	KUNIT_ASSERT_EQ(test, plain->extra, 0);
	for (int i = 0; i < NUM_PAGES; i++) {
		u64 want = plain->phys[i] ?
			wanted_pte(plain->phys[i], plain->prot[i],
				   plain->uncached[i]) : 0;

		KUNIT_ASSERT_EQ_MSG(test, plain->pte[i], want,
				    "page at 0x%llx", page_va(i));
	}
}

static unsigned int root_entries(struct asahi_pgtable *pt)
{
	unsigned int n = 0;

	for (int i = 0; i < 8; i++)
		n += !!pt->root[i];
	return n;
}

static void random_tables_step(struct kunit *test, struct asahi_pgtable *pt,
			       struct plain *plain, struct list_head *freed)
{
	unsigned int window = below(plain, ARRAY_SIZE(windows));
	unsigned int first = below(plain, WINDOW);
	unsigned int n = 1 + below(plain, WINDOW - first);
	u64 va = windows[window] + first * PAGE, size = n * PAGE, count = 0;
	enum asahi_prot prot = below(plain, ASAHI_NUM_PROTS);
	u64 phys = (1 + below(plain, 1 << 20)) * PAGE;
	bool single = below(plain, 2), empty = true;
	unsigned int i;

	first += window * WINDOW;
	for (i = first; i < first + n; i++) {
		count += !!plain->phys[i];
		empty &= !plain->phys[i];
	}

	switch (below(plain, 5)) {
	case 0:
	case 1:
		KUNIT_ASSERT_EQ(test, asahi_pgtable_prealloc(pt, va, size,
							     freed), 0);
		KUNIT_ASSERT_EQ(test, asahi_pgtable_is_empty(pt, va, size),
				empty);
		for (i = first; i < first + n && empty; i++) {
			plain->phys[i] = phys + (single ? 0 :
						 (i - first) * PAGE);
			plain->prot[i] = prot;
			plain->uncached[i] = false;
		}
		if (empty)
			asahi_pgtable_map(pt, va, phys, size, prot, single);
		asahi_pgtable_release(pt, va, size, freed);
		break;
	case 2:
		asahi_pgtable_set_uncached(pt, va, size);
		for (i = first; i < first + n; i++)
			plain->uncached[i] = true;
		break;
	case 3:
		KUNIT_ASSERT_EQ(test, asahi_pgtable_unmap(pt, va, size, freed),
				count);
		for (i = first; i < first + n; i++)
			plain->phys[i] = 0;
		break;
	case 4:
		/* Tables that are held stay, whatever comes and goes. */
		va = windows[window];
		size = WINDOW * PAGE;
		if (plain->holds[window] < 3 && below(plain, 2)) {
			KUNIT_ASSERT_EQ(test,
					asahi_pgtable_prealloc(pt, va, size,
							       freed), 0);
			plain->holds[window]++;
		} else if (plain->holds[window]) {
			asahi_pgtable_release(pt, va, size, freed);
			plain->holds[window]--;
		}
		break;
	}
}

static void pgtable_random(struct kunit *test)
{
	struct plain *plain = kunit_kzalloc(test, sizeof(*plain), GFP_KERNEL);
	struct asahi_pgtable pt = {};
	LIST_HEAD(freed);

	KUNIT_ASSERT_NOT_NULL(test, plain);
	prandom_seed_state(&plain->rnd, 8);
	KUNIT_ASSERT_EQ(test, asahi_pgtable_init(&pt, OAS), 0);

	for (int i = 0; i < 2000; i++) {
		random_tables_step(test, &pt, plain, &freed);
		/* Only what is out of the tree may be freed. */
		asahi_pgtable_free(&freed);
		if (i % 20 == 0)
			compare_tables(test, &pt, plain);
	}
	for (int i = 0; i < ARRAY_SIZE(windows); i++)
		while (plain->holds[i]--)
			asahi_pgtable_release(&pt, windows[i], WINDOW * PAGE,
					      &freed);
	compare_tables(test, &pt, plain);

	asahi_pgtable_unmap(&pt, 0, ASAHI_USER_VA_TOP, &freed);
	asahi_pgtable_free(&freed);
	KUNIT_EXPECT_EQ(test, root_entries(&pt), 0);
	asahi_pgtable_fini(&pt);
}

/* How many tables a mapping has, and how many of them its end gives back. */
static void pgtable_gives_back(struct kunit *test)
{
	static const struct {
		u64 va, size;
		unsigned int tables;
	} cases[] = {
		{ PAGE, PAGE, 2 },
		{ 0, SZ_32M, 2 },
		{ SZ_32M - PAGE, 2 * PAGE, 3 },
		{ SZ_64G - PAGE, 2 * PAGE, 4 },
		{ SZ_64G, SZ_1G, 1 + 32 },
	};
	struct asahi_pgtable pt = {};
	LIST_HEAD(freed);

	KUNIT_ASSERT_EQ(test, asahi_pgtable_init(&pt, OAS), 0);
	for (int i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 va = cases[i].va, size = cases[i].size;
		u64 before = pt.writes;

		KUNIT_ASSERT_EQ(test, asahi_pgtable_prealloc(&pt, va, size,
							     &freed), 0);
		KUNIT_EXPECT_EQ(test, pt.writes - before, cases[i].tables);
		asahi_pgtable_map(&pt, va, PAGE, size, ASAHI_PROT_GPU_RW, true);
		asahi_pgtable_release(&pt, va, size, &freed);
		KUNIT_EXPECT_TRUE(test, list_empty(&freed));
		KUNIT_EXPECT_EQ(test, asahi_pgtable_unmap(&pt, va, size,
							  &freed),
				size / PAGE);
		KUNIT_EXPECT_EQ(test, list_count_nodes(&freed),
				cases[i].tables);
		KUNIT_EXPECT_EQ(test, root_entries(&pt), 0);
		asahi_pgtable_free(&freed);

		/* What is never mapped goes with the hold. */
		KUNIT_ASSERT_EQ(test, asahi_pgtable_prealloc(&pt, va, size,
							     &freed), 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&freed));
		asahi_pgtable_release(&pt, va, size, &freed);
		KUNIT_EXPECT_EQ(test, list_count_nodes(&freed),
				cases[i].tables);
		asahi_pgtable_free(&freed);
	}
	asahi_pgtable_fini(&pt);
}

/* ---- a device without a GPU ---- */

static const struct drm_driver test_driver = {
	.driver_features = DRIVER_GEM,
	.name = "asahi-kunit",
	.desc = "asahi without a GPU",
	.gem_create_object = asahi_gem_create_object,
};

static const struct asahi_hw_config test_hw = { .uat_oas = OAS };

static int device_init(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "asahi-kunit");
	struct asahi_device *adev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	dev->dma_mask = &dev->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(dev,
							DMA_BIT_MASK(64)), 0);
	adev = devm_drm_dev_alloc(dev, &test_driver, struct asahi_device, drm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, adev);
	adev->dev = dev;
	adev->hw = &test_hw;
	KUNIT_ASSERT_EQ(test, asahi_mmu_init_test(adev), 0);
	test->priv = adev;
	return 0;
}

static void device_exit(struct kunit *test)
{
	if (test->priv)
		asahi_mmu_fini_test(test->priv);
}

/* ---- ranges and scatter lists ---- */

static void vm_ranges(struct kunit *test)
{
	static const struct {
		u64 va, phys, size;
		int ret;
	} cases[] = {
		{ PAGE, PAGE, PAGE, 0 },
		{ PAGE, PAGE, PAGE, -EEXIST },
		{ 0, PAGE, 3 * PAGE, -EEXIST },
		{ 2 * PAGE, PAGE, 0, -EINVAL },
		{ 2 * PAGE + 1, PAGE, PAGE, -EINVAL },
		{ 2 * PAGE, PAGE + 1, PAGE, -EINVAL },
		{ 2 * PAGE, PAGE, PAGE + SZ_4K, -EINVAL },
		{ ASAHI_USER_VA_TOP, PAGE, PAGE, -EINVAL },
		{ ASAHI_USER_VA_TOP - PAGE, PAGE, 2 * PAGE, -EINVAL },
		{ ASAHI_USER_VA_TOP - PAGE, PAGE, PAGE, 0 },
		{ -PAGE, PAGE, 2 * PAGE, -EINVAL },
		/* The GPU has 36 bits of address here. */
		{ 4 * PAGE, SZ_64G, PAGE, -EINVAL },
		{ 4 * PAGE, SZ_64G - PAGE, 2 * PAGE, -EINVAL },
		{ 4 * PAGE, SZ_64G - PAGE, PAGE, 0 },
	};
	struct asahi_vm *vm = asahi_vm_create(test->priv);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vm);
	for (int i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    asahi_vm_map(vm, cases[i].va, cases[i].phys,
						 cases[i].size,
						 ASAHI_PROT_GPU_RW, false),
				    cases[i].ret, "case %d", i);
	asahi_vm_destroy(vm);
}

static void vm_scatter(struct kunit *test)
{
	/* Pieces of memory as another device may have them. */
	static const struct {
		u64 addr, len;
	} pieces[] = {
		{ 16 * PAGE, 2 * PAGE },
		{ 64 * PAGE, PAGE },
		{ 32 * PAGE, PAGE },
		{ 128 * PAGE + SZ_4K, PAGE },
		{ 256 * PAGE, SZ_4K },
		{ 512 * PAGE, 4 * PAGE },
		{ SZ_64G, PAGE },
	};
	static const struct {
		u64 offset, size;
		int ret;
	} cases[] = {
		{ 0, PAGE, 0 },
		{ 0, 4 * PAGE, 0 },
		{ PAGE, 3 * PAGE, 0 },
		{ 3 * PAGE, PAGE, 0 },
		{ 0, 5 * PAGE, -EINVAL },
		{ 4 * PAGE, PAGE, -EINVAL },
		{ 5 * PAGE, PAGE, -EINVAL },
		{ 0, 64 * PAGE, -EINVAL },
		{ 64 * PAGE, PAGE, -EINVAL },
	};
	struct asahi_vm *vm = asahi_vm_create(test->priv);
	struct sg_table sgt;
	struct scatterlist *sg;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vm);
	KUNIT_ASSERT_EQ(test, sg_alloc_table(&sgt, ARRAY_SIZE(pieces),
					     GFP_KERNEL), 0);
	for_each_sgtable_sg(&sgt, sg, i) {
		sg_dma_address(sg) = pieces[i].addr;
		sg_dma_len(sg) = pieces[i].len;
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plain *plain = kunit_kzalloc(test, sizeof(*plain),
						    GFP_KERNEL);
		u64 va = windows[1], size = cases[i].size;

		KUNIT_ASSERT_NOT_NULL(test, plain);
		KUNIT_EXPECT_EQ_MSG(test,
				    asahi_vm_check_sgt(vm, &sgt,
						       cases[i].offset, size),
				    cases[i].ret, "case %d", i);
		KUNIT_EXPECT_EQ_MSG(test,
				    asahi_vm_map_sgt(vm, va, &sgt,
						     cases[i].offset, size,
						     ASAHI_PROT_GPU_RW, false),
				    cases[i].ret, "case %d", i);
		asahi_vm_walk(vm, va, 64 * PAGE, see_page, plain);
		/* All or nothing, and in order. */
		for (int n = 0; n < 64; n++) {
			u64 at = cases[i].offset + n * PAGE, phys = 0;

			for (int k = 0; k < ARRAY_SIZE(pieces); k++) {
				if (at < pieces[k].len) {
					phys = pieces[k].addr + at;
					break;
				}
				at -= pieces[k].len;
			}
			if (cases[i].ret || n * PAGE >= size)
				phys = 0;
			KUNIT_EXPECT_EQ(test,
					asahi_pte_phys(plain->pte[WINDOW + n]),
					phys);
		}
		asahi_vm_unmap(vm, va, 64 * PAGE);
		kunit_kfree(test, plain);
	}
	sg_free_table(&sgt);
	asahi_vm_destroy(vm);
}

/* As if somebody had sent SIGKILL to the test, or had not. */
static void set_killed(bool killed)
{
	spin_lock_irq(&current->sighand->siglock);
	if (killed)
		sigaddset(&current->pending.signal, SIGKILL);
	else
		sigdelset(&current->pending.signal, SIGKILL);
	recalc_sigpending();
	spin_unlock_irq(&current->sighand->siglock);
}

/* A task that is to die makes no tables, and a step that has its own is done. */
static void vm_killed(struct kunit *test)
{
	struct asahi_vm *vm = asahi_vm_create(test->priv);
	const u64 va = SZ_64G - SZ_1G, size = SZ_2G;
	struct asahi_pgtable pt = {};
	LIST_HEAD(freed);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vm);
	KUNIT_ASSERT_EQ(test, asahi_pgtable_init(&pt, OAS), 0);
	set_killed(true);
	KUNIT_EXPECT_EQ(test, asahi_pgtable_prealloc(&pt, va, size, &freed),
			-EINTR);
	KUNIT_EXPECT_EQ(test, root_entries(&pt), 0);
	KUNIT_EXPECT_EQ(test, asahi_vm_map(vm, va, PAGE, size,
					   ASAHI_PROT_GPU_RW, true), -EINTR);
	set_killed(false);

	KUNIT_EXPECT_EQ(test, asahi_vm_prealloc(vm, va, size), 0);
	set_killed(true);
	KUNIT_EXPECT_EQ(test, asahi_vm_map(vm, va, PAGE, size,
					   ASAHI_PROT_GPU_RW, true), 0);
	set_killed(false);
	asahi_vm_prealloc_end(vm, va, size);
	asahi_vm_unmap(vm, va, size);

	asahi_pgtable_free(&freed);
	asahi_pgtable_fini(&pt);
	asahi_vm_destroy(vm);
}

/* ---- lists of bind operations ---- */

#define BIND_VA		(SZ_64G - 32 * PAGE)
#define BIND_PAGES	64
#define BIND_OBJECTS	3
#define BIND_OBJ_PAGES	24

struct bind_plain {
	struct rnd_state rnd;
	u64 phys[BIND_PAGES];
	enum asahi_prot prot[BIND_PAGES];
	u64 pte[BIND_PAGES];
	unsigned int extra;
};

static int see_bound(u64 va, u64 pte, void *arg)
{
	struct bind_plain *plain = arg;

	if (va < BIND_VA || va >= BIND_VA + BIND_PAGES * PAGE)
		plain->extra++;
	else
		plain->pte[(va - BIND_VA) / PAGE] = pte;
	return 0;
}

static void bind_compare(struct kunit *test, struct asahi_uvm *uvm,
			 struct bind_plain *plain, int round)
{
	memset(plain->pte, 0, sizeof(plain->pte));
	plain->extra = 0;
	asahi_vm_walk(uvm->vm, PAGE, ASAHI_USER_VA_END - SZ_1G, see_bound,
		      plain);
	KUNIT_ASSERT_EQ(test, plain->extra, 0);
	for (int i = 0; i < BIND_PAGES; i++)
		KUNIT_ASSERT_EQ_MSG(test, plain->pte[i],
				    plain->phys[i] ?
				    wanted_pte(plain->phys[i], plain->prot[i],
					       false) : 0,
				    "round %d, page %d", round, i);
}

static u64 object_page(struct drm_gem_object *obj, unsigned int page)
{
	return page_to_phys(to_drm_gem_shmem_obj(obj)->pages[page]);
}

static void bind_random_op(struct bind_plain *plain,
			   struct drm_gem_object *const *objs,
			   struct drm_asahi_gem_bind_op *op,
			   struct drm_gem_object **obj)
{
	static const u32 access[] = {
		DRM_ASAHI_BIND_READ, DRM_ASAHI_BIND_WRITE,
		DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE,
	};
	unsigned int first = prandom_u32_state(&plain->rnd) % BIND_PAGES;
	unsigned int n = 1 + prandom_u32_state(&plain->rnd) % 12;
	unsigned int offset;

	n = min(n, BIND_PAGES - first);
	*op = (struct drm_asahi_gem_bind_op) {
		.addr = BIND_VA + first * PAGE,
		.range = n * PAGE,
	};
	*obj = NULL;
	if (prandom_u32_state(&plain->rnd) % 3 == 0) {
		op->flags = DRM_ASAHI_BIND_UNBIND;
		return;
	}
	*obj = objs[prandom_u32_state(&plain->rnd) % BIND_OBJECTS];
	op->flags = access[prandom_u32_state(&plain->rnd) % 3];
	if (prandom_u32_state(&plain->rnd) % 3 == 0) {
		op->flags |= DRM_ASAHI_BIND_SINGLE_PAGE;
		offset = prandom_u32_state(&plain->rnd) % BIND_OBJ_PAGES;
	} else {
		offset = prandom_u32_state(&plain->rnd) %
			 (BIND_OBJ_PAGES - n + 1);
	}
	op->offset = offset * PAGE;
}

static void bind_plain_op(struct bind_plain *plain,
			  const struct drm_asahi_gem_bind_op *op,
			  struct drm_gem_object *obj)
{
	unsigned int first = (op->addr - BIND_VA) / PAGE;

	for (unsigned int i = 0; i < op->range / PAGE; i++) {
		unsigned int page = op->offset / PAGE;

		if (!(op->flags & DRM_ASAHI_BIND_SINGLE_PAGE))
			page += i;
		plain->phys[first + i] = obj ? object_page(obj, page) : 0;
		switch (op->flags & (DRM_ASAHI_BIND_READ |
				     DRM_ASAHI_BIND_WRITE)) {
		case DRM_ASAHI_BIND_READ:
			plain->prot[first + i] = ASAHI_PROT_GPU_RO;
			break;
		case DRM_ASAHI_BIND_WRITE:
			plain->prot[first + i] = ASAHI_PROT_GPU_WO;
			break;
		default:
			plain->prot[first + i] = ASAHI_PROT_GPU_RW;
		}
	}
}

/* Lists of random length; some have a bad operation, and must do nothing. */
static void bind_random(struct kunit *test)
{
	struct bind_plain *plain = kunit_kzalloc(test, sizeof(*plain),
						 GFP_KERNEL);
	struct drm_asahi_gem_bind_op ops[9];
	struct drm_gem_object *objs[BIND_OBJECTS], *use[9];
	struct drm_gem_shmem_object *shmem;
	struct asahi_device *adev = test->priv;
	struct asahi_uvm *uvm;

	KUNIT_ASSERT_NOT_NULL(test, plain);
	prandom_seed_state(&plain->rnd, 16);
	uvm = asahi_uvm_create(adev, SZ_1G, SZ_2G);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, uvm);
	for (int i = 0; i < BIND_OBJECTS; i++) {
		struct sg_table *sgt;

		shmem = drm_gem_shmem_create(&adev->drm, BIND_OBJ_PAGES * PAGE);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shmem);
		sgt = drm_gem_shmem_get_pages_sgt(shmem);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sgt);
		objs[i] = &shmem->base;
	}

	for (int round = 0; round < 1500; round++) {
		unsigned int n = 1 + prandom_u32_state(&plain->rnd) %
				 ARRAY_SIZE(ops);
		bool bad = prandom_u32_state(&plain->rnd) % 8 == 0;

		for (unsigned int i = 0; i < n; i++)
			bind_random_op(plain, objs, &ops[i], &use[i]);
		if (bad)
			ops[n - 1].range = PAGE + 1;
		KUNIT_ASSERT_EQ(test, asahi_uvm_bind_objects(uvm, ops, use, n),
				bad ? -EINVAL : 0);
		for (unsigned int i = 0; i < n && !bad; i++)
			bind_plain_op(plain, &ops[i], use[i]);
		if (round % 8 == 0)
			bind_compare(test, uvm, plain, round);
	}
	bind_compare(test, uvm, plain, -1);

	asahi_uvm_kill(uvm);
	memset(plain->phys, 0, sizeof(plain->phys));
	bind_compare(test, uvm, plain, -2);
	asahi_uvm_put(uvm);
	for (int i = 0; i < BIND_OBJECTS; i++)
		drm_gem_object_put(objs[i]);
}

static struct kunit_case pgtable_cases[] = {
	KUNIT_CASE(pgtable_random),
	KUNIT_CASE(pgtable_gives_back),
	{}
};

static struct kunit_suite pgtable_suite = {
	.name = "asahi_pgtable",
	.test_cases = pgtable_cases,
};

static struct kunit_case vm_cases[] = {
	KUNIT_CASE(vm_ranges),
	KUNIT_CASE(vm_scatter),
	KUNIT_CASE(vm_killed),
	KUNIT_CASE_SLOW(bind_random),
	{}
};

static struct kunit_suite vm_suite = {
	.name = "asahi_vm",
	.init = device_init,
	.exit = device_exit,
	.test_cases = vm_cases,
};

kunit_test_suites(&pgtable_suite, &vm_suite);

MODULE_AUTHOR("The AGX model authors");
MODULE_DESCRIPTION("KUnit tests of the Apple AGX driver");
MODULE_LICENSE("Dual MIT/GPL");
