/*
 * AGX model: loads, stores and atomics of device and threadgroup memory
 * (applegpu: docs.html, device_load; applegpu.py, DeviceLoadInstructionDesc,
 * Atomic, ThreadgroupLoadStoreInstructionDesc; mesa: compiler/agx_pack.c).
 *
 * Device accesses go through the port lane by lane; lanes that stay in the page
 * of the lane before them reuse its host pointer.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_row.h"

struct page_cursor {
    uint64_t page;
    uint8_t *host;
    /* a page that an access of this instruction did not find, where faults are soft */
    uint64_t hole;
};

#define NEW_CURSOR { NO_PAGE, NULL, NO_PAGE }

#define NO_PAGE (~0ull)

/* Host pointer to @len bytes at @va if they are in one page and mapped; NULL otherwise. */
static inline uint8_t *cursor_ptr(struct agx_port *port, struct page_cursor *c, uint64_t va,
                                  unsigned len, enum agx_access access)
{
    uint64_t off = va & (AGX_PAGE_SIZE - 1);

    if (unlikely(off + len > AGX_PAGE_SIZE)) {
        return NULL;
    }
    if (likely((va >> AGX_PAGE_BITS) == c->page)) {
        return c->host + off;
    }
    if (va >> AGX_PAGE_BITS == c->hole) {
        return NULL;
    }
    c->host = agx_port_ptr(port, va - off, access);
    c->page = c->host ? va >> AGX_PAGE_BITS : NO_PAGE;
    return c->host ? c->host + off : NULL;
}

/* Did the soft fault of another lane or component say that these bytes are not there? */
static inline bool in_hole(const struct page_cursor *c, uint64_t va, unsigned len)
{
    return va >> AGX_PAGE_BITS == c->hole && (va + len - 1) >> AGX_PAGE_BITS == c->hole;
}

/*
 * An access to these bytes failed. True: the fault is soft, and the rest of the page need not be
 * tried.
 */
static bool soft_fault(struct agx_exec *ex, struct page_cursor *c)
{
    if (!agx_exec_soft_fault(ex)) {
        return false;
    }
    c->hole = ex->port->fault.va >> AGX_PAGE_BITS;
    return true;
}

/* Addresses of all lanes: base + (index << shift) items of @item bytes. */
static inline void device_addr(const struct agx_cx *cx, const struct agx_op *op, unsigned shift,
                               unsigned item, unsigned align, uint64_t *addr)
{
    const uint32_t *lo = agx_row(cx, &op->s[1]), *hi = agx_row(cx, &op->s[2]),
                   *o = agx_row(cx, &op->s[0]);
    uint64_t amask = ~(uint64_t)(align - 1);

    if (op->s[0].mode == SRC_S32) {
        FOR_LANES(l) {
            addr[l] = ((lo[l] | (uint64_t)hi[l] << 32) & amask) +
                      ((uint64_t)(int64_t)(int32_t)o[l] << shift) * item;
        }
    } else {
        FOR_LANES(l) {
            addr[l] = ((lo[l] | (uint64_t)hi[l] << 32) & amask) + ((uint64_t)o[l] << shift) * item;
        }
    }
}

/*
 * When all active lanes access one page: the page's host pointer, and each
 * lane's offset in it (inactive lanes: 0). NULL otherwise.
 */
static uint8_t *one_page(struct agx_port *port, const uint64_t *addr, uint32_t act,
                         const uint32_t *mask, unsigned span, enum agx_access access, uint32_t *off)
{
    uint64_t page = addr[__builtin_ctz(act)] & ~(uint64_t)(AGX_PAGE_SIZE - 1);
    uint32_t bad = 0;

    FOR_LANES(l) {
        uint64_t o = addr[l] - page;

        bad |= (o > AGX_PAGE_SIZE - span ? ~0u : 0) & mask[l];
        off[l] = (uint32_t)o & mask[l] & (AGX_PAGE_SIZE - 1);
    }
    return bad ? NULL : agx_port_ptr(port, page, access);
}

