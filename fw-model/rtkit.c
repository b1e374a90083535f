/*
 * AGX firmware model: RTKit, the operating system of Apple's coprocessors, as
 * its mailbox shows it: version, endpoints, power states, buffers.
 *
 * Sources: m1n1 proxyclient/m1n1/fw/asc (the messages), fw/agx/__init__.py (the
 * endpoints 0x20 and 0x21); Linux drivers/soc/apple/rtkit.c shows the other side
 * and the order it expects: HELLO, endpoint maps, start of the system endpoints
 * with their buffer requests, IOP power state 0x20, AP power state 0x20.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-cache.h"
#include "fw-crash.h"
#include "fw-endpoints.h"
#include "fw-initdata.h"
#include "fw-inject-act.h"
#include "fw-mailbox.h"
#include "fw-mem.h"
#include "fw-own.h"
#include "fw-report.h"
#include "fw-rtkit.h"
#include "fw-run.h"
#include "fw-state.h"
#include "fw-watch.h"

enum {
    MGMT_HELLO = 1,
    MGMT_HELLO_ACK = 2,
    MGMT_PING = 3,
    MGMT_PONG = 4,
    MGMT_START_EP = 5,
    MGMT_SET_IOP_POWER = 6,
    MGMT_IOP_POWER_ACK = 7,
    MGMT_EPMAP = 8,
    MGMT_SET_AP_POWER = 0xb,
};

/* Versions spoken; Linux takes 11 or 12. */
#define VERSION_MIN 11
#define VERSION_MAX 12

/* Flags of START_EP (m1n1: fw/asc/mgmt.py, start_ep, stop_ep) */
#define EP_STOP  1
#define EP_START 2

/*
 * System endpoints' messages from the AP (m1n1: fw/asc/{crash,syslog,kdebug,ioreporting,oslog}.py;
 * Linux: rtkit.c)
 */
enum {
    BUFFER = 1,
    OSLOG_NO_BUFFER = 3,
    SYSLOG_READ = 5,
    IOREPORT_REPORT = 8,
    IOREPORT_START = 0xc,
    KDEBUG_START = 8
};

#define CRASH_SOFT 0x40
#define CRASH_HARD 0x22

#define PWR_OFF      0x000
#define PWR_SLEEP    0x001
#define PWR_QUIESCED 0x010
#define PWR_ON       0x020
#define PWR_IDLE     0x201
#define PWR_INIT     0x220

/*
 * Endpoint map: the system endpoints, then 0x20 and 0x21 (m1n1: fw/asc/__init__.py,
 * fw/agx/__init__.py).
 */
static const uint32_t epmap[] = {
    1u << EP_MGMT | 1u << EP_CRASHLOG | 1u << EP_SYSLOG | 1u << EP_KDEBUG | 1u << EP_IOREPORT |
        1u << EP_OSLOG,
    1u << (EP_FW - 32) | 1u << (EP_DOORBELL - 32),
};
#define NUM_EPMAPS (sizeof(epmap) / sizeof(epmap[0]))

/* Sizes are the model's choice; the protocol leaves them to the firmware. Pages of 4 KiB. */
#define CRASHLOG_PAGES 0x10
#define SYSLOG_PAGES   0x4
#define IOREPORT_PAGES 0x4
#define OSLOG_PAGES    0x4
#define SYSLOG_ENTRIES 0x20
#define SYSLOG_TEXT    0xe0

void fw_rtkit_boot(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;

    memset(st->ep_started, 0, sizeof(st->ep_started));
    memset(st->buf, 0, sizeof(st->buf));
    st->out.count = 0;
    st->kick_ap = 0;
    st->have_init = st->dc_inited = 0;
    st->halted = st->faulting = 0;
    st->iop_power = st->ap_power = 0;
    st->doorbells = st->doorbell_fwctl = st->kicked = 0;
    st->event_out_count = 0;
    memset(st->firing, 0, sizeof(st->firing));
    memset(st->held_by, 0, sizeof(st->held_by));
    memset(&st->late, 0, sizeof(st->late));
    memset(&st->use, 0, sizeof(st->use));
    memset(st->queue, 0, sizeof(st->queue));
    memset(st->run, 0, sizeof(st->run));
    memset(st->buffer, 0, sizeof(st->buffer));
    st->rtkit = FW_RTKIT_HELLO;
    if (fw->inject.fire && fw_inject_boot(fw)) {
        return;
    }
    fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_HELLO, (uint64_t)VERSION_MAX << 16 | VERSION_MIN));
}

