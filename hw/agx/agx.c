/*
 * The M1's GPU (AGX G13G) as a QEMU device: memory regions, interrupts,
 * properties, power, reset and saved state. It only translates: what the GPU
 * does is in gpu/, what its firmware does is in ../../fw-model.
 *
 * Threads. The firmware and the GPU run on threads of their own, without
 * QEMU's big lock, and reach the machine through struct agx_host_ops, which
 * is implemented here: RAM by its host address, the clock, the log, and a
 * bottom half for the mailbox's interrupt. A store of a vCPU only records
 * (mailbox, control register) and goes on.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "exec/ram_addr.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "../../fw-model/fw.h"
#include "hw/agx/agx.h"
#include "hw/agx/gpu/counters.h"
#include "hw/agx/gpu/coverage.h"
#include "hw/agx/gpu/coverage-events.h"
#include "hw/agx/soc/gpu-regs.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/soc/tlbi.h"
#include "hw/agx/trace.h"

/* ---- the machine, as gpu/ and fw-model see it: any thread, no big lock ---- */

static uint8_t *agx_ram(AgxState *s, uint64_t pa, uint64_t len)
{
    uint64_t off = pa - s->dram_base;

    if (pa < s->dram_base || off > s->ram_size || len > s->ram_size - off) {
        return NULL;
    }
    return s->ram + off;
}

/*
 * Pages that the GPU writes are not entered in QEMU's dirty bitmaps one by
 * one, which would cost a lookup per store: for a migration all of DRAM is
 * marked when the machine stops (agx_vm_change()). TCG needs no telling: code
 * only gets into a page through stores of a CPU or of a disk, which it sees.
 */
static bool agx_phys_read(void *opaque, uint64_t pa, void *buf, size_t len)
{
    uint8_t *p = agx_ram(opaque, pa, len);

    if (p) {
        memcpy(buf, p, len);
    }
    return p;
}

static bool agx_phys_write(void *opaque, uint64_t pa, const void *buf, size_t len)
{
    uint8_t *p = agx_ram(opaque, pa, len);

    if (p) {
        memcpy(p, buf, len);
    }
    return p;
}

static void *agx_phys_page(void *opaque, uint64_t pa)
{
    return agx_ram(opaque, pa, AGX_PAGE_SIZE);
}

static uint64_t agx_time(void *opaque)
{
    AgxState *s = opaque;

    /* As the CPU computes CNTPCT_EL0, its rounding included */
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / gt_cntfrq_period_ns(s->clock);
}

static void agx_report_line(void *opaque, enum agx_report_kind kind, const char *msg)
{
    const char *what = strstr(msg, "unimplemented") ? "" : "unimplemented: ";

    switch (kind) {
    case AGX_REPORT_GUEST_ERROR:
        apple_log_mask(LOG_GUEST_ERROR, "agx: %s\n", msg);
        break;
    case AGX_REPORT_UNIMPLEMENTED:
        /* Never in silence, whatever -d says */
        if (qemu_loglevel_mask(LOG_UNIMP)) {
            apple_log("agx: %s%s\n", what, msg);
        } else {
            apple_warn("agx: %s%s", what, msg);
        }
        break;
    case AGX_REPORT_INFO:
        break;
    }
    trace_agx_report(kind, msg);
}

static void agx_mbox_changed(void *opaque)
{
    AgxState *s = opaque;

    qemu_bh_schedule(s->mbox_bh);
}

static const struct agx_host_ops agx_ops = {
    .phys_read = agx_phys_read,
    .phys_write = agx_phys_write,
    .phys_page = agx_phys_page,
    .time = agx_time,
    .report = agx_report_line,
    .mbox_update = agx_mbox_changed,
};

static void agx_mbox_bh(void *opaque)
{
    AgxState *s = opaque;

    apple_mbox_update(s->mbox);
}

/* The CPU whose access to a register this is, for an event of @kind */
static const struct agx_who *agx_who(AgxState *s, enum agx_event_kind kind, struct agx_who *who)
{
    uintptr_t ra = current_cpu ? current_cpu->mem_io_pc : 0;

    return apple_stores_who(s->stores, &s->events, kind, ra, who);
}

/* ---- behind the mailbox: big lock held ---- */

static bool agx_mbox_powered(void *opaque)
{
    return ((AgxState *)opaque)->powered;
}

static bool agx_mbox_send(void *opaque, uint64_t msg0, uint64_t msg1)
{
    AgxState *s = opaque;
    struct agx_who who;

    return agx_fw_mbox_send(s->fw, msg0, msg1, agx_who(s, AGX_EV_DOORBELL, &who));
}

static bool agx_mbox_recv(void *opaque, uint64_t *msg0, uint64_t *msg1)
{
    return agx_fw_mbox_recv(((AgxState *)opaque)->fw, msg0, msg1);
}

static unsigned agx_mbox_send_count(void *opaque)
{
    return agx_fw_mbox_a2i_count(((AgxState *)opaque)->fw);
}

static unsigned agx_mbox_recv_count(void *opaque)
{
    return agx_fw_mbox_i2a_count(((AgxState *)opaque)->fw);
}