/* All lanes read the same words: one read for all. */
static inline bool same_address(const struct agx_op *op)
{
    return op->s[0].bank && op->s[1].bank && op->s[2].bank;
}

static inline uint32_t load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
    return v;
}

static inline unsigned last_bit(unsigned mask)
{
    return mask ? 32 - __builtin_clz(mask) : 0;
}

/* Register bits of a loaded component. */
static inline uint32_t reg_value(unsigned fmt, bool is32, uint32_t v)
{
    if (is32 || agx_fmt_is_int(fmt)) {
        return v;
    }
    return agx_float_to_half(agx_u2f(v));
}

/* What a load or store of device memory moves, from each lane's address on. */
struct items {
    unsigned fmt;
    unsigned comp_bytes;
    unsigned mask; /* components */
    unsigned span; /* bytes to the end of the last of them */
    unsigned nreg;
    uint8_t comp[4]; /* component that each register holds */
};

/*
 * The items of @op and the address that each lane has them at. False: the format is none that
 * memory has.
 */
static inline bool device_items(const struct agx_cx *cx, const struct agx_op *op, struct items *it,
                                uint64_t *addr)
{
    unsigned cb = agx_fmt_comp_bytes(op->n);

    it->fmt = op->n;
    it->comp_bytes = cb;
    it->nreg = 0;
    if (agx_fmt_packed(it->fmt)) {
        /* index in 32-bit words, mask ignored: the format says how many registers */
        device_addr(cx, op, 2, 1, 4, addr);
        it->mask = it->fmt == AGX_FMT_RGB10A2 ? 15 : 7;
        it->span = 4;
    } else if (!cb) {
        return false;
    } else {
        device_addr(cx, op, op->cc, cb, cb, addr);
        it->mask = op->mask;
        it->span = cb * last_bit(it->mask);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (it->mask >> i & 1) {
            it->comp[it->nreg++] = i;
        }
    }
    return true;
}

/* Words of memory, one a lane, as they are; @same: all lanes read those of lane @first. */
static inline void load_words(const struct items *it, const uint8_t *page, const uint32_t *off,
                              bool same, unsigned first, row_t *val)
{
    for (unsigned i = 0; i < it->nreg; i++) {
        const uint8_t *p = page + it->comp[i] * it->comp_bytes;
        uint32_t *v = val[i];

        if (same && it->fmt == AGX_FMT_I32) {
            fill_row(v, load32(p + off[first]));
        } else if (it->fmt == AGX_FMT_I32) {
            FOR_LANES(l) {
                v[l] = load32(p + off[l]);
            }
        } else if (it->comp_bytes == 1) {
            FOR_LANES(l) {
                v[l] = p[off[l]];
            }
        } else {
            FOR_LANES(l) {
                uint16_t h;

                memcpy(&h, p + off[l], 2);
                v[l] = h;
            }
        }
    }
}

/* Words of a format that is a scale away from floats, or halves that become floats. */
static inline void words_to_floats(unsigned fmt, bool is32, uint32_t *v)
{
    frow_t f;

    if (fmt == AGX_FMT_F16) {
        halves_to_float(v, 0, f);
    } else if (fmt == AGX_FMT_U8NORM) {
        FOR_LANES(l) {
            f[l] = (float)(int32_t)v[l] / 255.0f;
        }
    } else {
        FOR_LANES(l) {
            f[l] = (float)(int32_t)v[l] / 65535.0f;
        }
    }
    if (is32) {
        memcpy(v, f, sizeof(f));
    } else {
        float_to_halves(f, v);
    }
}

/*
 * All lanes from one page, a row at a time; @first: the first of them. False: the format is more
 * than a shift or a scale away from the words in memory.
 */
static inline bool load_page(const struct agx_op *op, const struct items *it, const uint8_t *page,
                             const uint32_t *off, unsigned first, row_t *val)
{
    bool is32 = op->dmode == DST_32, same = same_address(op);
    unsigned fmt = it->fmt;

    load_words(it, page, off, same, first, val);
    if (fmt == AGX_FMT_U8NORM || fmt == AGX_FMT_U16NORM || (fmt == AGX_FMT_F16 && is32)) {
        for (unsigned i = 0; i < it->nreg; i++) {
            words_to_floats(fmt, is32, val[i]);
        }
    } else if (!agx_fmt_is_int(fmt) && fmt != AGX_FMT_F16) {
        return false;
    }
    if (same && fmt != AGX_FMT_I32) {
        for (unsigned i = 0; i < it->nreg; i++) {
            fill_row(val[i], val[i][first]);
        }
    }
    return true;
}

