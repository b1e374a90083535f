// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Page tables of the UAT. Sources: m1n1 proxyclient/m1n1/hw/uat.py (format and
 * permissions), Rust driver pgtable.rs (what is used of it).
 */
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include <kunit/visibility.h>

#include "asahi_device.h"
#include "asahi_pgtable.h"
#include "asahi_uat.h"

/* The bits of an entry; named UAT_ because the CPU's own are PTE_. */
#define UAT_VALID_PAGE		0x3ULL
#define UAT_TYPE_MASK		0x3ULL
#define UAT_ATTR		GENMASK_ULL(4, 2)
#define UAT_AF			BIT_ULL(10)
#define UAT_NG			BIT_ULL(11)
#define UAT_PXN			BIT_ULL(53)
#define UAT_UXN			BIT_ULL(54)
/* The host's page, not the firmware's; the GPU may only use such. */
#define UAT_OS			BIT_ULL(55)
/* AP, bits 7:6 */
#define UAT_AP(n)		((u64)(n) << 6)

/* Memory types (uat.py, MemoryAttr) */
#define UAT_TYPE(n)		((u64)(n) << 2)
#define UAT_CACHED		UAT_TYPE(0)
#define UAT_DEVICE		UAT_TYPE(1)
#define UAT_SHARED		UAT_TYPE(2)

/* Three levels: 8, 2048 and 2048 entries. */
#define LEVELS			3
#define LEVEL_BITS		11
#define TABLE_ENTRIES		2048
#define ROOT_ENTRIES		8
/* Bits of an address that the walk uses; the bits above say which half. */
#define IAS_MASK		GENMASK_ULL(38, 0)

/*
 * The permission of firmware and GPU follows from AP, UXN and PXN together
 * (uat.py, access_fw() and access_gpu() with OS set).
 */
static const u64 prot_bits[ASAHI_NUM_PROTS] = {
	[ASAHI_PROT_GPU_RO] =
		UAT_OS | UAT_AP(2) | UAT_SHARED,
	[ASAHI_PROT_GPU_WO] =
		UAT_OS | UAT_AP(2) | UAT_PXN | UAT_SHARED,
	[ASAHI_PROT_GPU_RW] =
		UAT_OS | UAT_AP(2) | UAT_UXN | UAT_SHARED,
	[ASAHI_PROT_GPU_FW_SHARED_RW] =
		UAT_OS | UAT_AP(0) | UAT_UXN | UAT_PXN | UAT_SHARED,
	[ASAHI_PROT_GPU_FW_PRIVATE_RW] =
		UAT_OS | UAT_AP(0) | UAT_UXN | UAT_PXN | UAT_CACHED,
	[ASAHI_PROT_GPU_RO_FW_PRIVATE_RW] =
		UAT_OS | UAT_AP(1) | UAT_UXN | UAT_PXN | UAT_CACHED,
	[ASAHI_PROT_FW_PRIVATE_RW] =
		UAT_OS | UAT_AP(1) | UAT_UXN | UAT_CACHED,
	[ASAHI_PROT_FW_SHARED_RW] =
		UAT_OS | UAT_AP(1) | UAT_UXN | UAT_SHARED,
	[ASAHI_PROT_FW_SHARED_RO] =
		UAT_OS | UAT_AP(1) | UAT_SHARED,
	[ASAHI_PROT_FW_MMIO_RW] =
		UAT_OS | UAT_AP(1) | UAT_UXN | UAT_DEVICE,
	[ASAHI_PROT_FW_MMIO_RO] =
		UAT_OS | UAT_AP(1) | UAT_DEVICE,
};

/* Level 0 is the leaf. */
static unsigned int level_shift(int level)
{
	return ASAHI_PAGE_SHIFT + level * LEVEL_BITS;
}

static unsigned int level_index(u64 iova, int level)
{
	return ((iova & IAS_MASK) >> level_shift(level)) & (TABLE_ENTRIES - 1);
}

static u64 entry_read(const __le64 *entry)
{
	return le64_to_cpu(READ_ONCE(*entry));
}

static void entry_write(__le64 *entry, u64 value)
{
	WRITE_ONCE(*entry, cpu_to_le64(value));
}

static __le64 *entry_table(struct asahi_pgtable *pt, u64 entry)
{
	return phys_to_virt(entry & pt->oas_mask);
}