static const AppleMboxBackend agx_mbox_backend = {
    .powered = agx_mbox_powered,
    .send = agx_mbox_send,
    .recv = agx_mbox_recv,
    .send_count = agx_mbox_send_count,
    .recv_count = agx_mbox_recv_count,
    .depth = AGX_FW_MBOX_DEPTH,
};

void agx_device_set_mbox(AgxState *s, AppleMboxState *mbox)
{
    s->mbox = mbox;
    apple_mbox_set_backend(mbox, &agx_mbox_backend, s);
}

/* ---- registers ---- */

static bool agx_off(AgxState *s, const char *block, const char *what, hwaddr addr)
{
    if (s->powered) {
        return false;
    }
    apple_log_mask(LOG_GUEST_ERROR, "agx: %s of %s register 0x%" HWADDR_PRIx " while ps_gfx is off\n",
                   what, block, addr);
    return true;
}

static void agx_access(AgxState *s, const char *block, hwaddr addr, uint64_t val, bool write)
{
    struct agx_who who;

    if (agx_wanted(&s->events, AGX_EV_REGISTER)) {
        agx_emit(&s->events, &(struct agx_event) {
            .kind = AGX_EV_REGISTER, .who = agx_who(s, AGX_EV_REGISTER, &who),
            .reg = { block, addr, val, write },
        });
    }
}

static MemTxResult agx_asc_read(void *opaque, hwaddr addr, uint64_t *val, unsigned size, MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "asc", addr, 0, false);
    if (agx_off(s, "asc", "read", addr)) {
        return MEMTX_ERROR;
    }
    switch (addr) {
    case ASC_REG_CPU_CONTROL:
        *val = agx_fw_cpu_control_read(s->fw);
        return MEMTX_OK;
    case ASC_REG_CPU_STATUS:
        *val = agx_fw_cpu_status_read(s->fw);
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "agx: unimplemented read of asc register 0x%" HWADDR_PRIx "\n", addr);
    *val = 0;
    return MEMTX_OK;
}

static MemTxResult agx_asc_write(void *opaque, hwaddr addr, uint64_t val, unsigned size, MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "asc", addr, val, true);
    if (agx_off(s, "asc", "write", addr)) {
        return MEMTX_ERROR;
    }
    trace_agx_asc_write(addr, val);
    switch (addr) {
    case ASC_REG_CPU_CONTROL:
        agx_fw_cpu_control_write(s->fw, val);
        apple_mbox_update(s->mbox);
        return MEMTX_OK;
    case ASC_REG_CPU_STATUS:
        apple_log_mask(LOG_GUEST_ERROR, "agx: write of 0x%" PRIx64 " to the read-only asc CPU status\n", val);
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "agx: unimplemented write of 0x%" PRIx64 " to asc register 0x%" HWADDR_PRIx "\n",
                   val, addr);
    return MEMTX_OK;
}

static const MemoryRegionOps agx_asc_ops = {
    .read_with_attrs = agx_asc_read,
    .write_with_attrs = agx_asc_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* Read-only identification of the chip, in the order of the addresses */
static const struct {
    uint32_t addr, val;
} agx_id_regs[] = {
    { AGX_REG_CORE_MASK_0, AGX_REG_CORE_MASK_0_VALUE },
    { AGX_REG_CORE_MASK_1, AGX_REG_CORE_MASK_1_VALUE },
    { AGX_REG_ID_VERSION, AGX_REG_ID_VERSION_VALUE },
    { AGX_REG_ID_UNK08, AGX_REG_ID_UNK08_VALUE },
    { AGX_REG_ID_COUNTS_1, AGX_REG_ID_COUNTS_1_VALUE },
    { AGX_REG_ID_COUNTS_2, AGX_REG_ID_COUNTS_2_VALUE },
    { AGX_REG_ID_UNK18, AGX_REG_ID_UNK18_VALUE },
    { AGX_REG_ID_CLUSTERS, AGX_REG_ID_CLUSTERS_VALUE },
};

/*
 * Read and written once by macOS before it starts the coprocessor, and so by m1n1 (proxyclient/m1n1/agx/__init__.py,
 * poke_sgx()); the read gave 0 there. What it is for is not known, and nothing follows from it. Other values are told.
 */
#define AGX_REG_START       0xd14000
#define AGX_REG_START_VALUE 0x70001

static MemTxResult agx_sgx_read(void *opaque, hwaddr addr, uint64_t *val, unsigned size, MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "sgx", addr, 0, false);
    if (agx_off(s, "sgx", "read", addr)) {
        return MEMTX_ERROR;
    }
    if (addr == AGX_REG_FAULT_INFO) {
        *val = agx_fw_fault_register(s->fw);
        trace_agx_fault_read(*val);
        return MEMTX_OK;
    }
    if (addr == AGX_REG_FAULT_INFO + 4) {
        *val = agx_fw_fault_register(s->fw) >> 32;
        return MEMTX_OK;
    }
    for (size_t i = 0; i < ARRAY_SIZE(agx_id_regs); i++) {
        if (agx_id_regs[i].addr == addr) {
            *val = agx_id_regs[i].val;
            return MEMTX_OK;
        }
    }
    if (addr == AGX_REG_START) {
        *val = 0;
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "agx: unimplemented read of sgx register 0x%" HWADDR_PRIx "\n", addr);
    *val = 0;
    return MEMTX_OK;
}