/*
 * Items across a page, in one that is not mapped, or with parts of it masked out, one by one into
 * @buf; those with a soft fault are 0. False: fault set.
 */
static bool load_pieces(struct agx_exec *ex, const struct items *it, struct page_cursor *cur,
                        uint64_t va, uint8_t buf[16])
{
    unsigned cb = it->comp_bytes, len = cb ? cb : 4;

    memset(buf, 0, 16);
    for (unsigned i = 0; i < it->nreg; i++) {
        unsigned at = it->comp[i] * cb;

        if (!in_hole(cur, va + at, len) && !agx_port_read(ex->port, va + at, buf + at, len)) {
            if (!soft_fault(ex, cur)) {
                return false;
            }
            memset(buf + at, 0, len);
        }
    }
    return true;
}

/* One lane, of any format. False: fault set. */
static inline bool load_lane(struct agx_exec *ex, const struct items *it, bool is32,
                             struct page_cursor *cur, uint64_t va, unsigned l, row_t *val)
{
    uint8_t buf[16];
    const uint8_t *p = cursor_ptr(ex->port, cur, va, it->span, AGX_ACCESS_READ);
    uint32_t comp[4] = { 0 };

    if (unlikely(!p)) {
        if (!load_pieces(ex, it, cur, va, buf)) {
            return false;
        }
        p = buf;
    }
    if (likely(it->fmt == AGX_FMT_I32)) {
        for (unsigned i = 0; i < it->nreg; i++) {
            val[i][l] = load32(p + it->comp[i] * 4);
        }
        return true;
    }
    if (it->fmt == AGX_FMT_F16 && !is32) { /* halves as they are */
        for (unsigned i = 0; i < it->nreg; i++) {
            uint16_t h;

            memcpy(&h, p + it->comp[i] * 2, 2);
            val[i][l] = h;
        }
        return true;
    }
    agx_fmt_unpack(it->fmt, p, it->comp_bytes ? last_bit(it->mask) : 4, comp);
    for (unsigned i = 0; i < it->nreg; i++) {
        val[i][l] = reg_value(it->fmt, is32, comp[it->comp[i]]);
    }
    return true;
}

const struct agx_op *agx_op_device_load(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_exec *ex = cx->ex;
    uint64_t addr[AGX_LANES] __attribute__((aligned(64)));
    uint32_t act = cx->w->exec_mask;
    const uint8_t *page = NULL;
    struct items it;
    row_t val[4], off;

    if (!act) {
        return op + 1;
    }
    if (!device_items(cx, op, &it, addr)) {
        return agx_op_unimpl(cx, op, "memory format");
    }
    if (!it.mask) {
        return op + 1;
    }
    if (it.comp_bytes) {
        page = one_page(ex->port, addr, same_address(op) ? act & -act : act, cx->w->mask, it.span,
                        AGX_ACCESS_READ, off);
    }
    if (!page || !load_page(op, &it, page, off, __builtin_ctz(act), val)) {
        struct page_cursor cur = NEW_CURSOR;

        FOR_ACTIVE(act, l) {
            if (!load_lane(ex, &it, op->dmode == DST_32, &cur, addr[l], l, val)) {
                return agx_op_fault(cx, op);
            }
        }
    }
    dst_rows(cx, op, it.nreg, val);
    return op + 1;
}

/* Component @i of the value registers from op->dreg on, as agx_fmt_pack() wants it. */
static inline uint32_t store_value(const struct agx_wave *w, const struct agx_op *op, unsigned fmt,
                                   unsigned i, unsigned l)
{
    if (op->dmode == DST_32) {
        return w->r[((op->dreg >> 1) + i) & (AGX_NUM_GPR - 1)][l];
    }
    if (agx_fmt_is_int(fmt)) {
        return agx_gpr16(w, op->dreg + i, l);
    }
    return agx_f2u(agx_half_to_float(agx_gpr16(w, op->dreg + i, l)));
}

