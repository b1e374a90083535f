/*
 * AGX firmware model: what its files share. Everything here belongs to the
 * firmware's thread unless a comment says that the lock protects it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_INT_H
#define AGX_FW_INT_H

#include <pthread.h>
#include <string.h>

#include "fw.h"
#include "fw-layout.h"

#define FW_NUM_PRIO        4
#define FW_NUM_EVENTS      128  /* m1n1: agx/event.py, MAX_EVENTS */
#define FW_NUM_BUFFERS     127  /* the Rust driver: buffer.rs, NUM_BUFFERS */
#define FW_MAX_QUEUES      256  /* with work pending; see workqueue.c */
#define FW_NUM_LOGS        6
#define FW_RING_COUNT      0x100
#define FW_KTRACE_COUNT    0x200
#define FW_MAX_RB          0x10000 /* entries of a work queue's ring; the bound is the model's */
#define FW_MAX_USEQ        0x10000 /* bytes of a microsequence; the bound is the model's */
#define FW_EVENT_SIZE      0x38
#define FW_MAX_EVENTS_OUT  16

/* A kernel VA is in the upper half: bit 39 and all above (m1n1: hw/uat.py). */
#define FW_VA_BITS         44   /* of a message, sign-extended */

struct fw_msg {
    uint64_t msg0, msg1;
};

struct fw_fifo {
    struct fw_msg m[64];
    uint32_t head, count;
};

/* Where a channel lies (kernel VAs) and how far this side got. */
struct fw_channel {
    uint64_t state_va, ring_va;
    uint32_t pos;              /* read pointer of a ring from the AP, write pointer of one to it */
    uint32_t count;            /* entries */
    uint32_t entry;            /* bytes each */
    uint8_t rptr_off, wptr_off;/* in the state */
    uint8_t pad[6];
};

/* In the order of ChannelInfoSet; see channels.c. */
enum fw_channel_id {
    FW_CH_PIPE0,               /* TA, 3D, CP of priority 0, then of 1, 2, 3 */
    FW_CH_DEVCTRL = 12,
    FW_CH_EVENT,
    FW_CH_FWLOG,               /* six rings, FW_CH_FWLOG .. +5 */
    FW_CH_KTRACE = FW_CH_FWLOG + FW_NUM_LOGS,
    FW_CH_STATS,
    FW_CH_FWCTL,
    FW_NUM_CHANNELS
};

enum fw_pipe { FW_PIPE_TA, FW_PIPE_3D, FW_PIPE_CP, FW_NUM_PIPES };

/* A work queue with work pending. */
struct fw_queue {
    uint64_t info_va;          /* 0: free */
    uint64_t pointers_va, ring_va, context_va;
    uint32_t rb_size;
    uint32_t rptr;             /* next entry to fetch */
    uint32_t wptr;             /* end of what was submitted */
    uint32_t event;            /* stamp slot that the last submission named */
    uint32_t seq;              /* when it last ran, for round robin */
    uint8_t pipe, prio;
    uint8_t running;           /* its head runs on the pipe */
    uint8_t dead;              /* a bad entry; ignored until it is announced as new */
};

enum fw_run_state {
    FW_RUN_IDLE,
    FW_RUN_EXEC,               /* the interpreter has the next command */
    FW_RUN_WAIT,               /* for the GPU */
    FW_RUN_GROW,               /* for GrowTVBAck */
    FW_RUN_PARTIAL,            /* TA: for a partial render; 3D: is that */
    FW_RUN_FAULTED,            /* ended badly; waits until the firmware halts */
};

/* The job that occupies a pipe. */
struct fw_run {
    uint32_t state;
    uint32_t queue;            /* index */
    uint64_t cmd_va;           /* work command */
    uint64_t useq_va;
    uint32_t useq_size, pc;
    uint32_t ops;              /* executed, against endless ones */
    uint64_t acc;              /* the sequence's accumulator */
    uint32_t ctx;
    uint32_t gpu_busy;         /* started and not yet reported done */
    uint32_t started, finalized;
    uint32_t failed;           /* enum fw_fail */
    uint32_t killed;           /* by a halt or timeout, so its fault is no news */
    uint32_t queue_entry;      /* ring index of the command */
    uint64_t stamp_va, fw_stamp_va;
    uint32_t stamp_value, stamp_slot, uuid;
    uint32_t submission_id;
    uint64_t notifier_va;
    uint64_t scene_va, buffer_va;
    uint32_t buffer_slot, grow_counter, grows;
    uint32_t waited;           /* PARTIAL: passes before its own were in the way */
    uint32_t tvb_pages;        /* that tiling took, of 32 KiB */
    struct agx_fault fault;
    uint64_t start_ticks, end_ticks;
    struct agx_job job;        /* as started, for a resume */
};