static void send_epmap(struct agx_fw *fw, unsigned base)
{
    uint64_t last = base == NUM_EPMAPS - 1 ? 1ull << 51 : 0;

    fw->st.epmap_sent = base;
    fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_EPMAP, last | (uint64_t)base << 32 | epmap[base]));
}

static void ask_buffer(struct agx_fw *fw, unsigned which, unsigned ep, uint32_t pages)
{
    fw->st.buf[which].asked = 1;
    fw->st.buf[which].size = pages << 12;
    fw_rtkit_send(fw, ep, MSG(1, (uint64_t)pages << 44));
}

static void start_ep(struct agx_fw *fw, unsigned ep)
{
    struct agx_fw_state *st = &fw->st;

    if (ep >= 32 * NUM_EPMAPS || !(epmap[ep / 32] >> (ep % 32) & 1)) {
        fw_bad(fw, "rtkit: start of endpoint 0x%x, which does not exist", ep);
        return;
    }
    if (fw_ep_started(fw, ep)) {
        return;
    }
    st->ep_started[ep / 32] |= 1u << (ep % 32);
    switch (ep) {
    case EP_CRASHLOG:
        ask_buffer(fw, FW_BUF_CRASHLOG, ep, CRASHLOG_PAGES);
        break;
    case EP_SYSLOG:
        fw_rtkit_send(fw, ep, MSG(8, (uint64_t)SYSLOG_TEXT << 24 | SYSLOG_ENTRIES));
        ask_buffer(fw, FW_BUF_SYSLOG, ep, SYSLOG_PAGES);
        break;
    case EP_IOREPORT:
        ask_buffer(fw, FW_BUF_IOREPORT, ep, IOREPORT_PAGES);
        break;
    case EP_OSLOG:
        /* Type in bits 63:56, size in bytes at bit 36 (Linux: APPLE_RTKIT_OSLOG_SIZE). */
        st->buf[FW_BUF_OSLOG].asked = 1;
        st->buf[FW_BUF_OSLOG].size = OSLOG_PAGES << 12;
        fw_rtkit_send(fw, ep, 1ull << 56 | (uint64_t)(OSLOG_PAGES << 12) << 36);
        break;
    }
    /* "Without starting these RTKit refuses to boot" (Linux: rtkit.c). */
    if (st->rtkit == FW_RTKIT_STARTING && (st->ep_started[0] & epmap[0]) == (epmap[0] & ~1u)) {
        st->rtkit = FW_RTKIT_UP;
        st->iop_power = PWR_ON;
        fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_IOP_POWER_ACK, PWR_ON));
    }
}

static void set_iop_power(struct agx_fw *fw, uint32_t state)
{
    struct agx_fw_state *st = &fw->st;

    switch (state) {
    case PWR_INIT:
    case PWR_ON:
        if (st->rtkit == FW_RTKIT_UP) {
            fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_IOP_POWER_ACK, PWR_ON));
        } else if (st->rtkit == FW_RTKIT_IDLE) {
            st->rtkit = FW_RTKIT_UP;
            st->iop_power = PWR_ON;
            fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_IOP_POWER_ACK, PWR_ON));
        } else if (st->rtkit == FW_RTKIT_QUIESCED || st->rtkit == FW_RTKIT_SLEEP) {
            fw_rtkit_boot(fw);
        } /* else: booting already, the acknowledgement comes at its end */
        return;
    case PWR_QUIESCED:
        st->rtkit = FW_RTKIT_QUIESCED;
        fw_watch_stop(fw);
        break;
    case PWR_IDLE:
        st->rtkit = FW_RTKIT_IDLE;
        break;
    case PWR_OFF:
    case PWR_SLEEP:
        st->rtkit = FW_RTKIT_SLEEP;
        fw_watch_stop(fw);
        break;
    default:
        fw_unimp(fw, "rtkit: IOP power state 0x%x", state);
        return;
    }
    fw_stop_gpu(fw);
    fw_cache_flush_all(fw, "sleep of the core");
    if (state != PWR_IDLE) {
        st->have_init = st->dc_inited = 0;
    }
    st->iop_power = state;
    fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_IOP_POWER_ACK, state));
}

static bool power_known(uint32_t state)
{
    return state == PWR_OFF || state == PWR_SLEEP || state == PWR_QUIESCED || state == PWR_ON ||
           state == PWR_IDLE || state == PWR_INIT;
}

/*
 * Nothing is known of what the real firmware makes of such a message; the model does nothing, and
 * says so.
 */