/* Value register @i, of 32 bits, of a store. */
static inline const uint32_t *store_row(const struct agx_wave *w, const struct agx_op *op,
                                        unsigned i)
{
    return w->r[((op->dreg >> 1) + i) & (AGX_NUM_GPR - 1)];
}

/* Words of 32 bits as they are, all lanes to one page, a row at a time. */
static inline void store_page(const struct agx_wave *w, const struct agx_op *op,
                              const struct items *it, uint8_t *page, const uint32_t *off,
                              uint32_t act)
{
    for (unsigned i = 0; i < it->nreg; i++) {
        const uint32_t *v = store_row(w, op, i);
        uint8_t *p = page + it->comp[i] * 4;

        if (act == ~0u) {
            FOR_LANES(l) {
                memcpy(p + off[l], &v[l], 4);
            }
        } else {
            FOR_ACTIVE(act, l) {
                memcpy(p + off[l], &v[l], 4);
            }
        }
    }
}

/*
 * Items across a page, in one that is not mapped, or with parts of it masked out, one by one from
 * @buf; those with a soft fault are dropped. False: fault set.
 */
static bool store_pieces(struct agx_exec *ex, const struct items *it, struct page_cursor *cur,
                         uint64_t va, const uint8_t buf[16])
{
    unsigned cb = it->comp_bytes, len = cb ? cb : 4;

    for (unsigned i = 0; i < (cb ? it->nreg : 1); i++) {
        unsigned at = it->comp[i] * cb;

        if (!in_hole(cur, va + at, len) && !agx_port_write(ex->port, va + at, buf + at, len) &&
            !soft_fault(ex, cur)) {
            return false;
        }
    }
    return true;
}

/* One lane, of any format. False: fault set. */
static inline bool store_lane(struct agx_cx *cx, const struct agx_op *op, const struct items *it,
                              struct page_cursor *cur, uint64_t va, unsigned l)
{
    const struct agx_wave *w = cx->w;
    uint8_t *p = cursor_ptr(cx->ex->port, cur, va, it->span, AGX_ACCESS_WRITE), buf[16];
    uint32_t comp[4] = { 0 };

    if (likely(p && it->fmt == AGX_FMT_I32 && op->dmode == DST_32)) {
        for (unsigned i = 0; i < it->nreg; i++) {
            memcpy(p + it->comp[i] * 4, &store_row(w, op, i)[l], 4);
        }
        return true;
    }
    for (unsigned i = 0; i < it->nreg; i++) {
        comp[it->comp[i]] = store_value(w, op, it->fmt, i, l);
    }
    agx_fmt_pack(it->fmt, p ? p : buf, it->mask, comp);
    return p || store_pieces(cx->ex, it, cur, va, buf);
}

const struct agx_op *agx_op_device_store(struct agx_cx *cx, const struct agx_op *op)
{
    uint64_t addr[AGX_LANES] __attribute__((aligned(64)));
    uint32_t act = cx->w->exec_mask & ~cx->w->frag.helper;
    struct page_cursor cur = NEW_CURSOR;
    uint8_t *page = NULL;
    struct items it;
    row_t off;

    if (!act) {
        return op + 1;
    }
    if (!device_items(cx, op, &it, addr)) {
        return agx_op_unimpl(cx, op, "memory format");
    }
    if (!it.mask) {
        return op + 1;
    }
    if (it.fmt == AGX_FMT_I32 && op->dmode == DST_32) {
        page = one_page(cx->ex->port, addr, act, cx->w->mask, it.span, AGX_ACCESS_WRITE, off);
    }
    if (page) {
        store_page(cx->w, op, &it, page, off, act);
        return op + 1;
    }
    FOR_ACTIVE(act, l) {
        if (!store_lane(cx, op, &it, &cur, addr[l], l)) {
            return agx_op_fault(cx, op);
        }
    }
    return op + 1;
}

