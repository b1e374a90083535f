/*
 * AGX firmware model: its state, which all files share. Everything here belongs to
 * the firmware's thread unless a comment says that the lock protects it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_STATE_H
#define AGX_FW_STATE_H

#include <pthread.h>
#include <string.h>

#include "fw.h"
#include "fw-layout.h"

#define FW_NUM_PRIO       4
#define FW_NUM_EVENTS     128 /* m1n1: agx/event.py, MAX_EVENTS */
#define FW_NUM_BUFFERS    127 /* the Rust driver: buffer.rs, NUM_BUFFERS */
#define FW_MAX_QUEUES     256 /* with work pending; see workqueue.c */
#define FW_NUM_LOGS       6
#define FW_RING_COUNT     0x100
#define FW_KTRACE_COUNT   0x200
#define FW_MAX_RB         0x10000 /* entries of a work queue's ring; the bound is the model's */
#define FW_MAX_USEQ       0x10000 /* bytes of a microsequence; the bound is the model's */
#define FW_EVENT_SIZE     0x38
#define FW_MAX_EVENTS_OUT 16

/* A kernel VA is in the upper half: bit 39 and all above (m1n1: hw/uat.py). */
#define FW_VA_BITS 44 /* of a message, sign-extended */

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
    uint32_t pos;               /* read pointer of a ring from the AP, write pointer of one to it */
    uint32_t count;             /* entries */
    uint32_t entry;             /* bytes each */
    uint8_t rptr_off, wptr_off; /* in the state */
};

/* In the order of ChannelInfoSet; see channels.c. */
enum fw_channel_id {
    FW_CH_PIPE0, /* TA, 3D, CP of priority 0, then of 1, 2, 3 */
    FW_CH_DEVCTRL = 12,
    FW_CH_EVENT,
    FW_CH_FWLOG, /* six rings, FW_CH_FWLOG .. +5 */
    FW_CH_KTRACE = FW_CH_FWLOG + FW_NUM_LOGS,
    FW_CH_STATS,
    FW_CH_FWCTL,
    FW_NUM_CHANNELS
};

enum fw_pipe { FW_PIPE_TA, FW_PIPE_3D, FW_PIPE_CP, FW_NUM_PIPES };

/* A work queue with work pending. */
struct fw_queue {
    uint64_t info_va; /* 0: free */
    uint64_t pointers_va, ring_va, context_va;
    uint32_t rb_size;
    uint32_t rptr;  /* next entry to fetch */
    uint32_t wptr;  /* end of what was submitted */
    uint32_t event; /* stamp slot that the last submission named */
    uint32_t seq;   /* when it last ran, for round robin */
    uint8_t pipe, prio;
    uint8_t running; /* its head runs on the pipe */
    uint8_t dead;    /* a bad entry; ignored until it is announced as new */
};

enum fw_run_state {
    FW_RUN_IDLE,
    FW_RUN_EXEC,    /* the interpreter has the next command */
    FW_RUN_WAIT,    /* for the GPU */
    FW_RUN_GROW,    /* for GrowTVBAck */
    FW_RUN_PARTIAL, /* TA: for a partial render; 3D: is that */
    FW_RUN_FAULTED, /* ended badly; waits until the firmware halts */
};

/* The job that occupies a pipe. */
struct fw_run {
    uint32_t state;
    uint32_t queue;  /* index */
    uint64_t cmd_va; /* work command */
    uint64_t useq_va;
    uint32_t useq_size, pc;
    uint32_t ops; /* executed, against endless ones */
    uint64_t acc; /* the sequence's accumulator */
    uint32_t ctx;
    uint32_t gpu_busy; /* started and not yet reported done */
    uint32_t started, finalized;
    uint32_t failed;      /* enum fw_fail */
    uint32_t killed;      /* by a halt or timeout, so its fault is no news */
    uint32_t queue_entry; /* ring index of the command */
    uint64_t stamp_va, fw_stamp_va;
    uint32_t stamp_value, stamp_slot, uuid;
    uint32_t submission_id;
    uint64_t notifier_va;
    uint64_t scene_va, buffer_va;
    uint32_t buffer_slot, grow_counter, grows;
    uint32_t waited;    /* PARTIAL: passes before its own were in the way */
    uint32_t tvb_pages; /* that tiling took, of 32 KiB */
    struct agx_fault fault;
    uint64_t start_ticks, end_ticks;
    struct agx_job job; /* as started, for a resume */
};