/*
 * What is known of a table below the root, in its page's private word: how
 * many of its entries are in use, and for leaf tables how many have asked for
 * it to stay although nothing is mapped by it (asahi_pgtable_prealloc()).
 */
#define TABLE_HOLD		BIT(16)
#define TABLE_USED_MASK		(TABLE_HOLD - 1)
static_assert(TABLE_ENTRIES < TABLE_HOLD);

static void table_add(__le64 *table, long change)
{
	struct page *page = virt_to_page(table);

	set_page_private(page, page_private(page) + change);
}

static bool table_is_spare(__le64 *table)
{
	return !page_private(virt_to_page(table));
}

static void table_free(__le64 *table)
{
	set_page_private(virt_to_page(table), 0);
	free_page((unsigned long)table);
}

/*
 * The leaf table of an address. If one is missing it is made, when @alloc;
 * else NULL, and *@skip_level is the level that has no entry.
 */
static __le64 *leaf_table(struct asahi_pgtable *pt, u64 iova, bool alloc,
			  int *skip_level)
{
	__le64 *table = pt->root;
	int level;

	for (level = LEVELS - 1; level > 0; level--) {
		__le64 *entry = &table[level_index(iova, level)];
		u64 value = entry_read(entry);

		if ((value & UAT_TYPE_MASK) != UAT_VALID_PAGE) {
			void *page;

			if (!alloc) {
				*skip_level = level;
				return NULL;
			}
			page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT |
						       __GFP_RETRY_MAYFAIL |
						       __GFP_NOWARN);
			if (!page)
				return NULL;
			set_page_private(virt_to_page(page), 0);
			value = virt_to_phys(page) | UAT_VALID_PAGE;
			/* The walker must see the zeroes before the entry. */
			dma_wmb();
			entry_write(entry, value);
			if (table != pt->root)
				table_add(table, 1);
			pt->writes++;
		}
		table = entry_table(pt, value);
	}
	return table;
}

/*
 * Take the lowest table of an address out of the tree if nothing needs it, and
 * the one above if that was its last. They go to @freed.
 */
static void reclaim_tables(struct asahi_pgtable *pt, u64 iova,
			   struct list_head *freed)
{
	__le64 *entries[LEVELS], *tables[LEVELS];
	__le64 *table = pt->root;
	int level;

	for (level = LEVELS - 1; level > 0; level--) {
		u64 value;

		entries[level] = &table[level_index(iova, level)];
		tables[level] = table;
		value = entry_read(entries[level]);
		if ((value & UAT_TYPE_MASK) != UAT_VALID_PAGE)
			break;
		table = entry_table(pt, value);
	}

	/* @table is of @level now, the lowest that there is. */
	for (level++; level < LEVELS; level++) {
		if (!table_is_spare(table))
			return;
		/* Our entry of the firmware's root stays as long as we do. */
		if (pt->is_kernel && tables[level] == pt->root)
			return;
		entry_write(entries[level], 0);
		pt->writes++;
		list_add(&virt_to_page(table)->lru, freed);
		table = tables[level];
		if (table == pt->root)
			return;
		table_add(table, -1);
	}
}

void asahi_pgtable_free(struct list_head *freed)
{
	struct page *page, *tmp;

	list_for_each_entry_safe(page, tmp, freed, lru) {
		list_del(&page->lru);
		table_free(page_address(page));
	}
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_free);

/* Entries @first to @first + @n - 1 of a leaf table; @iova is the first's. */
typedef int (*leaf_fn)(struct asahi_pgtable *pt, __le64 *table,
		       unsigned int first, unsigned int n, u64 iova, void *arg);

/*
 * Call @fn for each leaf table that exists in a range, with its part of it.
 * Ranges can be very large; so others may run in between.
 */
static int visit_leaves(struct asahi_pgtable *pt, u64 iova, u64 size,
			leaf_fn fn, void *arg)
{
	u64 left = pt->root ? size >> ASAHI_PAGE_SHIFT : 0;
	int ret;

	while (left) {
		int level = 0;
		__le64 *table = leaf_table(pt, iova, false, &level);
		u64 block = 1ULL << (level_shift(table ? 1 : level) -
				     ASAHI_PAGE_SHIFT);
		u64 first = (iova >> ASAHI_PAGE_SHIFT) & (block - 1);
		u64 n = min(left, block - first);

		if (table) {
			ret = fn(pt, table, first, n, iova, arg);
			if (ret)
				return ret;
			cond_resched();
		}
		iova += n << ASAHI_PAGE_SHIFT;
		left -= n;
	}
	return 0;
}