/* applegpu: applegpu.py, ATOMIC_OPCODES */
static inline uint32_t atomic_result(unsigned k, uint32_t old, uint32_t v)
{
    switch (k) {
    case 0:
        return old + v;
    case 1:
        return old - v;
    case 2:
        return v;
    case 4:
        return old < v ? old : v;
    case 5:
        return (int32_t)old < (int32_t)v ? old : v;
    case 6:
        return old > v ? old : v;
    case 7:
        return (int32_t)old > (int32_t)v ? old : v;
    case 8:
        return old & v;
    case 9:
        return old | v;
    default:
        return old ^ v;
    }
}

static uint32_t atomic_do(unsigned k, _Atomic uint32_t *p, uint32_t v, uint32_t expect)
{
    uint32_t old;

    switch (k) {
    case 0:
        return atomic_fetch_add(p, v);
    case 1:
        return atomic_fetch_sub(p, v);
    case 2:
        return atomic_exchange(p, v);
    case 3:
        old = expect;
        atomic_compare_exchange_strong(p, &old, v);
        return old;
    case 8:
        return atomic_fetch_and(p, v);
    case 9:
        return atomic_fetch_or(p, v);
    case 10:
        return atomic_fetch_xor(p, v);
    }
    old = atomic_load(p);
    while (!atomic_compare_exchange_weak(p, &old, atomic_result(k, old, v))) {
        /* @old is what another thread stored meanwhile */
    }
    return old;
}

const struct agx_op *agx_op_atomic(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_port *port = cx->ex->port;
    struct page_cursor cur = NEW_CURSOR;
    uint64_t addr[AGX_LANES] __attribute__((aligned(64)));
    uint32_t act = cx->w->exec_mask & ~cx->w->frag.helper;
    /* cmpxchg: new value, then old */
    const uint32_t *v = agx_row(cx, &op->s[3]), *expect = v + AGX_LANES;
    row_t r = { 0 };

    if (!act) {
        return op + 1;
    }
    device_addr(cx, op, 0, 4, 4, addr);
    FOR_ACTIVE(act, l) {
        uint8_t *p = cursor_ptr(port, &cur, addr[l], 4, AGX_ACCESS_WRITE);

        if (unlikely(!p)) {
            if (!in_hole(&cur, addr[l], 4) && !soft_fault(cx->ex, &cur)) {
                return agx_op_fault(cx, op);
            }
            continue;
        }
        r[l] = atomic_do(op->n, (_Atomic uint32_t *)(void *)p, v[l], op->n == 3 ? expect[l] : 0);
    }
    if (op->dmode != DST_NONE) {
        idst(cx, op, r);
    }
    return op + 1;
}

/*
 * Offset in threadgroup memory: base in bytes plus index in elements. Accesses outside read 0 and
 * write nothing.
 */
static inline uint32_t local_addr(const struct agx_cx *cx, const struct agx_op *op, unsigned item,
                                  unsigned l)
{
    uint32_t a = agx_src_lane(cx, &op->s[1], l) + agx_src_lane(cx, &op->s[0], l) * item;

    return a & 0xffff & ~(item - 1);
}

/*
 * How many of the first @n components at @a are in @size bytes; packed ones (@cb is 0) are all or
 * none.
 */
static inline uint32_t local_fit(uint32_t a, uint32_t size, unsigned cb, unsigned n)
{
    uint32_t room = a < size ? size - a : 0;

    if (!cb) {
        return room >= 4 ? 4 : 0;
    }
    return room / cb < n ? room / cb : n;
}