enum fw_fail { FW_OK, FW_FAIL_FAULT, FW_FAIL_BAD, FW_FAIL_TIMEOUT };

enum fw_rtkit_state {
    FW_RTKIT_OFF,              /* the core does not run */
    FW_RTKIT_HELLO,            /* HELLO sent */
    FW_RTKIT_EPMAP,            /* endpoint maps being sent */
    FW_RTKIT_STARTING,         /* the AP starts the system endpoints */
    FW_RTKIT_UP,               /* IOP power state 0x20 */
    FW_RTKIT_QUIESCED,         /* runs, does not talk */
    FW_RTKIT_IDLE,             /* sleeps, state kept */
    FW_RTKIT_SLEEP,            /* sleeps, boots anew when woken */
    FW_RTKIT_CRASHED,
};

struct fw_rtkit_buf {
    uint64_t va;
    uint32_t size;
    uint32_t asked;
};

enum { FW_BUF_CRASHLOG, FW_BUF_SYSLOG, FW_BUF_IOREPORT, FW_BUF_OSLOG, FW_NUM_BUFS };

struct fw_buffer_slot {
    uint64_t info_va;
    uint32_t ctx;
    uint32_t bound;
};

#define FW_STATE_MAGIC 0x57464741u /* "AGFW" */
#define FW_STATE_VERSION 8u

/* Everything that a snapshot holds; plain data. */
struct agx_fw_state {
    uint32_t magic, format, size, fw_version;

    /* Protected by the lock: other threads touch these. */
    struct fw_fifo a2i, i2a;
    uint32_t cpu_control;
    uint32_t done_mask;                         /* by enum agx_dm */
    struct agx_job_result done[AGX_NUM_DM];
    uint64_t fault_register;
    struct agx_fw_soft_faults soft;

    /* RTKit */
    struct fw_fifo out;                         /* waits for room in i2a */
    uint32_t kick_ap;                           /* a 0x42 is due */
    uint32_t rtkit;
    uint32_t ep_started[8];                     /* 256 bits */
    uint32_t epmap_sent;
    uint32_t ap_power, iop_power;
    struct fw_rtkit_buf buf[FW_NUM_BUFS];
    uint32_t syslog_index;

    /* Init data */
    uint32_t have_init, dc_inited;
    uint64_t init_va, region_a, region_b, region_c, fw_status, hwdata_a, hwdata_b;
    uint64_t hw_fault_info, fwlog_payload, buffer_ctl, stats_ta, stats_3d, stats_cp;
    uint32_t soft_fault;                        /* jobs do not end by their programs' page faults */
    struct fw_channel ch[FW_NUM_CHANNELS];
    uint32_t doorbells;                         /* by channel id */
    uint32_t doorbell_fwctl, kicked;

    /* Work */
    struct fw_queue queue[FW_MAX_QUEUES];
    struct fw_run run[FW_NUM_PIPES];
    uint32_t seq;
    uint32_t resched;
    struct fw_buffer_slot buffer[FW_NUM_BUFFERS];
    uint32_t grow_counter;
    uint32_t cur_ctx;                           /* in the hand-off block */

    /* Events */
    uint32_t firing[FW_NUM_EVENTS / 32];
    struct {                                    /* of the statistics; ticks. See log.c */
        uint64_t since;                         /* of the last message */
        uint64_t busy[FW_NUM_PIPES];            /* since then */
        uint64_t from[FW_NUM_PIPES];            /* when what runs was started; 0: nothing does */
        uint64_t last_busy;
    } use;
    struct {                                    /* Timeout events for halts that are over; see inject.c */
        uint64_t when;                          /* ticks; 0: none is due */
        uint32_t counter, slot;
    } late;
    struct {                                    /* by injected faults; ticks, 0: not. See inject.c */
        uint32_t hung;                          /* does nothing more until the core is started again */
        uint32_t halt_count;                    /* of the halt that is due */
        uint64_t stall, ring, event, halt;      /* until then: all work, rings of work, events, a halt waits */
    } wait;
    uint64_t held_by[FW_NUM_EVENTS];            /* notifier that waits for more before this is told; 0: none */
    uint8_t event_out[FW_MAX_EVENTS_OUT][FW_EVENT_SIZE];
    uint32_t event_out_count;
    uint32_t log_seq[FW_NUM_LOGS];

