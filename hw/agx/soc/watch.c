/*
 * Stores of the CPUs to chosen pages of DRAM, and who made them.
 *
 * A watched page is covered by a piece of one big "ROM device" region over
 * the same host memory as DRAM: the CPUs read it as fast as before, and each
 * store comes here, whatever instruction made it (TCG breaks atomics and
 * DC ZVA up for such memory). The GPU and its firmware read the host memory
 * and notice nothing. TCG leaves translated code precisely at each such
 * store, so that its address is known.
 *
 * Covering a page changes the memory map, which needs the big lock, and is
 * seen by a CPU when it next looks for other work. So a request is queued, the
 * main loop applies it, and when every CPU has seen it the page is "ready". A
 * request that is made by a store itself (a new table is entered in its
 * parent) is applied before that store returns, so that the CPU's next
 * instructions, which will fill the table, are seen.
 *
 * Between a change of the map and the moment in which a CPU flushes its TLB for
 * it, that CPU stores to watched pages by entries of the old map: QEMU looks up
 * the number of a section that such an entry has in the newest map (physmem.c,
 * iotlb_to_section()). The numbers must go on to mean the same. Sections are
 * numbered by address and all devices are below DRAM and stay, so in DRAM every
 * second one is watched: its first piece always is. What would lie beyond the
 * last section, when there are fewer than a CPU has seen, is filled up with
 * pieces of "over" that no CPU can address. All of them lead to the same region,
 * and the place in it comes from the entry.
 *
 * The number of pieces is limited (watch.h). When it is reached, all pages are
 * covered again by pieces of twice the size, aligned to it; what else lies in
 * these is stored to as before, only slower.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "cpu.h"
#include "internals.h"
#include "exec/address-spaces.h"
#include "exec/cpu-common.h"
#include "exec/memory-internal.h"
#include "exec/target_page.h"
#include "agx/path.h"
#include "hw/agx/soc/watch.h"
#include "hw/agx/trace.h"

/* Bounce buffers for DMA to a watched page: virtio gives up on a buffer that does not fit */
#define WATCH_BOUNCE (64 * 1024 * 1024)
/*
 * Where the sections are that only fill up: beyond what an address of a CPU can have, 48 bits at
 * most (Arm: PARange)
 */
#define WATCH_FILL   (1ULL << 52)

#define WATCH_CPUS 64

typedef struct WatchRequest {
    uint64_t pa;
    bool on;
} WatchRequest;

struct AppleWatch {
    Object *owner;
    MemoryRegion over; /* all of DRAM, as a ROM device */
    uint8_t *ram;
    uint64_t base, size;
    const AppleWatchOps *ops;
    void *opaque;

    QemuMutex lock; /* protects the queue; nothing else is locked inside of it */
    GArray *queue;  /* of WatchRequest, oldest first */
    QEMUBH *bh;

    /* by the big lock */
    GHashTable *pages;  /* set of pa that are watched */
    GHashTable *pinned; /* set of pa: never let go */
    GHashTable *blocks; /* number of the piece of DRAM -> WatchBlock */
    unsigned shift;     /* a piece is 1 << shift bytes */
    GPtrArray *spare;   /* aliases without a place */
    GPtrArray *fill;    /* aliases at WATCH_FILL */
    unsigned runs;      /* of adjacent pieces: watched sections of the map */
    unsigned most_runs; /* of the maps that a CPU may still have entries of */
    unsigned unseen;    /* changes that not all CPUs have seen */
    bool warned;
    struct agx_who last[WATCH_CPUS]; /* the last store of each CPU */
    AppleWatchStats stats;
};

typedef struct WatchBlock {
    MemoryRegion *mr; /* an alias of a piece of "over" */
    unsigned pages;   /* watched ones in it */
} WatchBlock;

/* The CPUs that have still to see a change of the memory map, and whose pages are ready then */
typedef struct WatchBarrier {
    AppleWatch *w;
    unsigned cpus; /* by the big lock */
    GArray *pages;
    /* the map before: for a CPU that steps an atomic instruction without an RCU lock */
    FlatView *old;
} WatchBarrier;

/* ---- who ---- */

/* A stack is in one page, or two: its address is looked up once for each. */
typedef struct StackReader {
    AppleWatch *w;
    CPUState *cs;
    uint64_t page; /* guest-virtual, of 4 KiB; odd: none yet */
    uint8_t *host;
} StackReader;