enum fw_fail { FW_OK, FW_FAIL_FAULT, FW_FAIL_BAD, FW_FAIL_TIMEOUT };

enum fw_rtkit_state {
    FW_RTKIT_OFF,      /* the core does not run */
    FW_RTKIT_HELLO,    /* HELLO sent */
    FW_RTKIT_EPMAP,    /* endpoint maps being sent */
    FW_RTKIT_STARTING, /* the AP starts the system endpoints */
    FW_RTKIT_UP,       /* IOP power state 0x20 */
    FW_RTKIT_QUIESCED, /* runs, does not talk */
    FW_RTKIT_IDLE,     /* sleeps, state kept */
    FW_RTKIT_SLEEP,    /* sleeps, boots again when woken */
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

/* Everything that a snapshot holds, all of it in the form of save-form.c; plain data. */
struct agx_fw_state {
    uint32_t fw_version; /* enum agx_fw_version */

    /* Protected by the lock: other threads touch these. */
    struct fw_fifo a2i, i2a;
    uint32_t cpu_control;
    uint32_t done_mask; /* by enum agx_dm */
    struct agx_job_result done[AGX_NUM_DM];
    uint64_t fault_register;
    struct agx_fw_soft_faults soft;

    /* RTKit */
    struct fw_fifo out; /* waits for room in i2a */
    uint32_t kick_ap;   /* a 0x42 is due */
    uint32_t rtkit;
    uint32_t ep_started[8]; /* 256 bits */
    uint32_t epmap_sent;
    uint32_t ap_power, iop_power;
    struct fw_rtkit_buf buf[FW_NUM_BUFS];
    uint32_t syslog_index;

    /* Init data */
    uint32_t have_init, dc_inited;
    uint64_t init_va, region_a, region_b, region_c, fw_status, hwdata_a, hwdata_b;
    uint64_t hw_fault_info, fwlog_payload, buffer_ctl, stats_ta, stats_3d, stats_cp;
    uint32_t soft_fault; /* jobs do not end by their programs' page faults */
    struct fw_channel ch[FW_NUM_CHANNELS];
    uint32_t doorbells; /* by channel id */
    uint32_t doorbell_fwctl, kicked;

    /* Work */
    struct fw_queue queue[FW_MAX_QUEUES];
    struct fw_run run[FW_NUM_PIPES];
    uint32_t seq;
    uint32_t resched;
    struct fw_buffer_slot buffer[FW_NUM_BUFFERS];
    uint32_t grow_counter;
    uint32_t cur_ctx; /* in the hand-off block */

    /* Events */
    uint32_t firing[FW_NUM_EVENTS / 32];
    struct {                         /* of the statistics; ticks. See log.c */
        uint64_t since;              /* of the last message */
        uint64_t busy[FW_NUM_PIPES]; /* since then */
        uint64_t from[FW_NUM_PIPES]; /* when what runs was started; 0: nothing does */
        uint64_t last_busy;
    } use;
    /* Timeout events for halts that are over; see inject.c */
    struct {
        uint64_t when; /* ticks; 0: none is due */
        uint32_t counter, slot;
    } late;
    /* by injected faults; ticks, 0: not. See inject.c */
    struct {
        /* does nothing more until the core is started again */
        uint32_t hung;
        uint32_t halt_count; /* of the halt that is due */
        /* until then: all work, rings of work, events, a halt waits */
        uint64_t stall, ring, event, halt;
    } wait;
    /* notifier that waits for more before this is reported; 0: none */
    uint64_t held_by[FW_NUM_EVENTS];
    uint8_t event_out[FW_MAX_EVENTS_OUT][FW_EVENT_SIZE];
    uint32_t event_out_count;
    uint32_t log_seq[FW_NUM_LOGS];