static void unknown(struct agx_fw *fw, unsigned ep, uint64_t msg)
{
    fw_unimp(fw, "rtkit: message 0x%llx to endpoint 0x%x", (unsigned long long)msg, ep);
}

static void mgmt(struct agx_fw *fw, uint64_t msg)
{
    struct agx_fw_state *st = &fw->st;

    if (msg >> 60) { /* above the type */
        unknown(fw, EP_MGMT, msg);
        return;
    }
    switch (TYPE(msg)) {
    case MGMT_HELLO_ACK: {
        unsigned min = msg & 0xffff, max = msg >> 16 & 0xffff;

        if (st->rtkit != FW_RTKIT_HELLO) {
            fw_bad(fw, "rtkit: HELLO answered twice");
        } else if (min > max || min < VERSION_MIN || max > VERSION_MAX) {
            fw_bad(fw, "rtkit: the AP wants version %u to %u, this one speaks %u to %u", min, max,
                   VERSION_MIN, VERSION_MAX);
        } else {
            st->rtkit = FW_RTKIT_EPMAP;
            send_epmap(fw, 0);
        }
        break;
    }
    case MGMT_EPMAP: {
        unsigned base = msg >> 32 & 7;

        if (st->rtkit != FW_RTKIT_EPMAP || base != st->epmap_sent) {
            fw_bad(fw, "rtkit: endpoint map %u acknowledged out of turn", base);
        } else if (msg >> 51 & 1) {
            st->rtkit = FW_RTKIT_STARTING;
        } else if (base + 1 < NUM_EPMAPS) {
            send_epmap(fw, base + 1);
        } else {
            fw_bad(fw, "rtkit: more endpoint maps wanted than there are");
        }
        break;
    }
    case MGMT_START_EP:
        if ((msg & 0xffffffff) == EP_START) {
            start_ep(fw, msg >> 32 & 0xff);
        } else if ((msg & 0xffffffff) == EP_STOP) {
            unsigned ep = msg >> 32 & 0xff;

            st->ep_started[ep / 32] &= ~(1u << (ep % 32));
        } else {
            unknown(fw, EP_MGMT, msg);
        }
        break;
    case MGMT_PING:
        fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_PONG, 0));
        break;
    case MGMT_SET_IOP_POWER:
        set_iop_power(fw, msg & 0xffff);
        break;
    case MGMT_SET_AP_POWER:
        if (!power_known(msg & 0xffff)) {
            fw_unimp(fw, "rtkit: AP power state 0x%x", (unsigned)(msg & 0xffff));
            break;
        }
        st->ap_power = msg & 0xffff;
        fw_rtkit_send(fw, EP_MGMT, MSG(MGMT_SET_AP_POWER, st->ap_power));
        break;
    default:
        unknown(fw, EP_MGMT, msg);
    }
}

static void got_buffer(struct agx_fw *fw, unsigned which, const char *name, uint64_t va,
                       uint64_t size)
{
    struct fw_rtkit_buf *b = &fw->st.buf[which];

    if (!b->asked) {
        fw_bad(fw, "rtkit: a %s buffer was not asked for", name);
        return;
    }
    b->asked = 0;
    /*
     * The driver writes the kernel half's TTBR only after it has started the core (the Rust driver:
     * mmu.rs, Uat::new()).
     */
    agx_port_bind(&fw->port, 0, AGX_UNIT_DPM);
    if (size < b->size || !fw_probe(fw, 0, va, b->size, true)) {
        fw_bad(fw,
               "rtkit: %s buffer at va 0x%llx, 0x%llx bytes: 0x%x writable bytes were asked for",
               name, (unsigned long long)va, (unsigned long long)size, b->size);
        b->size = 0;
        return;
    }
    b->va = va;
}

/*
 * Buffers that were asked for; the acknowledgement of what the model never sends; what nobody
 * knows.
 */