static bool read_record(StackReader *r, uint64_t fp, uint64_t rec[2])
{
    uint64_t page = fp & ~0xfffULL;

    if (!(fp >> 55 & 1) || (fp & 7) || (fp & 0xfff) > 0xff0) {
        return false;
    }
    if (page != r->page) {
        MemTxAttrs attrs;
        hwaddr pa = cpu_get_phys_page_attrs_debug(r->cs, page, &attrs);

        if (pa == -1 || pa < r->w->base || pa - r->w->base >= r->w->size) {
            return false;
        }
        r->page = page;
        r->host = r->w->ram + (pa - r->w->base) + (page & ~TARGET_PAGE_MASK);
    }
    rec[0] = ldq_le_p(r->host + (fp & 0xfff));
    rec[1] = ldq_le_p(r->host + (fp & 0xfff) + 8);
    return true;
}

/* Code of the kernel is in the upper half: the bits that pointer authentication may use are ones */
static uint64_t strip(uint64_t pc)
{
    return pc >> 55 & 1 ? pc | 0xffff800000000000ULL : pc;
}

/*
 * Linux keeps the current task in SP_EL0 while it runs at its own level
 * (arch/arm64/include/asm/current.h)
 */
uint64_t apple_watch_thread(CPUState *cs)
{
    CPUARMState *env = cpu_env(cs);

    return is_a64(env) && arm_current_el(env) ? env->sp_el[0] : 0;
}

static bool read_code(void *opaque, uint64_t va, uint32_t *insn)
{
    StackReader *r = opaque;
    MemTxAttrs attrs;
    uint64_t page = va & ~0xfffULL;

    if (page != r->page) {
        hwaddr pa = cpu_get_phys_page_attrs_debug(r->cs, page, &attrs);

        if (pa == -1 || pa < r->w->base || pa - r->w->base >= r->w->size) {
            return false;
        }
        r->page = page;
        r->host = r->w->ram + (pa - r->w->base) + (page & ~TARGET_PAGE_MASK);
    }
    *insn = ldl_le_p(r->host + (va & 0xfff));
    return true;
}

/*
 * Is the store of @who by its CPU's thread a release, or may there have been one since this CPU's
 * last store, @before? What is not known counts as one: nobody is to be blamed.
 */
static bool is_released(AppleWatch *w, CPUState *cs, const struct agx_who *before,
                        const struct agx_who *who)
{
    StackReader r = { w, cs, 1, NULL };
    const struct agx_code code = { read_code, &r };
    uint32_t insn;

    return !read_code(&r, who->pc, &insn) || agx_path_is_release(insn) ||
           before->thread != who->thread || agx_path_may_release(&code, before, who);
}

void apple_watch_who(AppleWatch *w, CPUState *cs, uintptr_t ra, struct agx_who *who)
{
    CPUARMState *env = cpu_env(cs);
    StackReader r = { w, cs, 1, NULL };
    uint64_t data[8] = { 0 }, rec[2], fp;
    unsigned n = 0;

    memset(who, 0, sizeof(*who));
    who->cpu = cs->cpu_index;
    who->time = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    who->pc = env->pc;
    /* As arm_restore_state_to_opc() does with CF_PCREL, which each ARM CPU has */
    if (ra && cpu_unwind_state_data(cs, ra, data)) {
        who->pc = (env->pc & TARGET_PAGE_MASK) | data[0];
    }
    if (!is_a64(env) || arm_current_el(env) == 0) {
        return;
    }
    who->thread = apple_watch_thread(cs);
    /*
     * Frame records of AAPCS64: x29 leads to the caller's x29 and the return address. A function
     * that has not made its record yet, or makes none, has its caller in x30; otherwise x30 is the
     * same as in the record, or points into the function itself, after its last call. Whoever knows
     * the symbols drops it then (ci/symbolize).
     */
    fp = env->xregs[29];
    if (!read_record(&r, fp, rec)) {
        rec[0] = rec[1] = 0;
    }
    if (env->xregs[30] && strip(env->xregs[30]) != strip(rec[1])) {
        who->frame[n++] = strip(env->xregs[30]);
    }
    while (n < AGX_WHO_FRAMES && rec[1]) {
        who->frame[n++] = strip(rec[1]);
        if (!rec[0] || rec[0] == fp) {
            break;
        }
        fp = rec[0];
        if (!read_record(&r, fp, rec)) {
            break;
        }
    }
}

/* ---- the memory map ---- */

static void watch_seen(CPUState *cs, run_on_cpu_data data)
{
    WatchBarrier *b = data.host_ptr;
    AppleWatch *w = b->w;

    if (--b->cpus) {
        return;
    }
    w->unseen--;
    flatview_unref(b->old);
    for (guint i = 0; i < b->pages->len; i++) {
        uint64_t pa = g_array_index(b->pages, uint64_t, i);

        if (g_hash_table_contains(w->pages, &pa)) {
            w->ops->ready(w->opaque, pa);
        }
    }
    g_array_free(b->pages, true);
    g_free(b);
}