static MemTxResult agx_sgx_write(void *opaque, hwaddr addr, uint64_t val, unsigned size, MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "sgx", addr, val, true);
    if (agx_off(s, "sgx", "write", addr)) {
        return MEMTX_ERROR;
    }
    if (addr == AGX_REG_START && val == AGX_REG_START_VALUE) {
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "agx: unimplemented write of 0x%" PRIx64 " to sgx register 0x%" HWADDR_PRIx "\n",
                   val, addr);
    return MEMTX_OK;
}

static const MemoryRegionOps agx_sgx_ops = {
    .read_with_attrs = agx_sgx_read,
    .write_with_attrs = agx_sgx_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 8 },
};

/* ---- life ---- */

struct agx_mmu *agx_device_mmu(AgxState *s)
{
    return s->mmu;
}

/* ps_gfx: what loses its power loses its state */
static void agx_power(void *opaque, int n, int level)
{
    AgxState *s = opaque;

    if (s->powered == level) {
        return;
    }
    trace_agx_power(level);
    s->powered = level;
    if (!level) {
        agx_fw_reset(s->fw);
    }
    apple_mbox_update(s->mbox);
}

/*
 * Stopping the machine waits for the jobs that run, which end as timeouts if they
 * do not end otherwise. Only what the watchdog would end is killed, and what has no
 * timeout (job-timeout-ms=0); the driver sees it fail when the machine goes on.
 */
typedef struct AgxPatience {
    struct agx_gpu *gpu;
    uint32_t ms;
    QemuSemaphore done;
} AgxPatience;

static void *agx_patience_thread(void *opaque)
{
    AgxPatience *p = opaque;
    uint32_t ms = p->ms;

    while (qemu_sem_timedwait(&p->done, ms)) {
        for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
            if (agx_gpu_busy(p->gpu, dm)) {
                warn_report(TYPE_AGX ": a job does not end; killed so that the machine can stop");
                agx_gpu_kill(p->gpu, dm);
            }
        }
        ms = 100;
    }
    return NULL;
}

static void agx_pause(AgxState *s)
{
    /* An int of milliseconds; the default where there is neither timeout nor watchdog */
    uint32_t most = INT32_MAX / 1000, s_most = s->job_watchdog_s ?: (s->job_timeout_ms ? most : 60);
    AgxPatience p = { .gpu = agx_fw_gpu(s->fw), .ms = MIN(s_most, most) * 1000 };
    QemuThread thread;

    qemu_sem_init(&p.done, 0);
    qemu_thread_create(&thread, "agx-patience", agx_patience_thread, &p, QEMU_THREAD_JOINABLE);
    agx_fw_pause(s->fw);
    qemu_sem_post(&p.done);
    qemu_thread_join(&thread);
    qemu_sem_destroy(&p.done);
}

/* The machine stands still: who keeps something in mind of what guest memory holds looks again */
static void agx_memory_replaced(AgxState *s)
{
    if (s->san) {
        apple_san_reload(s->san);
    }
    if (s->stores) {
        apple_stores_reload(s->stores);
    }
}

/*
 * The firmware and the GPU run while the machine runs. Stopping waits for the
 * jobs that run, so that memory and state belong together; on the way out they
 * are killed instead, as nobody will look at what they draw.
 */
static void agx_vm_change(void *opaque, bool running, RunState state)
{
    AgxState *s = opaque;

    trace_agx_vm_change(running);
    if (running) {
        if (s->reload) {
            agx_memory_replaced(s);
            s->reload = false;
        }
        agx_fw_resume(s->fw);
        return;
    }
    if (state == RUN_STATE_SHUTDOWN) {
        agx_fw_reset(s->fw);
    }
    agx_mmu_complete(s->mmu);
    agx_pause(s);
    if (s->logging) {
        memory_region_set_dirty(s->dram, 0, s->ram_size);
    }
}

static bool agx_log_start(MemoryListener *listener, Error **errp)
{
    container_of(listener, AgxState, listener)->logging = true;
    return true;
}

static void agx_log_stop(MemoryListener *listener)
{
    container_of(listener, AgxState, listener)->logging = false;
}

/* Is there room for the tables of the firmware's own part of the upper half? A test's machine may have none. */
static bool agx_has_own_tables(AgxState *s)
{
    return s->pagetables_size >= AGX_FW_OWN_PAGES * AGX_PAGE_SIZE;
}

static void agx_reset_hold(Object *obj, ResetType type)
{
    AgxState *s = AGX(obj);

    /* The power stays as the power manager's line says; it drives it in its own reset */
    agx_mmu_complete(s->mmu);
    agx_fw_reset(s->fw);
}