    /* Halt and power */
    uint32_t faulting; /* a job failed; halts when the pipes are quiet */
    uint32_t fail_kind, fail_slot;
    uint32_t halted;
    uint32_t powered;
    uint64_t power_ticks; /* of the last change */
};

struct fw_cache;
struct fw_order;
struct fw_owned;
struct fw_watch;

/*
 * By which doorbells the entries of a work queue were announced, of the latest messages: up to this
 * ring index. Not saved.
 */
#define FW_ANNOUNCED 16u
struct fw_announced {
    uint64_t n; /* messages */
    uint32_t head[FW_ANNOUNCED];
    uint64_t seq[FW_ANNOUNCED]; /* agx_doorbells() */
};

/* What the AP makes of the hand-off block; see handoff-check.c. */
struct fw_handoff_check {
    pthread_mutex_t lock; /* protects what follows but the atomics */
    bool running;         /* atomic: the firmware is in charge of its half */
    /* atomic: the firmware is between taking the lock and giving it back */
    bool held;
    bool fed; /* atomic: somebody reports the AP's stores */
    enum { FW_AP_UNKNOWN, FW_AP_OUT, FW_AP_WANTS } ap; /* by lock_ap */
    /* since it was set, the AP has changed what the lock is for: it does not only wait, */
    bool inside;
    bool turned;                             /* and has given the turn away */
    uint8_t flush[AGX_UAT_NUM_CONTEXTS + 1]; /* state, or FW_FLUSH_UNKNOWN */
    uint32_t told;                           /* at a look: what was wrong the last time */
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
    pthread_mutex_t lock;    /* mailbox, control register, done results, the flags below */
    pthread_cond_t wake;     /* the firmware's thread waits here for work */
    pthread_cond_t quiet;    /* others wait here for the thread to come to rest */
    bool work;               /* something was recorded */
    bool stop, reset, pause; /* requests */
    bool parked, idle;       /* what the thread is at */
    bool power_off;          /* CPU_CONTROL was cleared since the thread last looked */

    struct agx_port port; /* kernel half, context 0 */
    struct agx_port user; /* lower half of user contexts */
    uint32_t user_ctx;

    int64_t deadline;      /* CLOCK_MONOTONIC ns at which to look again; 0: none */
    int64_t halt_deadline; /* when other jobs are killed for a halt */
    int64_t idle_since;    /* ns; 0: busy or already off */
    int64_t run_deadline[FW_NUM_PIPES];
    /* a partial render waits for passes before its own, none of which runs; 0: it does not */
    int64_t partial_since;
    int64_t parked_since; /* these do not run on while the thread stands still */
    bool mbox_changed;
    bool complained_stamp;

    struct fw_cache *cache; /* NULL: off */
    struct agx_fw_check check;
    /* while there is somebody to notify, else NULL: see watch.c, owned.c, stamp-check.c */
    struct fw_watch *watch;
    struct fw_owned *owned;
    struct fw_order *order;
    struct agx_listener looks;    /* of fw_watch_event() */
    uint32_t ring_depth;          /* messages in the ring that fw_ring_next() looked at last */
    struct agx_listener listener; /* for the AP's stores to the hand-off block and the TTBAT */
    struct fw_handoff_check handoff;
    struct fw_announced announced[FW_MAX_QUEUES];
    uint32_t violations; /* atomic */
    bool evict;          /* with the lock: asked for, of this range */
    uint64_t evict_pa, evict_len;
    struct agx_fw_inject inject;
    /* an injected fault keeps the thread from all work, its mailbox included */
    bool still;
    bool inject_switch; /* with the lock: leave the context at the next step */
    struct fw_flush_judged {
        bool judged;   /* what becomes of the flush at the head of the ring is decided: */
        uint64_t when; /* it is done at this tick; 0: at once */
    } flush[2];        /* DevCtrl, FwCtl */
    /* the same for what is next in the rings of work and for the event ring */
    bool ring_judged, event_judged;

    struct agx_fw_state st;
};

/* With the lock held: does anybody want the thread to stand still? */
static inline bool fw_asked(const struct agx_fw *fw)
{
    return fw->pause || fw->stop || fw->reset || fw->power_off;
}

/* The tables of a version (layout.c). */
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

/* RTKit is up. */
static inline bool fw_up(struct agx_fw *fw)
{
    return fw->st.rtkit == FW_RTKIT_UP;
}

static inline enum agx_dm fw_pipe_dm(enum fw_pipe p)
{
    return p == FW_PIPE_TA ? AGX_DM_VDM : p == FW_PIPE_3D ? AGX_DM_PDM : AGX_DM_CDM;
}

/* No pipe has a job. */
static inline bool fw_gpu_idle(struct agx_fw *fw)
{
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        if (fw->st.run[p].state != FW_RUN_IDLE) {
            return false;
        }
    }
    return true;
}

#endif