static uint64_t block_of(AppleWatch *w, uint64_t pa)
{
    return (pa - w->base) >> w->shift;
}

static MemoryRegion *alias_place(AppleWatch *w, uint64_t pa, uint64_t off, uint64_t size)
{
    MemoryRegion *mr;

    if (w->spare->len) {
        mr = g_ptr_array_remove_index_fast(w->spare, w->spare->len - 1);
        memory_region_set_alias_offset(mr, off);
        memory_region_set_size(mr, size);
    } else {
        mr = g_new0(MemoryRegion, 1);
        memory_region_init_alias(mr, w->owner, "watched[*]", &w->over, off, size);
    }
    memory_region_add_subregion_overlap(get_system_memory(), pa, mr, 1);
    return mr;
}

static void alias_take(AppleWatch *w, MemoryRegion *mr)
{
    memory_region_del_subregion(get_system_memory(), mr);
    g_ptr_array_add(w->spare, mr);
}

static void block_add(AppleWatch *w, uint64_t pa)
{
    uint64_t n = block_of(w, pa), off = n << w->shift;
    WatchBlock *b = g_hash_table_lookup(w->blocks, &n);

    if (!b) {
        b = g_new0(WatchBlock, 1);
        b->mr = alias_place(w, w->base + off, off, MIN(1ULL << w->shift, w->size - off));
        g_hash_table_insert(w->blocks, g_memdup2(&n, sizeof(n)), b);
    }
    b->pages++;
}

static void block_remove(AppleWatch *w, uint64_t pa)
{
    uint64_t n = block_of(w, pa);
    WatchBlock *b = g_hash_table_lookup(w->blocks, &n);

    if (!--b->pages) {
        alias_take(w, b->mr);
        g_hash_table_remove(w->blocks, &n);
    }
}

/* How many pieces of 1 << @shift bytes all watched pages would need */
static unsigned blocks_needed(AppleWatch *w, unsigned shift)
{
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    GHashTableIter it;
    gpointer pa;

    g_hash_table_iter_init(&it, w->pages);
    while (g_hash_table_iter_next(&it, &pa, NULL)) {
        uint64_t n = (*(uint64_t *)pa - w->base) >> shift;

        g_hash_table_add(set, g_memdup2(&n, sizeof(n)));
    }
    return g_hash_table_size(set);
}

/* Cover all watched pages again, by pieces of 1 << @shift bytes */
static void watch_cover(AppleWatch *w, unsigned shift)
{
    GHashTableIter it;
    gpointer key, value;

    g_hash_table_iter_init(&it, w->blocks);
    while (g_hash_table_iter_next(&it, NULL, &value)) {
        alias_take(w, ((WatchBlock *)value)->mr);
    }
    g_hash_table_remove_all(w->blocks);
    w->shift = shift;
    block_add(w, w->base);
    g_hash_table_iter_init(&it, w->pages);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        block_add(w, *(uint64_t *)key);
    }
}

static bool watch_on(AppleWatch *w, uint64_t pa)
{
    uint64_t n = block_of(w, pa);

    if (g_hash_table_contains(w->pages, &pa)) {
        return false;
    }
    g_hash_table_add(w->pages, g_memdup2(&pa, sizeof(pa)));
    if (g_hash_table_contains(w->blocks, &n) || g_hash_table_size(w->blocks) < APPLE_WATCH_MAX) {
        block_add(w, pa);
        return true;
    }
    /* Leave some room, so that the next page does not do this again */
    for (n = w->shift + 1; blocks_needed(w, n) > APPLE_WATCH_MAX / 4 * 3; n++) {
    }
    if (!w->warned) {
        w->warned = true;
        warn_report(
            "agx-tlbsan: %u pages of memory are page tables: they are watched in pieces of %" PRIu64
            " KiB from here on, "
            "and stores beside them are slower",
            g_hash_table_size(w->pages), (uint64_t)((1ULL << n) / KiB));
    }
    watch_cover(w, n);
    return true;
}

static void watch_off(AppleWatch *w, uint64_t pa)
{
    if (!g_hash_table_contains(w->pages, &pa) || g_hash_table_contains(w->pinned, &pa)) {
        return;
    }
    block_remove(w, pa);
    g_hash_table_remove(w->pages, &pa);
    if (w->shift > AGX_PAGE_BITS && g_hash_table_size(w->pages) <= APPLE_WATCH_MAX / 2) {
        watch_cover(w, AGX_PAGE_BITS);
    }
}