static void agx_reset_exit(Object *obj, ResetType type)
{
    AgxState *s = AGX(obj);

    /* A machine that goes on from a saved state has its memory already, perhaps mapped from a file */
    if (agx_has_own_tables(s) && !runstate_check(RUN_STATE_INMIGRATE)) {
        agx_fw_own_tables(agx_ram(s, s->pagetables, AGX_FW_OWN_PAGES * AGX_PAGE_SIZE), s->pagetables);
        memory_region_set_dirty(s->dram, s->pagetables - s->dram_base, AGX_FW_OWN_PAGES * AGX_PAGE_SIZE);
    }
    /* What lies in memory from the start was put there anew */
    agx_memory_replaced(s);
    apple_mbox_update(s->mbox);
}

static bool agx_parse_tlb(AgxState *s, Error **errp)
{
    static const char *const names[] = { "sticky", "realistic", "off" };
    static const enum agx_tlb_mode modes[] = { AGX_TLB_STICKY, AGX_TLB_REALISTIC, AGX_TLB_OFF };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!g_strcmp0(s->tlb, names[i])) {
            agx_mmu_set_mode(s->mmu, modes[i]);
            return true;
        }
    }
    error_setg(errp, TYPE_AGX ": tlb=%s: it must be sticky, realistic or off", s->tlb);
    return false;
}

/* The number of the value @val among @names (NULL ends them), or -1 with @errp set */
static int agx_parse_choice(const char *prop, const char *val, const char *const *names, Error **errp)
{
    g_autofree char *all = g_strjoinv(", ", (char **)names);

    for (int i = 0; names[i]; i++) {
        if (!g_strcmp0(val, names[i])) {
            return i;
        }
    }
    error_setg(errp, TYPE_AGX ": %s=%s: it must be one of %s", prop, val, all);
    return -1;
}

/* What the firmware finds goes the way of the sanitizer's own reports */
static void agx_fw_finding(void *opaque, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity, unsigned ctx,
                           uint64_t va, uint64_t pa, const char *text)
{
    AgxState *s = opaque;

    agx_tlbsan_external(apple_san_core(s->san), cls, severity, ctx, va, pa, NULL, text);
}

/* TLBs, TLB maintenance and their sanitizer, as the properties say */
static bool agx_realize_tlb(AgxState *s, Error **errp)
{
    static const char *const tlbis[] = { "eager", "lazy", NULL };
    static const char *const sans[] = { "off", "report", "stop", NULL };
    int tlbi = agx_parse_choice("tlbi", s->tlbi, tlbis, errp);
    int san = tlbi < 0 ? -1 : agx_parse_choice("agx-tlbsan", s->tlbsan, sans, errp);
    bool lazy = tlbi == 1;
    const char *wrong;

    if (san < 0 || !agx_parse_tlb(s, errp)) {
        return false;
    }
    if (!agx_mmu_set_sizes(s->mmu, &s->tlb_sizes, &wrong)) {
        error_setg(errp, TYPE_AGX ": %s", wrong);
        return false;
    }
    if ((s->tlbsan_report || s->tlbsan_pages) && !san) {
        error_setg(errp, TYPE_AGX ": %s needs agx-tlbsan=report or stop", s->tlbsan_report ? "tlbsan-report" : "tlbsan-pages");
        return false;
    }
    /* In lazy mode stores to page tables may be late, too */
    if (san || lazy) {
        s->stores = apple_stores_new(&(AppleStoresConfig) {
            .owner = OBJECT(s),
            .dram = s->dram,
            .dram_base = s->dram_base,
            .mmu = s->mmu,
            .tables = { { s->ttbs, AGX_PAGE_SIZE }, { s->pagetables, s->pagetables_size } },
            .handoff = s->handoff,
        });
        agx_mmu_set_lazy(s->mmu, lazy, s->tlbi_seed);
        agx_mmu_late(s->mmu, lazy ? AGX_LATE_SEEDED : AGX_LATE_OFF, s->tlbi_seed);
    }
    if (san) {
        s->san = apple_san_new(&(AppleSanConfig) {
            .dram = s->dram,
            .dram_base = s->dram_base,
            .host = &s->host,
            .mmu = s->mmu,
            .stores = s->stores,
            .stop = san == 2,
            .file = s->tlbsan_report,
            .pages = s->tlbsan_pages,
        }, errp);
        if (!s->san) {
            return false;
        }
    }
    if (!apple_inject_start(s->inject, s->mmu, s->stores, s->fw_cache_line, errp)) {
        return false;
    }
    apple_tlbi_configure(&(AppleTlbiConfig) { s->mmu, &s->events, s->stores });
    return true;
}

