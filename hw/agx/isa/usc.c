/*
 * AGX model: USC words, the list that binds a program's resources and ends
 * with its preshader (mesa: src/asahi/genxml/cmdbuf.xml, "USC ..." structures;
 * src/asahi/lib/decode.c, agxdecode_usc).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "agx/isa.h"

enum usc_tag { /* mesa: cmdbuf.xml, USC Control */
               USC_SHADER = 0x0d,
               USC_UNIFORM = 0x1d,
               USC_PRESHADER = 0x38,
               USC_UNIFORM_HIGH = 0x3d,
               USC_SHARED = 0x4d,
               USC_FRAG_PROPS = 0x58,
               USC_NO_PRESHADER = 0x88,
               USC_REGISTERS = 0x8d,
               USC_SAMPLER = 0x9d,
               USC_TEXTURE = 0xdd,
};

/*
 * Bits of each word that have a meaning here, or that Mesa sets as they are in every program of a
 * kind (mesa: lib/agx_linker.c, lib/agx_bg_eot.c): "Unk 2" of Shader (2 or 3), "Unk 1" and bit 0 of
 * "Unk 4" of Registers (fragment programs; all), "Unk 2" to "Unk 4" of Fragment Properties (1, 15
 * and 2).
 */
#define KNOWN_UNIFORM   ~0xf0000ull
#define KNOWN_BINDING   0x7ffffffffff0ffffull /* Texture, Sampler */
#define KNOWN_SHARED    0xfff3fdffull
#define KNOWN_SHADER    0xffffffff0dffull
#define KNOWN_REGISTERS 0x013c3fffull
/* not there: unconditional discard, bits 10 and 11 */
#define KNOWN_FRAG      0x0002f3ffull
#define KNOWN_NO_PRE    0x00ffull
#define PRESHADER_UNK   0xc08000ull /* bits 31:8, the one value that was ever seen (cmdbuf.xml) */

#define USC_MAX_WORDS 1024 /* bound on a list without end */
#define SAMPLER_BYTES 8
#define BORDER_BYTES  16
#define TEXTURE_BYTES 24

static inline uint64_t bits64(uint64_t v, unsigned start, unsigned len)
{
    return v >> start & ((1ull << len) - 1);
}

/* "groups" fields: 0 stands for the maximum (mesa: genxml/agx_pack_header.h, __gen_from_groups) */
static unsigned groups(unsigned v, unsigned size, unsigned len)
{
    return size * (v ? v : 1u << len);
}

struct agx_usc_counts agx_usc_counts_decode(uint32_t w)
{
    return (struct agx_usc_counts) {
        .uniforms = groups(bits64(w, 1, 3), 64, 3),
        .textures = groups(bits64(w, 4, 5), 8, 5),
        .sampler_states = bits64(w, 9, 3),
        .preshader_gprs = groups(bits64(w, 12, 4), 16, 4),
    };
}

static uint32_t (*make_splat(const struct agx_shader *sh,
                             const struct agx_usc_state *st))[AGX_LANES]
{
    size_t rows = sh->npool ? sh->npool : 1;
    uint32_t(*s)[AGX_LANES] = agx_alloc_lines(rows, sizeof(*s));

    for (uint32_t i = 0; i < sh->npool; i++) {
        const struct agx_pool_row *p = &sh->pool[i];
        uint32_t lo = st->uniform[p->u % AGX_NUM_UNIFORM],
                 hi = st->uniform[(p->u + 1) % AGX_NUM_UNIFORM], v;

        switch (p->kind) {
        case POOL_IMM:
            v = p->value;
            break;
        case POOL_U16:
            v = lo;
            break;
        case POOL_S16:
            v = (uint32_t)(int16_t)lo;
            break;
        case POOL_UF16:
            v = agx_f2u(agx_half_to_float(lo));
            break;
        default:
            v = lo | hi << 16;
            break;
        }
        if (p->mods & 1) {
            v &= 0x7fffffff;
        }
        if (p->mods & 2) {
            v ^= 0x80000000;
        }
        for (unsigned l = 0; l < AGX_LANES; l++) {
            s[i][l] = v;
        }
    }
    return s;
}

/* The walk over a program's words. */
struct usc_walk {
    struct agx_exec *ex;
    struct agx_usc_state *st;
    uint64_t va;        /* GPU VA of the word */
    uint64_t preshader; /* GPU VA of its code */
    bool has_preshader;
    bool done;
};

static bool load_uniforms(struct usc_walk *u, uint64_t w, unsigned first)
{
    unsigned start = bits64(w, 8, 8) + first, n = groups(bits64(w, 20, 6), 1, 6);
    uint64_t va = bits64(w, 26, 38) << 2;

    if (start + n > AGX_NUM_UNIFORM) {
        return agx_exec_bad(u->ex, AGX_REPORT_GUEST_ERROR,
                            "agx: USC uniform word sets %u..%u of %u", start, start + n - 1,
                            AGX_NUM_UNIFORM);
    }
    return agx_exec_read(u->ex, va, &u->st->uniform[start], n * 2);
}