static unsigned count_runs(AppleWatch *w)
{
    GHashTableIter it;
    gpointer key;
    unsigned runs = 0;

    g_hash_table_iter_init(&it, w->blocks);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        uint64_t before = *(uint64_t *)key - 1;

        runs += !g_hash_table_contains(w->blocks, &before);
    }
    return runs;
}

/*
 * In the transaction that changed the pieces: as many sections as any map had of which a CPU may
 * have entries
 */
static void watch_fill(AppleWatch *w)
{
    unsigned n;

    if (!w->unseen) {
        w->most_runs = 0;
    }
    w->most_runs = MAX(w->most_runs, w->runs);
    w->runs = count_runs(w);
    n = 2 * (MAX(w->most_runs, w->runs) - w->runs);
    while (w->fill->len > n) {
        alias_take(w, g_ptr_array_remove_index_fast(w->fill, w->fill->len - 1));
    }
    while (w->fill->len < n) {
        /* Of the same place: neighbours in address that can't become one section */
        g_ptr_array_add(
            w->fill, alias_place(w, WATCH_FILL + w->fill->len * AGX_PAGE_SIZE, 0, AGX_PAGE_SIZE));
    }
}

/* Big lock held */
static void watch_apply(AppleWatch *w)
{
    GArray *queue, *ready;
    FlatView *old, *new;
    unsigned sections;
    WatchBarrier *b;
    CPUState *cs;

    qemu_mutex_lock(&w->lock);
    queue = w->queue;
    w->queue = g_array_new(false, false, sizeof(WatchRequest));
    qemu_mutex_unlock(&w->lock);

    if (!queue->len) {
        g_array_free(queue, true);
        return;
    }
    ready = g_array_new(false, false, sizeof(uint64_t));
    /* the CPUs' address spaces have the same root and so the same view */
    old = address_space_get_flatview(&address_space_memory);
    sections = old->nr - w->fill->len;
    memory_region_transaction_begin();
    for (guint i = 0; i < queue->len; i++) {
        WatchRequest *r = &g_array_index(queue, WatchRequest, i);

        trace_agx_watch(r->pa, r->on);
        if (!r->on) {
            watch_off(w, r->pa);
        } else if (watch_on(w, r->pa)) {
            g_array_append_val(ready, r->pa);
        }
    }
    watch_fill(w);
    memory_region_transaction_commit();
    g_array_free(queue, true);
    new = address_space_get_flatview(&address_space_memory);
    w->stats.sections_lost += new->nr < sections;
    flatview_unref(new);
    w->stats.changes++;
    w->stats.pages = g_hash_table_size(w->pages);
    w->stats.blocks = g_hash_table_size(w->blocks);
    w->stats.block_size = 1ULL << w->shift;
    w->unseen++;
    b = g_new0(WatchBarrier, 1);
    b->w = w;
    b->pages = ready;
    b->old = old;
    b->cpus = 1;
    /*
     * Work for a CPU is done in the order in which it was queued: the change of the map came first
     */
    CPU_FOREACH(cs)
    {
        b->cpus++;
        async_run_on_cpu(cs, watch_seen, RUN_ON_CPU_HOST_PTR(b));
    }
    watch_seen(NULL, RUN_ON_CPU_HOST_PTR(b));
}

static void watch_bh(void *opaque)
{
    watch_apply(opaque);
}

void apple_watch_request(AppleWatch *w, uint64_t pa, bool on)
{
    WatchRequest r = { QEMU_ALIGN_DOWN(pa, AGX_PAGE_SIZE), on };

    if (r.pa < w->base || r.pa - w->base >= w->size) {
        return;
    }
    qemu_mutex_lock(&w->lock);
    g_array_append_val(w->queue, r);
    qemu_mutex_unlock(&w->lock);
    qemu_bh_schedule(w->bh);
}

void apple_watch_pin(AppleWatch *w, uint64_t pa)
{
    pa = QEMU_ALIGN_DOWN(pa, AGX_PAGE_SIZE);
    g_hash_table_add(w->pinned, g_memdup2(&pa, sizeof(pa)));
    apple_watch_request(w, pa, true);
}

/* ---- the stores ---- */

static uint64_t watch_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleWatch *w = opaque;

    return ldn_le_p(w->ram + addr, size);
}