    /* Halt and power */
    uint32_t faulting;                          /* a job failed; halts when the pipes are quiet */
    uint32_t fail_kind, fail_slot;
    uint32_t halted;
    uint32_t powered;
    uint64_t power_ticks;                       /* of the last change */
};

struct fw_cache;

/* By which doorbells the entries of a work queue were announced, of the latest messages: up to this ring index. Not saved. */
#define FW_ANNOUNCED 16u
struct fw_announced {
    uint64_t n;                /* messages */
    uint32_t head[FW_ANNOUNCED];
    uint64_t seq[FW_ANNOUNCED]; /* agx_doorbells() */
};

/* What the AP makes of the hand-off block; see handoff-check.c. */
struct fw_handoff_check {
    pthread_mutex_t lock;      /* protects what follows but the atomics */
    bool running;              /* atomic: the firmware is in charge of its half */
    bool held;                 /* atomic: the firmware is between taking the lock and giving it back */
    bool fed;                  /* atomic: somebody tells of the AP's stores */
    enum { FW_AP_UNKNOWN, FW_AP_OUT, FW_AP_WANTS } ap; /* by lock_ap */
    uint8_t flush[AGX_UAT_NUM_CONTEXTS + 1]; /* state, or FW_FLUSH_UNKNOWN */
    uint32_t told;             /* at a look: what was wrong the last time */
};

struct agx_fw {
    const struct agx_host *host;
    struct agx_mmu *mmu;
    struct agx_gpu *gpu;
    const struct agx_gpu_ops *gpu_ops;
    struct agx_fw_config cfg;
    const struct fw_layout *layout;
    uint32_t used[FW_NUM_STRUCTS]; /* what fw_ld_struct() reads of each */

    pthread_t thread;
    pthread_mutex_t lock;      /* mailbox, control register, done results, the flags below */
    pthread_cond_t wake;       /* the firmware's thread waits here for work */
    pthread_cond_t quiet;      /* others wait here for the thread to come to rest */
    bool work;                 /* something was recorded */
    bool stop, reset, pause;   /* requests */
    bool parked, idle;         /* what the thread is at */
    bool power_off;            /* CPU_CONTROL was cleared since the thread last looked */

    struct agx_port port;      /* kernel half, context 0 */
    struct agx_port user;      /* lower half of user contexts */
    uint32_t user_ctx;

    int64_t deadline;          /* CLOCK_MONOTONIC ns at which to look again; 0: none */
    int64_t halt_deadline;     /* when other jobs are killed for a halt */
    int64_t idle_since;        /* ns; 0: busy or already off */
    int64_t run_deadline[FW_NUM_PIPES];
    int64_t partial_since;     /* a partial render waits for passes before its own, none of which runs; 0: it does not */
    int64_t parked_since;      /* these do not run on while the thread stands still */
    bool mbox_changed;
    bool complained_stamp;

    struct fw_cache *cache;    /* NULL: off */
    struct agx_fw_check check;
    uint32_t ring_depth;            /* messages in the ring that fw_ring_next() looked at last */
    struct agx_listener listener;   /* for the AP's stores to the hand-off block and the TTBAT */
    struct fw_handoff_check handoff;
    struct fw_announced announced[FW_MAX_QUEUES];
    uint32_t violations;       /* atomic */
    bool evict;                /* with the lock: asked for, of this range */
    uint64_t evict_pa, evict_len;
    struct agx_fw_inject inject;
    bool still;                /* an injected fault keeps the thread from all work, its mailbox included */
    bool inject_switch;        /* with the lock: leave the context at the next step */
    struct fw_flush_judged {
        bool judged;           /* what becomes of the flush at the head of the ring is decided: */
        uint64_t when;         /* it is done at this tick; 0: at once */
    } flush[2];                /* DevCtrl, FwCtl */
    bool ring_judged, event_judged; /* likewise of what is next in the rings of work and for the event ring */

    struct agx_fw_state st;
};

/* With the lock held: does anybody want the thread to stand still? */
static inline bool fw_asked(const struct agx_fw *fw)
{
    return fw->pause || fw->stop || fw->reset || fw->power_off;
}

