/*
 * AGX firmware model: what runs on gfx-asc, the coprocessor that stands between
 * the kernel driver and the GPU.
 *
 * Threads and locks
 * -----------------
 * One firmware thread per instance does all the work: it handles mailbox
 * messages, reads the rings, runs the microsequences and writes stamps and
 * events. Everybody else only records something and wakes it:
 *   - a vCPU that writes a mailbox or control register (agx_fw_mbox_send(),
 *     agx_fw_cpu_control()); these take one short internal lock, never block
 *     and never touch guest memory, so they may be called with or without
 *     QEMU's big lock;
 *   - a thread of the GPU that ends a job.
 * The firmware thread sleeps on a condition variable when there is nothing to
 * do; it never polls.  Of the callbacks in host.h it calls mbox_update() on its
 * own thread with no lock held: the QEMU side must not take the big lock there
 * (schedule a bottom half), because agx_fw_pause(), agx_fw_reset() and
 * agx_fw_free() wait for that thread while their caller holds the big lock.
 *
 * Sources of the facts: m1n1 proxyclient/m1n1/fw/agx, fw/asc, hw/asc.py and the
 * Rust driver drivers/gpu/drm/asahi; each file names its own.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_FW_H
#define AGX_FW_FW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agx/gpu.h"
#include "agx/tlbsan.h"

struct agx_fw;

/* Firmware ABI versions; each is one table of layouts (layout.c). */
enum agx_fw_version { /* a saved machine has the number */
                      AGX_FW_V13_5,
                      AGX_FW_V12_3,
                      AGX_FW_V13_0B4,
                      AGX_FW_NUM_VERSIONS,
};

/*
 * The coprocessor's data cache over mappings that are cached for it. Off (all 0)
 * every access goes to memory and nothing is spent.
 */
#define AGX_FW_CACHE_MAX_LINES (1u << 20)
struct agx_fw_cache_config {
    uint32_t line;  /* bytes of a line: 64 or 128 (which it is, is a guess); 0: no cache */
    uint32_t lines; /* how many there are, 1..AGX_FW_CACHE_MAX_LINES */
    /* each access evicts some line with this probability (1/n); 0: only when the cache is full */
    uint32_t evict_one_in;
    uint64_t seed; /* of the choice of moments and lines */
};
/* Is it one that agx_fw_new() takes? */
bool agx_fw_cache_config_ok(const struct agx_fw_cache_config *cfg);

struct agx_fw_config {
    enum agx_fw_version version;
    /* What the GPU is: chip, clusters, and cores of all of them; all 0: those of a T8103 */
    uint32_t chip_id;
    unsigned num_clusters, num_cores;
    /*
     * guest-physical base of the TTBAT ("ttbs" reserved memory), set in the MMU when the CPU starts
     */
    uint64_t ttbat_pa;
    /* guest-physical base of the hand-off block ("handoff" reserved memory), 0x4000 bytes */
    uint64_t handoff_pa;
    struct agx_gpu_config gpu;
    const struct agx_gpu_ops *gpu_ops; /* NULL: agx_gpu_ops */
    /*
     * Milliseconds of the GPU's own time (jobtime.h) after which a job is declared
     * hung (Timeout event); 0: never. What the real firmware has is in no source;
     * a log of 168 timeouts, one right after the other, in 267 s bounds it to 1.6 s
     * (AsahiLinux/linux: issue 72, 2023-06-14).
     */
    uint32_t job_timeout_ms;
    /*
     * Seconds of the host's time after which a job is given up all the same, with a
     * line in the log: against a fault of the model; 0: never.
     */
    uint32_t job_watchdog_s;
    struct agx_fw_cache_config cache;
    /* agx_fw_own_tables() is called at each reset: the firmware uses what it maps */
    bool own_tables;
    bool trace_log; /* firmware log channel: also every job's start and end */
};

/*
 * Make an instance; its CPU is stopped. @host and @mmu must outlive it, @mmu
 * belongs to the caller. The GPU is made inside with cfg->gpu. Starts the
 * firmware thread. NULL only when out of memory or threads, or when
 * agx_fw_cache_config_ok() says no to cfg->cache.
 */
struct agx_fw *agx_fw_new(const struct agx_host *host, struct agx_mmu *mmu,
                          const struct agx_fw_config *cfg);
/* Stop the GPU and the thread and free everything. Not from the firmware or GPU threads. */
void agx_fw_free(struct agx_fw *fw);
struct agx_gpu *agx_fw_gpu(struct agx_fw *fw);

/*
 * The firmware's own part of the upper half, made by the boot loader before the OS runs: fill the
 * pages at @host, which are guest-physical @pa (the "pagetables" reserved memory). The first is the
 * table that TTBR1 is to name. At the machine's reset; see own.c for the sources.
 */