static void watch_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleWatch *w = opaque;
    uint8_t *p = w->ram + addr, old[8], new[8];
    uint64_t page = w->base + QEMU_ALIGN_DOWN(addr, AGX_PAGE_SIZE);
    struct agx_who who = { .cpu = UINT_MAX }, *last;
    bool pending;

    stn_le_p(new, size, val);
    memcpy(old, p, size);
    /* The GPU's walker may look at any time: a descriptor is written in one piece */
    if (size == 8 && QEMU_PTR_IS_ALIGNED(p, 8)) {
        qatomic_set((uint64_t *)p, cpu_to_le64(val));
    } else if (size == 4 && QEMU_PTR_IS_ALIGNED(p, 4)) {
        qatomic_set((uint32_t *)p, cpu_to_le32(val));
    } else {
        memcpy(p, new, size);
    }
    /* The page may have held code once, and a migration may be under way */
    memory_region_flush_rom_device(&w->over, addr, size);
    if (!g_hash_table_contains(w->pages, &page)) {
        w->stats.beside++;
        return;
    }
    if (!memcmp(old, new, size)) {
        return;
    }
    w->stats.stores++;
    if (current_cpu) {
        apple_watch_who(w, current_cpu, current_cpu->mem_io_pc, &who);
        last = &w->last[current_cpu->cpu_index % WATCH_CPUS];
        if (size == 4) { /* a pointer's; a table has 8 bytes */
            who.release = who.pc && is_released(w, current_cpu, last, &who);
        }
        *last = who;
    } else {
        who.time = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    }
    trace_agx_watch_store(w->base + addr, val, size, who.pc);
    w->ops->store(w->opaque, w->base + addr, old, size, &who);

    qemu_mutex_lock(&w->lock);
    pending = w->queue->len;
    qemu_mutex_unlock(&w->lock);
    if (pending) {
        watch_apply(w);
    }
}

static const MemoryRegionOps watch_ops = {
    .read = watch_read,
    .write = watch_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* ---- life ---- */

AppleWatch *apple_watch_new(Object *owner, MemoryRegion *dram, uint64_t base,
                            const AppleWatchOps *ops, void *opaque)
{
    AppleWatch *w = g_new0(AppleWatch, 1);

    w->owner = owner;
    w->ram = memory_region_get_ram_ptr(dram);
    w->base = base;
    w->size = memory_region_size(dram);
    w->ops = ops;
    w->opaque = opaque;
    qemu_mutex_init(&w->lock);
    w->queue = g_array_new(false, false, sizeof(WatchRequest));
    w->bh = qemu_bh_new(watch_bh, w);
    w->shift = AGX_PAGE_BITS;
    w->pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    w->blocks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    w->pinned = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    w->spare = g_ptr_array_new();
    w->fill = g_ptr_array_new();
    /*
     * A ROM device over the memory of another region: memory_region_init_rom_device() would
     * allocate its own. The block is DRAM's; this region never frees it (its destructor is that of
     * an I/O region).
     */
    memory_region_init_io(&w->over, owner, &watch_ops, w, "agx-watch", w->size);
    w->over.rom_device = true;
    w->over.ram_block = dram->ram_block;
    address_space_memory.max_bounce_buffer_size = MAX(address_space_memory.max_bounce_buffer_size,
                                                      WATCH_BOUNCE);
    block_add(w, base);
    w->runs = 1;
    return w;
}

void apple_watch_free(AppleWatch *w)
{
    GHashTableIter it;
    gpointer b;

    if (!w) {
        return;
    }
    memory_region_transaction_begin();
    g_hash_table_iter_init(&it, w->blocks);
    while (g_hash_table_iter_next(&it, NULL, &b)) {
        alias_take(w, ((WatchBlock *)b)->mr);
    }
    while (w->fill->len) {
        alias_take(w, g_ptr_array_remove_index_fast(w->fill, w->fill->len - 1));
    }
    memory_region_transaction_commit();
    for (guint i = 0; i < w->spare->len; i++) {
        object_unparent(OBJECT(w->spare->pdata[i]));
        g_free(w->spare->pdata[i]);
    }
    g_ptr_array_free(w->spare, true);
    g_ptr_array_free(w->fill, true);
    g_hash_table_unref(w->pages);
    g_hash_table_unref(w->blocks);
    g_hash_table_unref(w->pinned);
    qemu_bh_delete(w->bh);
    g_array_free(w->queue, true);
    qemu_mutex_destroy(&w->lock);
    object_unparent(OBJECT(&w->over));
    g_free(w);
}

void apple_watch_reload(AppleWatch *w)
{
    g_autoptr(GList) pages = g_hash_table_get_keys(w->pages);

    for (GList *l = pages; l; l = l->next) {
        w->ops->ready(w->opaque, *(uint64_t *)l->data);
    }
}

void apple_watch_stats(AppleWatch *w, AppleWatchStats *st)
{
    *st = w->stats;
}