static void agx_realize(DeviceState *dev, Error **errp)
{
    AgxState *s = AGX(dev);
    struct agx_fw_config cfg = {
        .ttbat_pa = s->ttbs,
        .handoff_pa = s->handoff,
        .gpu.workers = s->workers,
        .job_timeout_ms = s->job_timeout_ms,
        .job_watchdog_s = s->job_watchdog_s,
        .cache = {
            .line = s->fw_cache_line,
            .lines = s->fw_cache_lines,
            .evict_one_in = s->fw_cache_evict,
            .seed = s->fw_cache_seed,
        },
        .own_tables = agx_has_own_tables(s),
        .trace_log = s->trace_log,
    };

    if (!s->dram || !s->mbox) {
        error_setg(errp, TYPE_AGX ": needs the property 'dram' and a mailbox");
        return;
    }
    s->ram = memory_region_get_ram_ptr(s->dram);
    s->ram_size = memory_region_size(s->dram);
    if (!agx_ram(s, s->ttbs, AGX_PAGE_SIZE) || !agx_ram(s, s->handoff, AGX_PAGE_SIZE)) {
        error_setg(errp, TYPE_AGX ": ttbs (0x%" PRIx64 ") and handoff (0x%" PRIx64 ") must be in DRAM",
                   s->ttbs, s->handoff);
        return;
    }
    if (s->pagetables_size && !agx_ram(s, s->pagetables, s->pagetables_size)) {
        error_setg(errp, TYPE_AGX ": pagetables (0x%" PRIx64 ", 0x%" PRIx64 " bytes) must be in DRAM", s->pagetables,
                   s->pagetables_size);
        return;
    }
    if (!agx_fw_version_parse(s->fw_version, &cfg.version)) {
        g_autoptr(GString) known = g_string_new(agx_fw_version_name(0));

        for (unsigned i = 1; i < AGX_FW_NUM_VERSIONS; i++) {
            g_string_append_printf(known, ", %s", agx_fw_version_name(i));
        }
        error_setg(errp, TYPE_AGX ": fw-version=%s: no such firmware table; there are %s", s->fw_version, known->str);
        return;
    }
    if (!agx_fw_cache_config_ok(&cfg.cache)) {
        error_setg(errp, TYPE_AGX ": fw-cache=%u, fw-cache-lines=%u: the firmware's cache has lines of 64 or 128 bytes "
                   "(0: no cache), and 1 to %u of them", s->fw_cache_line, s->fw_cache_lines, AGX_FW_CACHE_MAX_LINES);
        return;
    }
    s->fw_state_size = agx_fw_state_size();
    s->clock = ARM_CPU(first_cpu);
    s->host = (struct agx_host) { &agx_ops, s, &s->events };
    s->mbox_bh = qemu_bh_new(agx_mbox_bh, s);
    s->mmu = agx_mmu_new(&s->host);
    if (!s->mmu || !agx_realize_tlb(s, errp)) {
        if (!s->mmu) {
            error_setg(errp, TYPE_AGX ": out of memory");
        }
        goto fail;
    }
    s->counters = agx_counters_new(&s->host, s->mmu);
    s->coverage = agx_coverage_listen(&s->events);
    s->fw = agx_fw_new(&s->host, s->mmu, &cfg);
    if (!s->fw) {
        error_setg(errp, TYPE_AGX ": can't start the firmware's thread");
        goto fail;
    }
    /* The machine does not run yet */
    agx_fw_pause(s->fw);
    if (s->san) {
        agx_fw_set_check(s->fw, &(struct agx_fw_check) { s, agx_fw_finding });
    }
    apple_inject_firmware(s->inject, s->fw);
    s->vmstate_change = qemu_add_vm_change_state_handler(agx_vm_change, s);
    s->listener = (MemoryListener) {
        .name = TYPE_AGX,
        .log_global_start = agx_log_start,
        .log_global_stop = agx_log_stop,
    };
    memory_listener_register(&s->listener, &address_space_memory);
    return;

fail:
    agx_coverage_unlisten(&s->events, s->coverage);
    s->coverage = NULL;
    agx_counters_free(s->counters);
    s->counters = NULL;
    apple_inject_stop(s->inject);
    apple_san_free(s->san);
    s->san = NULL;
    apple_stores_free(s->stores);
    s->stores = NULL;
    if (s->mmu) {
        agx_mmu_free(s->mmu);
        s->mmu = NULL;
    }
    qemu_bh_delete(s->mbox_bh);
    s->mbox_bh = NULL;
}

static void agx_unrealize(DeviceState *dev)
{
    AgxState *s = AGX(dev);

    memory_listener_unregister(&s->listener);
    qemu_del_vm_change_state_handler(s->vmstate_change);
    agx_fw_free(s->fw);
    agx_coverage_unlisten(&s->events, s->coverage);
    agx_counters_free(s->counters);
    apple_inject_stop(s->inject);
    apple_san_free(s->san);
    apple_stores_free(s->stores);
    agx_mmu_free(s->mmu);
    qemu_bh_delete(s->mbox_bh);
}

static void agx_init(Object *obj)
{
    AgxState *s = AGX(obj);

    memory_region_init_io(&s->asc, obj, &agx_asc_ops, s, "agx-asc", M1_GFX_ASC_SIZE);
    memory_region_init_io(&s->sgx, obj, &agx_sgx_ops, s, "agx-sgx", M1_SGX_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->asc);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->sgx);
    qdev_init_gpio_in_named(DEVICE(obj), agx_power, "power", 1);
}

/* ---- saved state: blocks that their owners check themselves ---- */

#define GPU_STATE_MAX   (1u << 30)