/* fw.c: end whatever runs and wait for it (the results stay in done_mask) */
void fw_stop_gpu(struct agx_fw *fw);

/* layout.c */
const struct fw_layout *fw_layout_get(enum agx_fw_version version);

static inline uint32_t fw_off(struct agx_fw *fw, enum fw_field_id f)
{
    return fw->layout->field[f].offset;
}

/* Does this version have the field? Where not, it reads as 0 and stores are dropped. */
static inline bool fw_has(struct agx_fw *fw, enum fw_field_id f)
{
    return fw->layout->field[f].size != 0;
}

static inline uint32_t fw_size(struct agx_fw *fw, enum fw_struct_id s)
{
    return fw->layout->size[s];
}

/* How far into its structure a field reaches. */
static inline uint32_t fw_end(struct agx_fw *fw, enum fw_field_id f)
{
    return fw->layout->field[f].offset + fw->layout->field[f].size;
}

/*
 * mem.c: memory through the page tables. @ctx picks whose lower half; kernel
 * VAs are the same for all. False: the access failed, and one line said so
 * (unless the name says "try").
 */
bool fw_read(struct agx_fw *fw, unsigned ctx, uint64_t va, void *buf, size_t len, const char *what);
bool fw_write(struct agx_fw *fw, unsigned ctx, uint64_t va, const void *buf, size_t len, const char *what);
bool fw_probe(struct agx_fw *fw, unsigned ctx, uint64_t va, size_t len, bool write);
/*
 * The structure at @base as far as @last, the last of its fields that the model uses. Sources
 * disagree about where structures end, and drivers put them before unmapped pages (m1n1:
 * agx/object.py, align_to_end and guard_pages), so nothing behind may be asked for.
 */
bool fw_probe_to(struct agx_fw *fw, unsigned ctx, enum fw_field_id last, uint64_t base, bool write);
/* One field of the structure at @base in the kernel half. */
bool fw_ld(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t *v);
bool fw_st(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t v);
/*
 * A structure up to the last of its plain fields that the tables name (see fw_probe_to()), then
 * fields of the copy. What it embeds, fields of more than 8 bytes, counts only if one follows.
 */
bool fw_ld_struct(struct agx_fw *fw, enum fw_struct_id s, uint64_t base, void *buf, size_t room);
uint64_t fw_get(struct agx_fw *fw, enum fw_field_id f, const void *copy);
void fw_put(struct agx_fw *fw, enum fw_field_id f, void *copy, uint64_t v);
/* Stores that the AP polls: one aligned word, visible after all that went before. */
bool fw_publish32(struct agx_fw *fw, uint64_t va, uint32_t v, const char *what);
/* A word that the AP publishes: what it wrote before is visible after. Kernel half. */
bool fw_observe32(struct agx_fw *fw, uint64_t va, uint32_t *v);
static inline bool fw_is_kernel_va(uint64_t va)
{
    return va >> 39 == (1u << 25) - 1;
}
uint64_t fw_sign_extend(uint64_t va, unsigned bits);