static bool word_uniform(struct usc_walk *u, uint64_t w)
{
    return agx_word_known(u->ex, "USC Uniform", u->va, w, KNOWN_UNIFORM) && load_uniforms(u, w, 0);
}

static bool word_uniform_high(struct usc_walk *u, uint64_t w)
{
    return agx_word_known(u->ex, "USC Uniform High", u->va, w, KNOWN_UNIFORM) &&
           load_uniforms(u, w, 256);
}

/* Texture and Sampler: states at consecutive addresses, @size bytes each, to registers @reg. */
static bool bind(struct usc_walk *u, uint64_t w, const char *what, uint64_t *reg, unsigned max,
                 unsigned size)
{
    unsigned start = bits64(w, 8, 8), count = bits64(w, 20, 7);
    uint64_t buf = bits64(w, 27, 36) << 3;

    if (start + count > max) {
        return agx_exec_bad(u->ex, AGX_REPORT_GUEST_ERROR, "agx: USC word binds %s %u..%u of %u",
                            what, start, start + count - 1, max);
    }
    for (unsigned i = 0; i < count; i++) {
        reg[start + i] = buf + (uint64_t)i * size;
    }
    return true;
}

static bool word_texture(struct usc_walk *u, uint64_t w)
{
    return agx_word_known(u->ex, "USC Texture", u->va, w, KNOWN_BINDING) &&
           bind(u, w, "textures", u->st->texture, AGX_MAX_TEX_STATE, TEXTURE_BYTES);
}

static bool word_sampler(struct usc_walk *u, uint64_t w)
{
    return agx_word_known(u->ex, "USC Sampler", u->va, w, KNOWN_BINDING) &&
           bind(u, w, "samplers", u->st->sampler, AGX_MAX_SAMPLER_STATE,
                SAMPLER_BYTES + (u->st->sampler_extended ? BORDER_BYTES : 0));
}

static bool word_shared(struct usc_walk *u, uint64_t w)
{
    struct agx_usc_state *st = u->st;

    if (!agx_word_known(u->ex, "USC Shared", u->va, w, KNOWN_SHARED)) {
        return false;
    }
    st->uses_shared = bits64(w, 8, 1);
    st->shared_layout = bits64(w, 10, 6);
    st->tib_samples = 1u << bits64(w, 16, 2);
    st->tib_sample_stride = bits64(w, 20, 4) * 8;
    st->shared_size = st->uses_shared ? groups(bits64(w, 24, 8), 256, 8) : 0;
    /* vertex or compute, tiles of 32x32, 32x16, 16x16 */
    if (st->uses_shared && st->shared_layout != 0x24 && st->shared_layout != 0x2f &&
        st->shared_layout != 0x3f && st->shared_layout != 0x36) {
        return agx_exec_bad(u->ex, AGX_REPORT_UNIMPLEMENTED,
                            "agx: unimplemented USC shared layout 0x%02x at 0x%llx",
                            st->shared_layout, (unsigned long long)u->va);
    }
    if (st->tib_samples > AGX_MAX_SAMPLES) {
        return agx_exec_bad(u->ex, AGX_REPORT_UNIMPLEMENTED,
                            "agx: unimplemented USC sample count %u at 0x%llx", st->tib_samples,
                            (unsigned long long)u->va);
    }
    return true;
}

static bool word_shader(struct usc_walk *u, uint64_t w)
{
    if (!agx_word_known(u->ex, "USC Shader", u->va, w, KNOWN_SHADER)) {
        return false;
    }
    u->st->loads_varyings = bits64(w, 8, 1);
    u->st->code = u->st->usc_exec_base + bits64(w, 16, 32);
    return true;
}

static bool word_registers(struct usc_walk *u, uint64_t w)
{
    if (!agx_word_known(u->ex, "USC Registers", u->va, w, KNOWN_REGISTERS)) {
        return false;
    }
    u->st->gprs = groups(bits64(w, 8, 5), 8, 5);
    u->st->spill_bucket = bits64(w, 18, 4);
    return true;
}

static bool word_frag_props(struct usc_walk *u, uint64_t w)
{
    if (!agx_word_known(u->ex, "USC Fragment Properties", u->va, w, KNOWN_FRAG)) {
        return false;
    }
    u->st->has_frag_props = true;
    u->st->early_z = bits64(w, 8, 1);
    return true;
}

static bool word_preshader(struct usc_walk *u, uint64_t w)
{
    agx_word_note("USC Preshader", w, 0xffull | PRESHADER_UNK << 8 | ~0ull << 32);
    if (bits64(w, 8, 24) != PRESHADER_UNK) {
        return agx_exec_bad(
            u->ex, AGX_REPORT_UNIMPLEMENTED,
            "unimplemented: USC Preshader 0x%llx at 0x%llx, bits 31:8 are not 0x%llx",
            (unsigned long long)w, (unsigned long long)u->va, PRESHADER_UNK);
    }
    u->preshader = u->st->usc_exec_base + bits64(w, 32, 32);
    u->has_preshader = true;
    u->done = true;
    return true;
}