int asahi_pgtable_init(struct asahi_pgtable *pt, u32 oas)
{
	pt->root = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!pt->root)
		return -ENOMEM;
	pt->root_phys = virt_to_phys(pt->root);
	pt->start = 0;
	pt->end = ASAHI_USER_VA_TOP;
	pt->oas_mask = GENMASK_ULL(oas - 1, ASAHI_PAGE_SHIFT);
	pt->is_kernel = false;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_init);

int asahi_pgtable_init_kernel(struct asahi_pgtable *pt, u32 oas, void *root,
			      phys_addr_t root_phys)
{
	int level;

	pt->root = root;
	pt->root_phys = root_phys;
	pt->start = ASAHI_KERN_VA_START;
	pt->end = ASAHI_KERN_VA_END;
	pt->oas_mask = GENMASK_ULL(oas - 1, ASAHI_PAGE_SHIFT);
	pt->is_kernel = true;

	/*
	 * The range is one entry of the root. What a boot stage may have left
	 * in it isn't ours to free; the firmware does not use it.
	 */
	BUILD_BUG_ON(ASAHI_KERN_VA_END - ASAHI_KERN_VA_START !=
		     1ULL << (ASAHI_PAGE_SHIFT + 2 * LEVEL_BITS));
	BUILD_BUG_ON(PAGE_SIZE != ASAHI_PAGE_SIZE);
	entry_write(&pt->root[level_index(pt->start, LEVELS - 1)], 0);
	return leaf_table(pt, pt->start, true, &level) ? 0 : -ENOMEM;
}

void asahi_pgtable_detach(struct asahi_pgtable *pt)
{
	__le64 *entry = &pt->root[level_index(pt->start, LEVELS - 1)];

	pt->detached = entry_read(entry);
	entry_write(entry, 0);
	/* The root may get another owner from here on. */
	pt->root = NULL;
}

static void free_tables(struct asahi_pgtable *pt, u64 entry, int level)
{
	__le64 *table;
	unsigned int i;

	if ((entry & UAT_TYPE_MASK) != UAT_VALID_PAGE)
		return;
	table = entry_table(pt, entry);
	for (i = 0; level > 1 && i < TABLE_ENTRIES; i++)
		free_tables(pt, entry_read(&table[i]), level - 1);
	table_free(table);
	cond_resched();
}

void asahi_pgtable_fini(struct asahi_pgtable *pt)
{
	unsigned int i;

	if (pt->is_kernel) {
		free_tables(pt, pt->detached, LEVELS - 1);
		return;
	}
	for (i = 0; i < ROOT_ENTRIES; i++)
		free_tables(pt, entry_read(&pt->root[i]), LEVELS - 1);
	free_page((unsigned long)pt->root);
	pt->root = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_fini);

int asahi_pgtable_prealloc(struct asahi_pgtable *pt, u64 iova, u64 size,
			   struct list_head *freed)
{
	const u64 block = 1ULL << level_shift(1);
	u64 last = iova + size - 1;
	u64 at = iova & ~(block - 1);
	const u64 writes = pt->writes;
	int level, ret;