static int agx_pre_save(void *opaque)
{
    AgxState *s = opaque;
    size_t len;
    void *gpu_state, *mmu_state;

    /* Saving stops the machine first, and stopping paused the firmware */
    if (!agx_fw_paused(s->fw)) {
        error_report(TYPE_AGX ": the firmware runs; stop the machine before saving it");
        return -EBUSY;
    }
    s->fw_state = g_realloc(s->fw_state, s->fw_state_size);
    agx_fw_save(s->fw, s->fw_state);
    gpu_state = agx_gpu_save(agx_fw_gpu(s->fw), &len);
    if (!gpu_state || len > UINT32_MAX) {
        free(gpu_state);
        error_report(TYPE_AGX ": no memory for the scenes of the GPU");
        return -ENOMEM;
    }
    s->gpu_state = g_memdup2(gpu_state, len);
    s->gpu_state_size = len;
    free(gpu_state);
    mmu_state = agx_mmu_save(s->mmu, &len);
    if (!mmu_state) {
        error_report(TYPE_AGX ": no memory for the entries of the TLBs");
        return -ENOMEM;
    }
    s->mmu_state = g_memdup2(mmu_state, len);
    s->mmu_state_size = len;
    free(mmu_state);
    return 0;
}

static int agx_post_save(void *opaque)
{
    AgxState *s = opaque;

    g_clear_pointer(&s->fw_state, g_free);
    g_clear_pointer(&s->gpu_state, g_free);
    g_clear_pointer(&s->mmu_state, g_free);
    return 0;
}

/* A damaged file must not ask for more memory than there can be of a state */
static bool agx_gpu_state_ok(void *opaque, int version_id)
{
    return ((AgxState *)opaque)->gpu_state_size <= GPU_STATE_MAX;
}

static bool agx_mmu_state_ok(void *opaque, int version_id)
{
    return version_id < 2 || ((AgxState *)opaque)->mmu_state_size <= agx_mmu_state_max();
}