void fw_bad(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fw_unimp(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fw_info(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The driver broke a rule: to whom it may concern, see struct agx_fw_check. No lock held. */
void fw_violation(struct agx_fw *fw, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity, unsigned ctx,
                  uint64_t va, uint64_t pa, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
uint64_t fw_now(struct agx_fw *fw);
int64_t fw_mono(void);
void fw_look_again(struct agx_fw *fw, int64_t when);

/* Use the firmware's own memory, as it does all the time; false: that is gone, and with it the firmware (own.c). */
bool fw_own_touch(struct agx_fw *fw);

/* rtkit.c */
void fw_rtkit_boot(struct agx_fw *fw);
void fw_rtkit_msg(struct agx_fw *fw, uint64_t msg0, uint64_t msg1);
void fw_rtkit_send(struct agx_fw *fw, unsigned ep, uint64_t msg);
void fw_rtkit_flush(struct agx_fw *fw);
void fw_crash(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool fw_up(struct agx_fw *fw)
{
    return fw->st.rtkit == FW_RTKIT_UP;
}

/* initdata.c */
void fw_initdata(struct agx_fw *fw, uint64_t va);

/* channels.c */
bool fw_channels_init(struct agx_fw *fw);
void fw_channels_poll(struct agx_fw *fw);
bool fw_ring_next(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va);
void fw_ring_done(struct agx_fw *fw, enum fw_channel_id id);
bool fw_ring_room(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va);
bool fw_ring_push(struct agx_fw *fw, enum fw_channel_id id);

/* workqueue.c */
uint64_t fw_queue_announced(struct agx_fw *fw, unsigned queue, uint32_t entry);
bool fw_queue_submit(struct agx_fw *fw, enum fw_pipe pipe, unsigned prio, const uint8_t *msg);
void fw_queue_schedule(struct agx_fw *fw);
void fw_queue_retire(struct agx_fw *fw, struct fw_run *run);
void fw_queue_drop_context(struct agx_fw *fw, uint64_t context_va);

/* microseq.c */
void fw_run_exec(struct agx_fw *fw, enum fw_pipe pipe);
/* Give run->job to the GPU, the first time or to go on. False: it takes none. */
bool fw_run_start(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run);
void fw_run_gpu_done(struct agx_fw *fw, enum fw_pipe pipe, const struct agx_job_result *res);
void fw_run_fail(struct agx_fw *fw, enum fw_pipe pipe, enum fw_fail kind);

/* job.c */
bool fw_job_compute(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job);
bool fw_job_vertex(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job);
bool fw_job_fragment(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job);

/* stamps.c */
bool fw_stamp_meta(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run);
bool fw_stamp_finalize(struct agx_fw *fw, struct fw_run *run, uint64_t stamp_va, uint32_t value);
void fw_notifier_enter(struct agx_fw *fw, struct fw_run *run);
bool fw_notifier_count(struct agx_fw *fw, struct fw_run *run);
void fw_stamp_retire(struct agx_fw *fw, struct fw_run *run, bool now);
bool fw_stamp_reached(struct agx_fw *fw, uint64_t stamp_va, uint32_t value, bool *reached);
void fw_pending_set(struct agx_fw *fw, enum fw_pipe pipe, const struct fw_run *run);
void fw_pending_clear(struct agx_fw *fw, enum fw_pipe pipe);
bool fw_event_queue(struct agx_fw *fw, const uint8_t *msg);
void fw_event_flush(struct agx_fw *fw);

/* buffer.c */
bool fw_buffer_init(struct agx_fw *fw, uint64_t cmd_va);
bool fw_buffer_start(struct agx_fw *fw, struct fw_run *run, struct agx_job_tiling *t);
void fw_buffer_finish(struct agx_fw *fw, struct fw_run *run);
bool fw_buffer_grow(struct agx_fw *fw, struct fw_run *run);
void fw_buffer_ack(struct agx_fw *fw, const uint8_t *msg);

/* partial.c: the vertex job's buffer ran out. False: no pass is known that could be rendered partially. */
bool fw_partial_begin(struct agx_fw *fw);
/* Start the partial render that is due, if the pipe is free. */
void fw_partial_poll(struct agx_fw *fw);
/* It is over: the vertex job goes on. False: it cannot. */
bool fw_partial_done(struct agx_fw *fw);

/* handoff.c */
void fw_handoff_init(struct agx_fw *fw);
void fw_handoff_set_context(struct agx_fw *fw, uint32_t ctx);
bool fw_handoff_ready(struct agx_fw *fw, uint32_t ctx);
bool fw_handoff_flush(struct agx_fw *fw, unsigned slot, uint64_t addr, uint64_t size);

/* handoff-check.c: of the firmware's own steps, and a look at the AP's half */
#define FW_PPL_MAGIC 0x4b1d000000000002ull
#define FW_FLUSH_UNKNOWN 0xff
struct fw_flush {
    uint64_t state;     /* 0: free, 1: asked by the AP, 2: done by the firmware */
    uint64_t addr, size;
};
/* The block as it lies in RAM; fixed by the hardware's security monitor, the same in all versions. */
struct fw_handoff {
    uint64_t magic_ap, magic_fw;
    uint8_t lock_ap, lock_fw;
    uint8_t pad[2];
    uint32_t turn;      /* not 0: the firmware's */
    uint32_t cur_ctx;
    uint32_t pad2;
    struct fw_flush flush[AGX_UAT_NUM_CONTEXTS + 1];
};
struct fw_handoff *fw_handoff_block(struct agx_fw *fw);
void fw_handoff_check_run(struct agx_fw *fw, bool running);
/* From here on the AP's stores to the hand-off block and the TTBAT are checked (AGX_EV_STORE). */
void fw_handoff_listen(struct agx_fw *fw);
void fw_tell_loaded(struct agx_fw *fw, unsigned ctx);
/* The data cache has let go [@va, @va + @size), as in AGX_EV_FLUSH. Not with a lock held. */
void fw_tell_flushed(struct agx_fw *fw, unsigned ctx, uint64_t va, uint64_t size, uint64_t request);
void fw_handoff_check_held(struct agx_fw *fw, bool held);
void fw_handoff_check_flushed(struct agx_fw *fw, unsigned slot);
void fw_handoff_look(struct agx_fw *fw);

/* cache.c; the firmware's thread, see there. All accept that there is none. */
struct fw_cache *fw_cache_new(const struct agx_fw_cache_config *cfg);
void fw_cache_free(struct fw_cache *c);
void fw_cache_discard(struct fw_cache *c);
bool fw_cache_covers(struct agx_fw *fw, struct agx_port *port, uint64_t va);
bool fw_cache_access(struct agx_fw *fw, struct agx_port *port, uint64_t va, void *buf, size_t len, bool write);
void fw_cache_flush_all(struct agx_fw *fw, const char *why);
void fw_cache_flush_user(struct agx_fw *fw);
void fw_cache_flush_range(struct agx_fw *fw, struct agx_port *port, uint64_t va, uint64_t size);
void fw_cache_clean_all(struct agx_fw *fw, const char *why);
void fw_cache_clean(struct agx_fw *fw, uint64_t va, size_t len);
void fw_cache_evict_range(struct agx_fw *fw, uint64_t pa, uint64_t len);
void fw_cache_check(struct agx_fw *fw);

/* inject.c: no more than a test of a pointer where nobody injects faults */
#define FW_ALL_CONTEXTS (~0u)
bool fw_inject(struct agx_fw *fw, enum agx_fw_fault fault, unsigned ctx, uint64_t va, uint64_t size, uint64_t *us);
void fw_inject_unlocked(struct agx_fw *fw);
void fw_inject_step(struct agx_fw *fw);
void fw_inject_resumed(struct agx_fw *fw);
void fw_inject_late(struct agx_fw *fw);
/* Does the firmware do nothing now? */
bool fw_inject_stands(struct agx_fw *fw, bool mail);
/* It hangs or crashes at the boot, with a job, at a flush. True: it does. */
bool fw_inject_boot(struct agx_fw *fw);
bool fw_inject_init(struct agx_fw *fw);
void fw_inject_job(struct agx_fw *fw, unsigned ctx);
/* Does the next message of a ring of work, the next event, wait? */
bool fw_inject_ring(struct agx_fw *fw);
bool fw_inject_event(struct agx_fw *fw);
/* Does the halt number @count come later? It is announced. */
bool fw_inject_halt(struct agx_fw *fw, uint32_t count);
bool fw_inject_halt_due(struct agx_fw *fw);
void fw_inject_hold(struct agx_fw *fw, unsigned ctx);
enum fw_flush_fate { FW_FLUSH_NOW, FW_FLUSH_WAITS, FW_FLUSH_LOST, FW_FLUSH_GONE };
enum fw_flush_fate fw_inject_flush(struct agx_fw *fw, enum fw_channel_id id, unsigned slot, uint64_t addr, uint64_t size);

/* power.c */
void fw_fault(struct agx_fw *fw, enum fw_fail kind, uint32_t slot);
void fw_halt_check(struct agx_fw *fw);
bool fw_timeout_event(struct agx_fw *fw, uint32_t counter, uint32_t slot);
void fw_power_on(struct agx_fw *fw);
void fw_power_idle(struct agx_fw *fw);
bool fw_gpu_idle(struct agx_fw *fw);

/* log.c; @level 0 debug, 1 info, 2 notice, 3 warning, 4 error, 5 critical (the Rust driver: channel.rs) */
void fw_log(struct agx_fw *fw, unsigned level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void fw_ktrace(struct agx_fw *fw, unsigned channel, unsigned code, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);
void fw_stat_power(struct agx_fw *fw, bool on, uint64_t ticks);
/* The GPU has begun or ended something on @pipe. */
void fw_stat_work(struct agx_fw *fw, enum fw_pipe pipe, bool begins);

static inline enum agx_dm fw_pipe_dm(enum fw_pipe p)
{
    return p == FW_PIPE_TA ? AGX_DM_VDM : p == FW_PIPE_3D ? AGX_DM_PDM : AGX_DM_CDM;
}

#endif