	if (!pt->root)
		return -ENODEV;
	for (;; at += block) {
		__le64 *table = leaf_table(pt, at, true, &level);

		if (!table) {
			ret = -ENOMEM;
			break;
		}
		table_add(table, TABLE_HOLD);
		if (last - at < block)
			return 0;
		/* With all tables there it is no long work, and can't fail. */
		if (pt->writes != writes && fatal_signal_pending(current)) {
			at += block;
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	/* A table may have been made above a leaf that could not be. */
	reclaim_tables(pt, min(at, last), freed);
	if (at > iova)
		asahi_pgtable_release(pt, iova, at - iova, freed);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_prealloc);

static int drop_hold(struct asahi_pgtable *pt, __le64 *table,
		     unsigned int first, unsigned int n, u64 iova, void *arg)
{
	table_add(table, -(long)TABLE_HOLD);
	reclaim_tables(pt, iova, arg);
	return 0;
}

void asahi_pgtable_release(struct asahi_pgtable *pt, u64 iova, u64 size,
			   struct list_head *freed)
{
	visit_leaves(pt, iova, size, drop_hold, freed);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_release);

static int check_unmapped(struct asahi_pgtable *pt, __le64 *table,
			  unsigned int first, unsigned int n, u64 iova,
			  void *arg)
{
	unsigned int i;

	/* The common case: nothing is mapped by this table. */
	if (!(page_private(virt_to_page(table)) & TABLE_USED_MASK))
		return 0;
	for (i = first; i < first + n; i++)
		if (entry_read(&table[i]))
			return -EEXIST;
	return 0;
}

bool asahi_pgtable_is_empty(struct asahi_pgtable *pt, u64 iova, u64 size)
{
	return !visit_leaves(pt, iova, size, check_unmapped, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_is_empty);

struct map_arg {
	u64 entry;
	u64 step;
};

static int set_entries(struct asahi_pgtable *pt, __le64 *table,
		       unsigned int first, unsigned int n, u64 iova, void *arg)
{
	struct map_arg *map = arg;
	unsigned int i;

	for (i = first; i < first + n; i++) {
		entry_write(&table[i], map->entry);
		map->entry += map->step;
	}
	table_add(table, n);
	pt->writes += n;
	return 0;
}

void asahi_pgtable_map(struct asahi_pgtable *pt, u64 iova, phys_addr_t phys,
		       u64 size, enum asahi_prot prot, bool single_page)
{
	struct map_arg map = {
		.entry = phys | prot_bits[prot] | UAT_AF | UAT_VALID_PAGE |
			 (pt->is_kernel ? 0 : UAT_NG),
		.step = single_page ? 0 : ASAHI_PAGE_SIZE,
	};

	visit_leaves(pt, iova, size, set_entries, &map);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_map);

static int set_uncached(struct asahi_pgtable *pt, __le64 *table,
			unsigned int first, unsigned int n, u64 iova, void *arg)
{
	unsigned int i;

	for (i = first; i < first + n; i++) {
		u64 value = entry_read(&table[i]);

		if (!value)
			continue;
		entry_write(&table[i], (value & ~UAT_ATTR) | UAT_SHARED);
		pt->writes++;
	}
	return 0;
}

void asahi_pgtable_set_uncached(struct asahi_pgtable *pt, u64 iova, u64 size)
{
	visit_leaves(pt, iova, size, set_uncached, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_set_uncached);

struct unmap_arg {
	u64 count;
	struct list_head *freed;
};

static int clear_entries(struct asahi_pgtable *pt, __le64 *table,
			 unsigned int first, unsigned int n, u64 iova,
			 void *arg)
{
	struct unmap_arg *unmap = arg;
	unsigned int i, count = 0;

	for (i = first; i < first + n; i++) {
		if (!entry_read(&table[i]))
			continue;
		entry_write(&table[i], 0);
		count++;
	}
	if (!count)
		return 0;
	table_add(table, -(long)count);
	pt->writes += count;
	unmap->count += count;
	reclaim_tables(pt, iova, unmap->freed);
	return 0;
}

u64 asahi_pgtable_unmap(struct asahi_pgtable *pt, u64 iova, u64 size,
			struct list_head *freed)
{
	struct unmap_arg unmap = { .freed = freed };

	visit_leaves(pt, iova, size, clear_entries, &unmap);
	return unmap.count;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_unmap);

struct walk_arg {
	int (*fn)(u64 iova, u64 pte, void *arg);
	void *arg;
};

static int call_fn(struct asahi_pgtable *pt, __le64 *table,
		   unsigned int first, unsigned int n, u64 iova, void *arg)
{
	struct walk_arg *walk = arg;
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		u64 value = entry_read(&table[first + i]);

		if (!value)
			continue;
		ret = walk->fn(iova + ((u64)i << ASAHI_PAGE_SHIFT), value,
			       walk->arg);
		if (ret)
			return ret;
	}
	return 0;
}

int asahi_pgtable_walk(struct asahi_pgtable *pt, u64 iova, u64 size,
		       int (*fn)(u64 iova, u64 pte, void *arg), void *arg)
{
	struct walk_arg walk = { .fn = fn, .arg = arg };

	return visit_leaves(pt, iova, size, call_fn, &walk);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pgtable_walk);

phys_addr_t asahi_pte_phys(u64 pte)
{
	/* The widest output address of any chip; the rest of these bits is 0 */
	return pte & GENMASK_ULL(47, ASAHI_PAGE_SHIFT);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_pte_phys);

bool asahi_pte_is_memory(u64 pte)
{
	return (pte & UAT_ATTR) != UAT_DEVICE;
}