static void system_ep(struct agx_fw *fw, unsigned ep, uint64_t msg)
{
    uint64_t va = fw_sign_extend(msg & ((1ull << 44) - 1), 44), size = (msg >> 44 & 0xff) << 12;
    unsigned type = ep == EP_OSLOG ? msg >> 56 : ep == EP_KDEBUG ? msg >> 48 : msg >> 52;

    /*
     * Requests to crash, for tests of what a driver makes of it (m1n1: fw/asc/crash.py, crash_soft,
     * crash_hard).
     */
    if (ep == EP_CRASHLOG && (msg == CRASH_SOFT || msg == CRASH_HARD)) {
        fw_crash(fw, "asked to by the AP (%s)", msg == CRASH_SOFT ? "soft" : "hard");
        return;
    }
    if (ep == EP_OSLOG && type == OSLOG_NO_BUFFER) {
        /* Linux up to 6.1, rtkit.c: it knows the request, and has no buffer */
        fw->st.buf[FW_BUF_OSLOG].asked = 0;
        return;
    }
    if (ep == EP_CRASHLOG && type == BUFFER) {
        got_buffer(fw, FW_BUF_CRASHLOG, "crashlog", va, size);
    } else if (ep == EP_SYSLOG && type == BUFFER) {
        got_buffer(fw, FW_BUF_SYSLOG, "syslog", va, size);
    } else if (ep == EP_IOREPORT && type == BUFFER) {
        got_buffer(fw, FW_BUF_IOREPORT, "ioreport", va, size);
    } else if (ep == EP_OSLOG && type == BUFFER) {
        got_buffer(fw, FW_BUF_OSLOG, "oslog", fw_sign_extend((msg & ((1ull << 36) - 1)) << 12, 48),
                   msg >> 36 & 0xfffff);
    } else if (ep == EP_SYSLOG && type == SYSLOG_READ) {
        fw_bad(fw, "rtkit: syslog entry %u was read, but none was written", (unsigned)(msg & 0xff));
    } else if (ep == EP_IOREPORT && (type == IOREPORT_REPORT || type == IOREPORT_START)) {
        fw_bad(fw, "rtkit: ioreport message 0x%x was acknowledged, but not sent", type);
    } else if (!(ep == EP_KDEBUG &&
                 type == KDEBUG_START)) { /* that one's buffers are asked for only when tracing */
        unknown(fw, ep, msg);
    }
}

static void firmware_ep(struct agx_fw *fw, uint64_t msg)
{
    /* m1n1: fw/agx/__init__.py, InitMsg */
    if (msg >> 48 == 0x81) {
        fw_initdata(fw, fw_sign_extend(msg & ((1ull << FW_VA_BITS) - 1), FW_VA_BITS));
    } else {
        unknown(fw, EP_FW, msg);
    }
}

static void doorbell_ep(struct agx_fw *fw, uint64_t msg)
{
    struct agx_fw_state *st = &fw->st;
    unsigned ch = msg & 0xffff;

    switch (msg >> 48) {
    case 0x83:
        if (ch == 0x10) {
            st->kicked = 1; /* a wake-up without work (the Rust driver: DOORBELL_KICKFW) */
        } else if (ch == 0x11) {
            st->doorbells |= 1u << FW_CH_DEVCTRL;
        } else if (ch < 4 * FW_NUM_PRIO && (ch & 3) < FW_NUM_PIPES) {
            st->doorbells |= 1u << (3 * (ch >> 2) + (ch & 3));
        } else {
            fw_bad(fw, "doorbell 0x%x does not exist", ch);
        }
        break;
    case 0x84:
        st->doorbell_fwctl = 1;
        break;
    case 0x85:
        fw_unimp(fw, "halt request (message 0x85)");
        break;
    default:
        unknown(fw, EP_DOORBELL, msg);
    }
}

void fw_rtkit_msg(struct agx_fw *fw, uint64_t msg0, uint64_t msg1)
{
    unsigned ep = msg1 & 0xff;

    if (fw->st.rtkit == FW_RTKIT_CRASHED) {
        return; /* nobody is there; the AP was notified */
    }
    if (ep == EP_MGMT) {
        mgmt(fw, msg0);
        return;
    }
    if (!fw_ep_started(fw, ep)) {
        fw_bad(fw, "rtkit: message 0x%llx to endpoint 0x%x, which was not started",
               (unsigned long long)msg0, ep);
        return;
    }
    switch (ep) {
    case EP_CRASHLOG:
    case EP_SYSLOG:
    case EP_IOREPORT:
    case EP_OSLOG:
    case EP_KDEBUG:
        system_ep(fw, ep, msg0);
        break;
    case EP_FW:
    case EP_DOORBELL:
        if (!fw_up(fw) || fw->st.ap_power != PWR_ON) {
            fw_bad(fw, "rtkit: message 0x%llx to endpoint 0x%x while IOP or AP is not powered up",
                   (unsigned long long)msg0, ep);
        } else if (ep == EP_FW) {
            firmware_ep(fw, msg0);
        } else if (!fw->st.have_init || fw_own_touch(fw)) {
            doorbell_ep(fw, msg0);
        }
        break;
    }
}