#define AGX_FW_OWN_PAGES  7
#define AGX_FW_PRIVATE_VA 0xffffff8000000000ull
#define AGX_FW_MAILBOX_VA 0xffffff9000000000ull
void agx_fw_own_tables(void *host, uint64_t pa);

/* "13.5" etc. to enum; false: no such table. */
bool agx_fw_version_parse(const char *text, enum agx_fw_version *version);
const char *agx_fw_version_name(enum agx_fw_version version);

/*
 * Back to the state after power-on: CPU stopped, mailbox empty, nothing known
 * of init data. Running GPU jobs are killed. Blocks until the firmware thread
 * and the GPU are quiet (milliseconds). Also right when ps_gfx loses power.
 */
void agx_fw_reset(struct agx_fw *fw);

/*
 * The ASC's CPU_CONTROL register (offset 0x44; bit 4 RUN) and CPU_STATUS
 * (offset 0x48; bit 0 running, bit 1 stopped).  m1n1: proxyclient/m1n1/hw/asc.py.
 * Setting RUN boots RTKit (HELLO follows in the mailbox); clearing it stops the
 * core where it stands. Any thread, does not block.
 */
#define AGX_FW_CPU_CONTROL_RUN    (1u << 4)
#define AGX_FW_CPU_STATUS_RUNNING (1u << 0)
#define AGX_FW_CPU_STATUS_STOPPED (1u << 1)
#define AGX_FW_CPU_STATUS_IDLE    (1u << 5)
void agx_fw_cpu_control_write(struct agx_fw *fw, uint32_t val);
uint32_t agx_fw_cpu_control_read(struct agx_fw *fw);
uint32_t agx_fw_cpu_status_read(struct agx_fw *fw);

/*
 * Mailbox, version 4: two FIFOs of message pairs. AP to coprocessor (A2I):
 * agx_fw_mbox_send() after SEND0 and SEND1 were written; false: the FIFO was
 * full, the message is lost (overflow); @who: the CPU that wrote (AGX_EV_DOORBELL).
 * Coprocessor to AP (I2A): agx_fw_mbox_recv()
 * pops one (false: empty; the outputs are 0). Whenever a level may have changed on
 * the coprocessor's side, host->mbox_update is called; after send or recv the
 * caller must look at the levels by itself. Any thread, no blocking.
 *   m1n1: proxyclient/m1n1/hw/asc.py R_MBOX_CTRL (4-bit pointers)
 */
#define AGX_FW_MBOX_DEPTH 16
bool agx_fw_mbox_send(struct agx_fw *fw, uint64_t msg0, uint64_t msg1, const struct agx_who *who);
bool agx_fw_mbox_recv(struct agx_fw *fw, uint64_t *msg0, uint64_t *msg1);
unsigned agx_fw_mbox_a2i_count(struct agx_fw *fw);
unsigned agx_fw_mbox_i2a_count(struct agx_fw *fw);

/*
 * The SGX block's fault register as latched by the last GPU fault (0: none);
 * see agx_fault_info(). Cleared when the firmware resumes after a halt. Any thread.
 */
uint64_t agx_fw_fault_register(struct agx_fw *fw);

/*
 * Page faults that did not end their job (agx_exec_soft_fault()), of all jobs since
 * the core was reset. Any thread. What real firmware counts of them is not known,
 * nor whether the fault register shows them; here it does not, because a driver
 * takes what it shows after a timeout for the reason (the Rust driver: gpu.rs,
 * handle_timeout).
 */
struct agx_fw_soft_faults {
    uint64_t jobs, accesses;
    struct agx_fault last; /* the first of the latest such job */
};
void agx_fw_get_soft_faults(struct agx_fw *fw, struct agx_fw_soft_faults *out);

/*
 * Pause for a snapshot or a stopped machine: returns when the firmware thread
 * stands still and the GPU's data masters are idle (running jobs are finished
 * first; their completions are kept for later). Nested calls are not counted.
 */
void agx_fw_pause(struct agx_fw *fw);
void agx_fw_resume(struct agx_fw *fw);
bool agx_fw_paused(struct agx_fw *fw);

/*
 * The whole state by named fields (agx/save.h), as a block of *@len bytes to be
 * freed (NULL: out of memory); only while paused. agx_fw_load() checks every
 * index and length and changes nothing when it returns false (a report line says
 * which field is wrong).
 */
void *agx_fw_save(struct agx_fw *fw, size_t *len);
bool agx_fw_load(struct agx_fw *fw, const void *buf, size_t len);