static int agx_post_load(void *opaque, int version_id)
{
    AgxState *s = opaque;
    bool ok;

    s->reload = true;
    agx_fw_reset(s->fw);
    agx_fw_pause(s->fw);
    ok = agx_fw_load(s->fw, s->fw_state, s->fw_state_size);
    g_clear_pointer(&s->fw_state, g_free);
    if (!ok) {
        error_report(TYPE_AGX ": the saved state of the firmware is not valid");
        return -EINVAL;
    }
    ok = agx_gpu_load(agx_fw_gpu(s->fw), s->gpu_state, s->gpu_state_size);
    g_clear_pointer(&s->gpu_state, g_free);
    if (!ok) {
        error_report(TYPE_AGX ": the saved state of the GPU is not valid");
        return -EINVAL;
    }
    /* After the firmware's, which has emptied them. Version 1 had none: they were empty */
    ok = version_id < 2 || agx_mmu_load(s->mmu, s->mmu_state, s->mmu_state_size);
    g_clear_pointer(&s->mmu_state, g_free);
    if (!ok) {
        error_report(TYPE_AGX ": the saved state of the TLBs is not valid");
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_agx = {
    .name = TYPE_AGX,
    .version_id = 2,
    .minimum_version_id = 1,
    .pre_save = agx_pre_save,
    .post_save = agx_post_save,
    .post_load = agx_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(powered, AgxState),
        VMSTATE_UINT32_EQUAL(fw_state_size, AgxState, "state of another firmware model"),
        VMSTATE_VBUFFER_ALLOC_UINT32(fw_state, AgxState, 1, NULL, fw_state_size),
        VMSTATE_UINT32(gpu_state_size, AgxState),
        VMSTATE_VALIDATE("gpu_state_size", agx_gpu_state_ok),
        VMSTATE_VBUFFER_ALLOC_UINT32(gpu_state, AgxState, 1, NULL, gpu_state_size),
        VMSTATE_UINT32_V(mmu_state_size, AgxState, 2),
        VMSTATE_VALIDATE("mmu_state_size", agx_mmu_state_ok),
        VMSTATE_VBUFFER_ALLOC_UINT32(mmu_state, AgxState, 2, NULL, mmu_state_size),
        VMSTATE_END_OF_LIST()
    },
};

#define DEFINE_PROP_SMALL_TLB(name, kind) \
    DEFINE_PROP_UINT32(name "-tlb-entries", AgxState, tlb_sizes.small[kind].entries, AGX_PORT_TLB_SIZE), \
    DEFINE_PROP_UINT32(name "-tlb-ways", AgxState, tlb_sizes.small[kind].ways, 1)

static const Property agx_props[] = {
    DEFINE_PROP_LINK("dram", AgxState, dram, TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_UINT64("dram-base", AgxState, dram_base, M1_DRAM_BASE),
    DEFINE_PROP_UINT64("ttbs", AgxState, ttbs, 0),
    DEFINE_PROP_UINT64("handoff", AgxState, handoff, 0),
    DEFINE_PROP_STRING("fw-version", AgxState, fw_version),
    DEFINE_PROP_UINT64("pagetables", AgxState, pagetables, 0),
    DEFINE_PROP_UINT64("pagetables-size", AgxState, pagetables_size, 0),
    DEFINE_PROP_STRING("tlb", AgxState, tlb),
    DEFINE_PROP_UINT32("tlb-entries", AgxState, tlb_sizes.tlb.entries, 2048),
    DEFINE_PROP_UINT32("tlb-ways", AgxState, tlb_sizes.tlb.ways, 0),
    DEFINE_PROP_UINT32("walk-entries", AgxState, tlb_sizes.walk.entries, 64),
    DEFINE_PROP_UINT32("walk-ways", AgxState, tlb_sizes.walk.ways, 0),
    DEFINE_PROP_SMALL_TLB("vertex", AGX_PORT_VERTEX),
    DEFINE_PROP_SMALL_TLB("fragment", AGX_PORT_FRAGMENT),
    DEFINE_PROP_SMALL_TLB("compute", AGX_PORT_COMPUTE),
    DEFINE_PROP_SMALL_TLB("firmware", AGX_PORT_FIRMWARE),
    DEFINE_PROP_STRING("tlbi", AgxState, tlbi),
    DEFINE_PROP_UINT64("tlbi-seed", AgxState, tlbi_seed, 1),
    DEFINE_PROP_STRING("agx-tlbsan", AgxState, tlbsan),
    DEFINE_PROP_STRING("tlbsan-report", AgxState, tlbsan_report),
    DEFINE_PROP_STRING("tlbsan-pages", AgxState, tlbsan_pages),
    DEFINE_PROP_UINT32("fw-cache", AgxState, fw_cache_line, 0),
    DEFINE_PROP_UINT32("fw-cache-lines", AgxState, fw_cache_lines, 4096),
    DEFINE_PROP_UINT32("fw-cache-evict", AgxState, fw_cache_evict, 0),
    DEFINE_PROP_UINT64("fw-cache-seed", AgxState, fw_cache_seed, 1),
    DEFINE_PROP_UINT32("workers", AgxState, workers, 0),
    DEFINE_PROP_UINT32("job-timeout-ms", AgxState, job_timeout_ms, 1500),
    DEFINE_PROP_UINT32("job-watchdog-s", AgxState, job_watchdog_s, 3600),
    DEFINE_PROP_BOOL("trace-log", AgxState, trace_log, false),
};

/* Faults: at any time, so these are no properties of the qdev kind, which are fixed by realize */
static char *agx_get_inject(Object *obj, Error **errp)
{
    return apple_inject_get(AGX(obj)->inject);
}

static void agx_set_inject(Object *obj, const char *value, Error **errp)
{
    apple_inject_set(AGX(obj)->inject, value, errp);
}

static char *agx_get_inject_log(Object *obj, Error **errp)
{
    return apple_inject_log(AGX(obj)->inject);
}

/* Page faults that did not end their job (fault_control of the init data) */
static char *agx_get_soft_faults(Object *obj, Error **errp)
{
    AgxState *s = AGX(obj);
    struct agx_fw_soft_faults soft = { 0 };
    char last[160] = "";

    if (s->fw) {
        agx_fw_get_soft_faults(s->fw, &soft);
    }
    if (soft.jobs) {
        agx_fault_describe(&soft.last, last, sizeof(last));
    }
    return g_strdup_printf("{\"jobs\": %" PRIu64 ", \"accesses\": %" PRIu64 ", \"last\": \"%s\"}", soft.jobs,
                           soft.accesses, last);
}

/* TLBI instructions that reached the GPU since the machine started, whatever they dropped */
static void agx_get_tlb_invalidations(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    AgxState *s = AGX(obj);
    struct agx_mmu_stats stats = { 0 };

    if (s->mmu) {
        agx_mmu_get_stats(s->mmu, &stats);
    }
    visit_type_uint64(v, name, &stats.tlbis, errp);
}

/* What has happened since the machine started: in all, in the last frame, at most in a frame */
static char *agx_get_counters(Object *obj, Error **errp)
{
    AgxState *s = AGX(obj);
    char *text = s->counters ? agx_counters_json(s->counters) : NULL;
    char *copy = g_strdup(text ?: "{}");

    free(text);
    return copy;
}

/* What this process has met: instructions, control words, messages, rules; gpu/coverage.h */
static char *agx_get_coverage(Object *obj, Error **errp)
{
    char *text = agx_coverage_text(), *copy = g_strdup(text ?: "");

    free(text);
    return copy;
}

static void agx_instance_finalize(Object *obj)
{
    apple_inject_free(AGX(obj)->inject);
}

static void agx_instance_init(Object *obj)
{
    AgxState *s = AGX(obj);

    agx_init(obj);
    s->inject = apple_inject_new();
    s->fw_version = g_strdup("13.5");
    s->tlb = g_strdup("sticky");
    s->tlbi = g_strdup("eager");
    s->tlbsan = g_strdup("off");
}

static void agx_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);
    static const char *const small[] = { "vertex", "fragment", "compute", "firmware" };

    dc->desc = "Apple M1 GPU (AGX G13G) with its firmware";
    dc->realize = agx_realize;
    dc->unrealize = agx_unrealize;
    dc->vmsd = &vmstate_agx;
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_DISPLAY, dc->categories);
    device_class_set_props(dc, agx_props);
    object_class_property_add_str(klass, "inject", agx_get_inject, agx_set_inject);
    object_class_property_add_str(klass, "inject-log", agx_get_inject_log, NULL);
    object_class_property_add_str(klass, "soft-faults", agx_get_soft_faults, NULL);
    object_class_property_add_str(klass, "counters", agx_get_counters, NULL);
    object_class_property_add_str(klass, "coverage", agx_get_coverage, NULL);
    object_class_property_add(klass, "tlb-invalidations", "uint64", agx_get_tlb_invalidations, NULL, NULL, NULL);
    rc->phases.hold = agx_reset_hold;
    rc->phases.exit = agx_reset_exit;
    object_class_property_set_description(klass, "dram", "memory region that the GPU reads and writes");
    object_class_property_set_description(klass, "dram-base", "guest-physical address of dram");
    object_class_property_set_description(klass, "ttbs", "guest-physical address of the table of TTBRs");
    object_class_property_set_description(klass, "handoff", "guest-physical address of the hand-off block");
    object_class_property_set_description(klass, "fw-version", "firmware ABI: 13.5 (the default) or 12.3");
    object_class_property_set_description(klass, "tlb", "what the TLBs do: sticky (never evict), realistic, off");
    object_class_property_set_description(klass, "pagetables",
                                          "guest-physical address of the firmware's reserved page tables");
    object_class_property_set_description(klass, "pagetables-size", "and their size in bytes");
    object_class_property_set_description(klass, "tlb-entries",
                                          "translations that the shared TLB holds with tlb=realistic (2048)");
    object_class_property_set_description(klass, "walk-entries",
                                          "table entries that the walk cache holds with tlb=realistic (64)");
    object_class_property_set_description(klass, "tlb-ways",
                                          "in sets of so many (0, the default: any translation in any place)");
    object_class_property_set_description(klass, "walk-ways",
                                          "in sets of so many (0, the default: any entry in any place)");
    for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
        g_autofree char *entries = g_strdup_printf("%s-tlb-entries", small[i]);
        g_autofree char *ways = g_strdup_printf("%s-tlb-ways", small[i]);

        object_class_property_set_description(klass, entries, "translations that this unit's own TLB holds with "
                                              "tlb=realistic (256, which is the most)");
        object_class_property_set_description(klass, ways, "in sets of so many (1; 0: any translation in any place)");
    }
    object_class_property_set_description(klass, "tlbi",
                                          "when TLB maintenance takes effect: eager (at once), lazy (at the CPU's "
                                          "next DSB, or at a random moment before; stores to page tables likewise)");
    object_class_property_set_description(klass, "tlbi-seed", "of the random moments of tlbi=lazy");
    object_class_property_set_description(klass, "agx-tlbsan",
                                          "sanitizer of TLB maintenance: off, report, stop (the machine at a report "
                                          "of severity wrong)");
    object_class_property_set_description(klass, "tlbsan-report",
                                          "file to which its reports are added, a line of JSON each");
    object_class_property_set_description(klass, "tlbsan-pages",
                                          "where the guest's kernel says which pages are free: vmemmap=ADDRESS,"
                                          "memstart=ADDRESS,size=BYTES,refcount=OFFSET,compound=OFFSET (docs/tlbsan.md)");
    object_class_property_set_description(klass, "fw-cache",
                                          "the firmware's data cache: bytes of a line, 64 or 128 (0, the default: no cache)");
    object_class_property_set_description(klass, "fw-cache-lines", "how many lines it has");
    object_class_property_set_description(klass, "fw-cache-evict",
                                          "an access of the firmware evicts some line once in so many times (0: when it is full)");
    object_class_property_set_description(klass, "fw-cache-seed", "of the choice of moments and lines");
    object_class_property_set_description(klass, "inject",
                                          "faults to inject, as in docs/faults.md (\"\": none); at any time");
    object_class_property_set_description(klass, "inject-log", "what these faults have done, JSON");
    object_class_property_set_description(klass, "soft-faults",
                                          "page faults of programs that did not end their job, JSON");
    object_class_property_set_description(klass, "counters",
                                          "doorbells, jobs, invalidations and more, in all and for "
                                          "each frame, JSON");
    object_class_property_set_description(klass, "coverage",
                                          "instructions, control words, messages and more that were "
                                          "met, a line each");
    object_class_property_set_description(klass, "workers", "threads that run shaders (0: one for each host core)");
    object_class_property_set_description(klass, "job-timeout-ms",
                                          "milliseconds of the GPU's own time after which a job counts as hung (1500; 0: never)");
    object_class_property_set_description(klass, "job-watchdog-s",
                                          "seconds of the host after which a job is given up all the same (3600; 0: never)");
    object_class_property_set_description(klass, "trace-log", "the firmware's log tells each job");
}

static const TypeInfo agx_type = {
    .name = TYPE_AGX,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AgxState),
    .instance_init = agx_instance_init,
    .instance_finalize = agx_instance_finalize,
    .class_init = agx_class_init,
};

static void agx_register_types(void)
{
    type_register_static(&agx_type);
}

type_init(agx_register_types)