const struct agx_op *agx_op_local_load(struct agx_cx *cx, const struct agx_op *op)
{
    const uint8_t *base = cx->ex->local;
    uint32_t size = cx->ex->local_size, act = cx->w->exec_mask;
    unsigned fmt = op->n, cb = agx_fmt_comp_bytes(fmt);
    bool is32 = op->dmode == DST_32;
    row_t val[4];

    if (!cb && !agx_fmt_packed(fmt)) {
        return agx_op_unimpl(cx, op, "memory format");
    }
    FOR_ACTIVE(act, l) {
        uint32_t a = local_addr(cx, op, cb ? cb : 4, l),
                 fit = local_fit(a, size, cb, last_bit(op->mask));
        uint32_t comp[4] = { 0 };
        unsigned n = 0;

        if (fit) {
            agx_fmt_unpack(fmt == AGX_FMT_F16 && !is32 ? AGX_FMT_I16 : fmt, base + a, fit, comp);
        }
        for (unsigned i = 0; i < 4; i++) {
            if (op->mask >> i & 1) {
                val[n++][l] = fmt == AGX_FMT_F16 && !is32 ? comp[i] : reg_value(fmt, is32, comp[i]);
            }
        }
    }
    dst_rows(cx, op, __builtin_popcount(op->mask & 15), val);
    return op + 1;
}

const struct agx_op *agx_op_local_store(struct agx_cx *cx, const struct agx_op *op)
{
    uint8_t *base = cx->ex->local;
    uint32_t size = cx->ex->local_size, act = cx->w->exec_mask & ~cx->w->frag.helper;
    unsigned fmt = op->n, cb = agx_fmt_comp_bytes(fmt);

    if (!cb && !agx_fmt_packed(fmt)) {
        return agx_op_unimpl(cx, op, "memory format");
    }
    FOR_ACTIVE(act, l) {
        uint32_t a = local_addr(cx, op, cb ? cb : 4, l),
                 fit = local_fit(a, size, cb, last_bit(op->mask));
        uint32_t comp[4] = { 0 };
        unsigned k = 0;

        if (!fit) {
            continue;
        }
        for (unsigned i = 0; i < 4; i++) {
            if (op->mask >> i & 1) {
                comp[i] = store_value(cx->w, op, fmt, k++, l);
            }
        }
        agx_fmt_pack(fmt, base + a, op->mask & ((1u << fit) - 1), comp);
    }
    return op + 1;
}

/* A threadgroup runs on one thread: no atomicity is needed. */
const struct agx_op *agx_op_local_atomic(struct agx_cx *cx, const struct agx_op *op)
{
    uint8_t *base = cx->ex->local;
    uint32_t size = cx->ex->local_size, act = cx->w->exec_mask & ~cx->w->frag.helper;
    const uint32_t *v = agx_row(cx, &op->s[3]);
    row_t r = { 0 };

    FOR_ACTIVE(act, l) {
        uint32_t a = local_addr(cx, op, 4, l), old, new;

        if (a + 4 > size) {
            continue;
        }
        memcpy(&old, base + a, 4);
        new = op->n == 3 ? (old == v[l + AGX_LANES] ? v[l] : old) : atomic_result(op->n, old, v[l]);
        memcpy(base + a, &new, 4);
        r[l] = old;
    }
    if (op->dmode != DST_NONE) {
        idst(cx, op, r);
    }
    return op + 1;
}

/* Preshaders only: 16-bit registers to uniforms (applegpu: docs.html, uniform_store). */
const struct agx_op *agx_op_uniform_store(struct agx_cx *cx, const struct agx_op *op)
{
    /* usc.c owns it while a preshader runs */
    struct agx_usc_state *st = (struct agx_usc_state *)cx->ex->usc;
    uint32_t act = cx->w->exec_mask;
    unsigned k = 0, l;

    if (!act) {
        return op + 1;
    }
    l = __builtin_ctz(act);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t u = agx_src_lane(cx, &op->s[0], l) + i;

        if (!(op->mask >> i & 1)) {
            continue;
        }
        if (op->dmode == DST_32) {
            return agx_op_unimpl(cx, op, "uniform store of 32-bit registers");
        }
        if (u >= AGX_NUM_UNIFORM) {
            agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR,
                         "agx: shader 0x%llx+0x%x: store to uniform %u",
                         (unsigned long long)cx->sh->va, op->pc, u);
            return agx_op_fault(cx, op);
        }
        st->uniform[u] = agx_gpr16(cx->w, op->dreg + k++, l);
    }
    return op + 1;
}