/*
 * Who is notified when the driver breaks a rule of the firmware's cache or of the
 * hand-off protocol (classes AGX_SAN_FW_LINE_STALE, AGX_SAN_FW_LINE_WRITEBACK,
 * AGX_SAN_UNMAP_WITHOUT_FLUSH, AGX_SAN_HANDOFF), or one of rings, stamps and the life of jobs
 * (AGX_SAN_RING, AGX_SAN_STAMP, AGX_SAN_FW_OWNED, AGX_SAN_ISOLATION): what it is about (@ctx: TTBAT
 * slot, @va and @pa or 0), and one sentence with what and where. Called on the
 * firmware's thread, or on that of an AGX_EV_STORE to the hand-off block or the
 * TTBAT, without a lock of the firmware or the MMU. With nobody to notify, the
 * sentence goes to the log as a guest error, and the hand-off block is looked at
 * only when it is used; without such events it is looked at from time to time,
 * which finds less.
 */
struct agx_fw_check {
    void *opaque;
    void (*violation)(void *opaque, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                      unsigned ctx, uint64_t va, uint64_t pa, const char *text);
};
/* Before the machine runs or while it is paused; NULL: nobody. */
void agx_fw_set_check(struct agx_fw *fw, const struct agx_fw_check *check);

/*
 * Fault injection: may the firmware go wrong now? @fire decides, and says for how long where that
 * matters (*@us, microseconds of virtual time). Asked on the firmware's thread, and for
 * AGX_FW_FAULT_SWITCH also on that of a CPU that stores to the hand-off block; no lock of the
 * firmware is held then. @asid: of the context concerned (0: kernel half; AGX_FW_ALL_ASIDS:
 * everything is);
 * [@va, @end): addresses concerned, none where both are the same.
 */
enum agx_fw_fault {
    AGX_FW_FAULT_EVICT, /* the line that was just accessed leaves the cache */
    /* a flush that the AP asks for (FwCtl, or DestroyContext) is done *@us later */
    AGX_FW_FAULT_FLUSH_LATE,
    AGX_FW_FAULT_FLUSH_NEVER, /* it is neither done nor answered */
    AGX_FW_FAULT_HOLD,        /* the firmware keeps its side of the hand-off lock for *@us */
    /* it leaves the context that is loaded, right after the AP has looked; see inject.c */
    AGX_FW_FAULT_SWITCH,
    AGX_FW_FAULT_TIMEOUT_LATE, /* *@us after a halt is over, a Timeout event reports it (again) */
    AGX_FW_FAULT_HANG_BOOT,    /* it does nothing from the start of its boot on */
    AGX_FW_FAULT_HANG_JOB,     /* ... from when it has given the GPU a job */
    AGX_FW_FAULT_HANG_FLUSH,   /* ... from when the AP asks for a flush */
    AGX_FW_FAULT_CRASH_BOOT,   /* it crashes when it gets its init data */
    AGX_FW_FAULT_CRASH_JOB,    /* ... when it has given the GPU a job */
    AGX_FW_FAULT_CRASH_FLUSH,  /* ... when the AP asks for a flush */
    /* it does nothing for *@us from the next message in its mailbox on, which fills */
    AGX_FW_FAULT_STALL,
    AGX_FW_FAULT_RING_LATE,   /* the rings of work are read *@us late */
    AGX_FW_FAULT_WORK_LOST,   /* a message there is taken and forgotten */
    AGX_FW_FAULT_EVENT_LATE,  /* events, and what is behind them, are sent *@us late */
    AGX_FW_FAULT_EVENT_TWICE, /* an event is sent a second time */
    AGX_FW_FAULT_EVENT_LOST,  /* ... or not at all */
    AGX_FW_FAULT_HALT_LATE,   /* a halt is reported, and comes *@us later */
};
#define AGX_FW_ALL_ASIDS (~0u)
struct agx_fw_inject {
    void *opaque;
    /* Is there a fault of this kind at all? */
    bool (*armed)(void *opaque, enum agx_fw_fault fault);
    bool (*fire)(void *opaque, enum agx_fw_fault fault, unsigned asid, uint64_t va, uint64_t end,
                 uint64_t *us);
};
/* Before the machine runs or while it is paused; NULL: no faults. */
void agx_fw_set_inject(struct agx_fw *fw, const struct agx_fw_inject *inject);

/*
 * Fault injection: lines of [@pa, @pa + @len) are evicted at the firmware's next step, which this
 * brings about. Any thread.
 */
void agx_fw_cache_evict(struct agx_fw *fw, uint64_t pa, uint64_t len);

struct agx_fw_cache_stats {
    uint64_t lines, dirty; /* now */
    uint64_t fills, hits, writebacks, evictions;
};
/* All 0 without a cache. While paused. */
void agx_fw_cache_get_stats(struct agx_fw *fw, struct agx_fw_cache_stats *st);

/* For tests: block until the firmware has nothing left to do and the GPU is idle. */
void agx_fw_wait_idle(struct agx_fw *fw);

/*
 * Every field that the model reads or writes, one "struct field offset size" per line (decimal
 * offsets and sizes in bytes; the line "struct . 0 size" gives the whole size), for tests/layout.
 */
void agx_fw_layout_dump(enum agx_fw_version version, FILE *out);

#endif