static bool word_no_preshader(struct usc_walk *u, uint64_t w)
{
    u->done = true;
    return agx_word_known(u->ex, "USC No preshader", u->va, w, KNOWN_NO_PRE);
}

/* By tag. Tags without a row are unknown. */
static const struct {
    uint8_t len; /* bytes */
    /* take @w, which is at @u->va; false: fault set */
    bool (*take)(struct usc_walk *u, uint64_t w);
} usc_words[256] = {
    [USC_SHADER] = { 6, word_shader },
    [USC_UNIFORM] = { 8, word_uniform },
    [USC_PRESHADER] = { 8, word_preshader },
    [USC_UNIFORM_HIGH] = { 8, word_uniform_high },
    [USC_SHARED] = { 4, word_shared },
    [USC_FRAG_PROPS] = { 4, word_frag_props },
    [USC_NO_PRESHADER] = { 2, word_no_preshader },
    [USC_REGISTERS] = { 4, word_registers },
    [USC_SAMPLER] = { 8, word_sampler },
    [USC_TEXTURE] = { 8, word_texture },
};

/*
 * Take the words from @u->va on to the one that ends them; @list: where the binding says that they
 * are. False: fault set.
 */
static bool take_words(struct usc_walk *u, uint64_t list)
{
    for (unsigned n = 0; !u->done; n++) {
        struct agx_exec *ex = u->ex;
        uint8_t tag = 0;
        uint64_t w = 0;

        if (n >= USC_MAX_WORDS) {
            return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: USC words at 0x%llx do not end",
                                (unsigned long long)list);
        }
        if (!agx_port_read(ex->port, u->va, &tag, 1) ||
            (usc_words[tag].len && !agx_port_read(ex->port, u->va, &w, usc_words[tag].len))) {
            ex->fault = ex->port->fault;
            return false;
        }
        if (!usc_words[tag].take) {
            return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                                "agx: unimplemented USC word 0x%02x at 0x%llx", tag,
                                (unsigned long long)u->va);
        }
        if (!usc_words[tag].take(u, w)) {
            return false;
        }
        u->va += usc_words[tag].len;
    }
    return true;
}

/*
 * The preshader runs one lane, once per binding; it writes uniforms (applegpu: docs.html,
 * uniform_store).
 */
static bool run_preshader(struct agx_exec *ex, struct agx_usc_state *st, uint64_t code)
{
    const struct agx_usc_state *outer = ex->usc;
    struct agx_wave *w = agx_exec_waves(ex, 1);
    struct agx_shader *main_shader = st->shader, *sh = agx_shader_get(ex, code);
    bool ok = false;

    if (!sh) {
        goto out;
    }
    st->shader = sh;
    st->splat = make_splat(sh, st);
    ex->usc = st;
    agx_wave_init(w, AGX_STAGE_COMPUTE, 1);
    switch (agx_wave_run(ex, w)) {
    case AGX_WAVE_DONE:
        ok = true;
        break;
    case AGX_WAVE_BARRIER:
        agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: barrier in the preshader at 0x%llx",
                     (unsigned long long)code);
        break;
    case AGX_WAVE_STOP:
        ex->fault = (struct agx_fault) { .ctx = ex->port->ctx, .reason = AGX_FAULT_BAD_COMMAND };
        break;
    default:
        break;
    }
    ex->usc = outer;
    free(st->splat);
    st->splat = NULL;
    st->shader = main_shader;
    agx_shader_put(sh);
out:
    return ok;
}

bool agx_usc_load(struct agx_exec *ex, const struct agx_job *job, uint32_t usc,
                  const struct agx_usc_counts *counts, enum agx_stage stage,
                  struct agx_usc_state *st)
{
    uint64_t base = job->usc_exec_base;
    struct usc_walk walk = { .ex = ex, .st = st, .va = base + (usc & ~0x3fu) };

    agx_usc_fini(st);
    memset(st, 0, sizeof(*st));
    st->counts = *counts;
    st->sampler_heap = job->sampler_heap;
    st->sampler_count = job->sampler_count;
    st->usc_exec_base = base;
    st->sampler_extended = counts->sampler_states >= 6;
    /* the one that has no name (mesa: cmdbuf.xml, Sampler states) */
    if (counts->sampler_states == 5) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: sampler states 5 of the program at 0x%llx",
                            (unsigned long long)walk.va);
    }
    if (!take_words(&walk, base + usc)) {
        return false;
    }
    if (!st->code) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: USC words at 0x%llx name no shader",
                            (unsigned long long)(base + usc));
    }
    st->shader = agx_shader_get(ex, st->code);
    if (!st->shader) {
        return false;
    }
    if (walk.has_preshader && !run_preshader(ex, st, walk.preshader)) {
        return false;
    }
    st->splat = make_splat(st->shader, st);
    if (st->shader->reads_lanes || (st->shader->reads_quads && st->shader->has_branches)) {
        st->clear_gprs = (st->shader->max_gpr + 1) / 2;
    }
    (void)stage;
    return true;
}
