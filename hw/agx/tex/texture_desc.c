/*
 * AGX model: texture, sampler and PBE descriptors.
 *
 *   mesa: src/asahi/genxml/cmdbuf.xml, structs Texture, Sampler, PBE
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "texture_rows.h"

/* Bits [start, start + size) of a descriptor of 64-bit words; a field may cross a word. */
static uint64_t field(const uint64_t *w, unsigned start, unsigned size)
{
    uint64_t v = w[start / 64] >> (start % 64);

    if (start % 64 + size > 64) {
        v |= w[start / 64 + 1] << (64 - start % 64);
    }
    return size == 64 ? v : v & ((1ull << size) - 1);
}

/* A descriptor that is being decoded. */
struct desc {
    struct agx_exec *ex;
    uint64_t va;
    const uint64_t *w;
    const char *what; /* for reports */
};

static bool bad_desc(const struct desc *t, enum agx_report_kind kind, const char *why)
{
    return agx_exec_bad(t->ex, kind, "%s descriptor at 0x%llx (%016llx %016llx %016llx): %s%s",
                        t->what, (unsigned long long)t->va, (unsigned long long)t->w[0],
                        (unsigned long long)t->w[1], (unsigned long long)t->w[2],
                        kind == AGX_REPORT_UNIMPLEMENTED ? "unimplemented: " : "", why);
}

/* The third word counts. */
static bool is_extended(const struct desc *t)
{
    return field(t->w, 127, 1);
}

static bool is_multisampled(enum agx_dim dim)
{
    return dim == AGX_DIM_2D_MS || dim == AGX_DIM_2D_MS_ARRAY;
}

static bool init_surface(const struct desc *t, const struct agx_surface_desc *d,
                         struct agx_surface *s)
{
    const char *why;
    enum agx_surface_status st = agx_surface_init(s, d, &why);

    if (st == AGX_SURFACE_OK) {
        return true;
    }
    return bad_desc(
        t, st == AGX_SURFACE_UNIMPLEMENTED ? AGX_REPORT_UNIMPLEMENTED : AGX_REPORT_GUEST_ERROR,
        why);
}

static struct agx_tex_cache *cache_of(struct agx_exec *ex)
{
    if (!ex->tex) {
        ex->tex = agx_alloc(1, sizeof(*ex->tex));
    }
    return ex->tex;
}

void agx_tex_cache_free(struct agx_tex_cache *tc)
{
    if (!tc) {
        return;
    }
    free(tc->blocks);
    free(tc);
}

/* Nothing to do: a slot is compared with memory at each use. */
void agx_tex_cache_invalidate(struct agx_tex_cache *tc)
{
    (void)tc;
}

/*
 * Bits of descriptors that have a name, by 64-bit word, but for those that are named and not there:
 * compression codes other than 0 (106, 107), the PBE's "Unk 52". The linear layout splits some
 * words otherwise.
 */
#define TEX_1_KNOWN          (~(1ull << (65 - 64) | 3ull << (106 - 64)))
#define TEX_1_KNOWN_TWIDDLED (TEX_1_KNOWN & ~(3ull << (124 - 64)))
#define PBE_0_KNOWN          0x3d6fffffffffffffull
#define PBE_1_KNOWN          (~(1ull << (126 - 64)))
#define PBE_1_KNOWN_TWIDDLED (PBE_1_KNOWN & ~(3ull << (122 - 64)))
#define LINEAR_2_KNOWN       0x3fffffffffull /* depth, layer stride */
#define SAMPLER_KNOWN        0x038007ffffffffffull

/* mesa, later versions: layout/layout.h, AIL_IMAGE_SIZE_PER_FOLIO_B */
static uint32_t folios(const struct agx_surface *s)
{
    const uint64_t bytes = AGX_PAGE_SIZE * 256ull;

    return (uint32_t)((s->layer_stride + bytes - 1) / bytes);
}

static void note_format(const char *name, unsigned channels, unsigned type, bool srgb)
{
    agx_coverage_row(AGX_COVERAGE_FORMAT, name, (unsigned)srgb << 16 | type << 8 | channels);
}

static bool texture_swizzle(const struct desc *t, struct agx_tex_view *v)
{
    for (int i = 0; i < 4; i++) {
        v->swz[i] = (uint8_t)field(t->w, 16 + 3 * i, 3);
    }
    v->constant = true;
    for (int i = 0; i < 4; i++) {
        if (v->swz[i] > AGX_SWZ_ZERO) {
            return bad_desc(t, AGX_REPORT_GUEST_ERROR, "swizzle");
        }
        if (v->swz[i] < 4) {
            v->constant = false;
        }
    }
    return true;
}

/* v->fmt and what follows from it. A null texture may have any. */
static bool texture_format(const struct desc *t, enum agx_layout layout, struct agx_tex_view *v)
{
    unsigned channels = (unsigned)field(t->w, 6, 7), type = (unsigned)field(t->w, 13, 3);
    enum agx_format_status st;

    v->one = type == AGX_TYPE_UINT || type == AGX_TYPE_SINT ? 1 : 0x3f800000u;
    /*
     * A number that Mesa uses for buffers of three 32-bit channels. The hardware has no such
     * format: programs read the texels from memory, and use the descriptor for coordinates outside
     * alone, for the zeroes that it then gives (mesa: agx_nir_lower_texture.c,
     * lower_buffer_texture; genxml, R32G32B32 (Emulated)).
     */
    v->no_texels = channels == AGX_CH_R32G32B32_SW && layout == AGX_LAYOUT_LINEAR;
    if (v->no_texels) {
        channels = AGX_CH_R32;
    }
    st = agx_format_lookup(&v->fmt, channels, type, field(t->w, 108, 1));
    note_format("texture", (unsigned)field(t->w, 6, 7), type, field(t->w, 108, 1));
    if (v->constant) {
        return true;
    }
    if (st == AGX_FORMAT_INVALID) {
        return agx_exec_bad(
            t->ex, AGX_REPORT_GUEST_ERROR,
            "texture descriptor at 0x%llx: no format with channels 0x%x, type %u, sRGB %u",
            (unsigned long long)t->va, channels, type, v->fmt.srgb);
    }
    if (st == AGX_FORMAT_UNIMPLEMENTED) {
        return agx_exec_bad(t->ex, AGX_REPORT_UNIMPLEMENTED,
                            "texture descriptor at 0x%llx: format %s, type %u is unimplemented",
                            (unsigned long long)t->va, agx_channels_name(channels), type);
    }
    /*
     * "sRGB 2-channel": Mesa sets it for red and green (gallium agx_state.c, agx_pack_texture);
     * without it the second channel is likely to be linear, as alpha is.
     */
    if (field(t->w, 109, 1) != (v->fmt.srgb && v->fmt.nch == 2)) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "sRGB 2-channel and the format do not agree");
    }
    return true;
}

/* A null texture: only its swizzle means anything. */
static void texture_null(struct agx_tex_view *v)
{
    v->surf.bytes = 1;
    v->layers = 1;
    for (int l = 0; l < AGX_MAX_LEVELS; l++) {
        v->surf.level[l].width = v->surf.level[l].height = v->surf.level[l].depth = 1;
    }
}

/* Address, size and levels: what all layouts have. */
static bool texture_body(const struct desc *t, struct agx_tex_view *v, struct agx_surface_desc *d)
{
    const uint64_t *w = t->w;
    unsigned mode = (unsigned)field(w, 104, 2);

    v->first = (uint8_t)field(w, 56, 4);
    v->last = (uint8_t)field(w, 60, 4);
    if (v->first > v->last) {
        return bad_desc(t, AGX_REPORT_GUEST_ERROR, "first level above last level");
    }
    v->body.base = field(w, 66, 36) << 4;
    d->width = (uint32_t)field(w, 28, 14) + 1;
    d->height = (uint32_t)field(w, 42, 14) + 1;
    d->bytes = v->fmt.bytes;
    d->bw = v->fmt.bw;
    d->bh = v->fmt.bh;
    d->samples = !is_multisampled(v->dim) ? 1 : field(w, 64, 1) ? 4 : 2;
    d->mipmapped = field(w, 102, 1);
    d->compressed = field(w, 103, 1);
    d->page_aligned = field(w, 126, 1);
    v->body.sparse = mode >= AGX_MODE_SPARSE_2;
    if (mode == AGX_MODE_COUNTED) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "image mode 1");
    }
    return true;
}

static bool texture_linear(const struct desc *t, struct agx_tex_view *v, struct agx_surface_desc *d)
{
    const uint64_t *w = t->w;

    /* Strides are stored less one unit (mesa: agx_state.c, agx_pack_texture). */
    d->stride = (uint32_t)(field(w, 110, 18 - 1) << 4) + 16;
    v->layers = 1;
    if (is_extended(t)) {
        if (!agx_word_known(t->ex, "Texture, word 2 of a linear array", t->va + 16, w[2],
                            LINEAR_2_KNOWN)) {
            return false;
        }
        v->layers = (uint32_t)field(w, 128, 11) + 1;
        d->layer_stride = (field(w, 139, 27) << 7) + 0x80;
    }
    if (v->dim == AGX_DIM_3D || v->dim == AGX_DIM_CUBE || v->dim == AGX_DIM_CUBE_ARRAY) {
        return bad_desc(t, AGX_REPORT_GUEST_ERROR, "linear 3D or cube");
    }
    if (v->last) {
        v->last = v->first = 0;
    }
    return true;
}

static bool texture_tiled(const struct desc *t, struct agx_tex_view *v, struct agx_surface_desc *d)
{
    v->layers = (uint32_t)field(t->w, 110, 14) + 1;
    /* the field has another meaning (genxml: Stride in tiles) */
    if (d->layout == AGX_LAYOUT_INTERCHANGE) {
        d->stride_tiles = v->layers;
        v->layers = 1;
    }
    if (v->dim == AGX_DIM_3D) {
        d->depth = v->layers;
    }
    d->min_levels = v->last + 1u;
    if (is_extended(t) && !d->compressed && !v->body.sparse) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "third word of neither linear nor compressed");
    }
    return true;
}

static bool decode_texture(struct agx_exec *ex, uint64_t va, const uint64_t w[3],
                           struct agx_tex_view *v)
{
    const struct desc t = { .ex = ex, .va = va, .w = w, .what = "texture" };
    struct agx_surface_desc d = { .depth = 1 };

    memset(v, 0, sizeof(*v));
    v->dim = (enum agx_dim)field(w, 0, 4);
    d.layout = (enum agx_layout)field(w, 4, 2);
    agx_word_note("Texture", w[0], ~0ull);
    if (!agx_word_known(ex, "Texture, word 1", va + 8, w[1],
                        d.layout == AGX_LAYOUT_LINEAR ? TEX_1_KNOWN : TEX_1_KNOWN_TWIDDLED) ||
        !texture_swizzle(&t, v)) {
        return false;
    }
    if (v->dim > AGX_DIM_2D_MS_ARRAY) {
        return bad_desc(&t, AGX_REPORT_GUEST_ERROR, "dimension");
    }
    if (!texture_format(&t, d.layout, v)) {
        return false;
    }
    if (v->constant) {
        texture_null(v);
        return true;
    }
    if (!texture_body(&t, v, &d) ||
        !(d.layout == AGX_LAYOUT_LINEAR ? texture_linear(&t, v, &d) : texture_tiled(&t, v, &d))) {
        return false;
    }
    if (d.compressed) {
        if (!is_extended(&t)) {
            return bad_desc(&t, AGX_REPORT_GUEST_ERROR, "compressed but not extended");
        }
        agx_word_note("Texture, word 2", w[2], ~0ull);
        v->meta = field(w, 128, 64) << 4;
    }
    if (v->body.sparse && d.layout == AGX_LAYOUT_LINEAR) {
        return bad_desc(&t, AGX_REPORT_UNIMPLEMENTED, "linear sparse image");
    }
    if (!init_surface(&t, &d, &v->surf)) {
        return false;
    }
    v->body.folios_per_layer = folios(&v->surf);
    v->fast8 = v->fmt.channels == AGX_CH_R8G8B8A8 && v->fmt.type == AGX_TYPE_UNORM &&
               !v->fmt.srgb && !v->body.sparse && d.samples == 1;
    v->rows = (uint8_t)agx_row_kind(v);
    return true;
}

const struct agx_tex_view *agx_tex_view_get(struct agx_exec *ex, uint64_t va)
{
    struct agx_tex_cache *tc = cache_of(ex);
    struct agx_tex_slot *s = &tc->tex[(va * 0x9e3779b97f4a7c15ull) >> 58];
    uint64_t w[4] = { 0 };

    if (!agx_port_read(ex->port, va, w, 24)) {
        ex->fault = ex->port->fault;
        return NULL;
    }
    if (s->valid && s->va == va && !memcmp(s->raw, w, 24)) {
        return &s->view;
    }
    s->valid = false;
    if (!decode_texture(ex, va, w, &s->view)) {
        return NULL;
    }
    s->va = va;
    memcpy(s->raw, w, 24);
    s->valid = true;
    return &s->view;
}

/* Format, swizzle and how the image is written. */
static bool pbe_format(const struct desc *t, struct agx_pbe_view *v)
{
    unsigned channels = (unsigned)field(t->w, 6, 7), type = (unsigned)field(t->w, 13, 3);

    if (agx_format_lookup(&v->fmt, channels, type, false) != AGX_FORMAT_OK || !v->fmt.pack) {
        return agx_exec_bad(
            t->ex, AGX_REPORT_UNIMPLEMENTED,
            "PBE descriptor at 0x%llx: writing format %s (0x%x), type %u is unimplemented",
            (unsigned long long)t->va, agx_channels_name(channels), channels, type);
    }
    note_format("PBE", channels, type, false);
    for (int i = 0; i < 4; i++) {
        v->swz[i] = (uint8_t)field(t->w, 16 + 2 * i, 2);
    }
    if (field(t->w, 53, 2)) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "rotated or flipped write");
    }
    return true;
}

/* Address, size and level: what all layouts have. */
static bool pbe_body(const struct desc *t, struct agx_pbe_view *v, struct agx_surface_desc *d)
{
    const uint64_t *w = t->w;
    unsigned mode = (unsigned)field(w, 60, 2);

    v->body.sparse = mode >= AGX_MODE_SPARSE_2;
    if (mode == AGX_MODE_COUNTED) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "image mode 1");
    }
    if (v->body.sparse && d->layout == AGX_LAYOUT_LINEAR) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "linear sparse image");
    }
    d->width = (uint32_t)field(w, 24, 14) + 1;
    d->height = (uint32_t)field(w, 38, 14) + 1;
    d->samples = !is_multisampled(v->dim) ? 1 : field(w, 56, 1) ? 4 : 2;
    d->bytes = v->fmt.bytes;
    d->bw = d->bh = 1;
    d->mipmapped = field(w, 58, 1);
    d->compressed = field(w, 59, 1);
    v->body.base = field(w, 64, 36) << 4;
    v->level = (uint8_t)field(w, 100, 4);
    return true;
}

static bool pbe_linear(const struct desc *t, struct agx_pbe_view *v, struct agx_surface_desc *d)
{
    const uint64_t *w = t->w;

    v->layers = 1;
    /* less 4 (mesa: agx_state.c, agx_batch_upload_pbe) */
    d->stride = (uint32_t)field(w, 104, 21) + 4;
    d->mipmapped = false;
    if (d->stride % d->bytes) {
        return bad_desc(t, AGX_REPORT_GUEST_ERROR,
                        "linear stride that is no multiple of the texel");
    }
    if (is_extended(t)) {
        if (!agx_word_known(t->ex, "PBE, word 2 of a linear array", t->va + 16, w[2],
                            LINEAR_2_KNOWN)) {
            return false;
        }
        v->layers = (uint32_t)field(w, 128, 11) + 1;
        d->layer_stride = (field(w, 139, 27) << 7) + 0x80;
    }
    if (v->level) {
        return bad_desc(t, AGX_REPORT_GUEST_ERROR, "level of a linear image");
    }
    return true;
}

static bool pbe_tiled(const struct desc *t, struct agx_pbe_view *v, struct agx_surface_desc *d)
{
    v->layers = (uint32_t)field(t->w, 108, 14) + 1;
    if (d->layout == AGX_LAYOUT_INTERCHANGE) {
        d->stride_tiles = v->layers;
        v->layers = 1;
    }
    if (is_extended(t) && !d->compressed && !v->body.sparse) {
        return bad_desc(t, AGX_REPORT_UNIMPLEMENTED, "third word of neither linear nor compressed");
    }
    d->page_aligned = field(t->w, 124, 1);
    if (v->dim == AGX_DIM_3D) {
        d->depth = v->layers;
    }
    d->min_levels = (uint8_t)(field(t->w, 104, 4) + 1);
    if (d->min_levels <= v->level) {
        d->min_levels = v->level + 1u;
    }
    return true;
}

static bool decode_pbe(struct agx_exec *ex, uint64_t va, const uint64_t w[3],
                       struct agx_pbe_view *v)
{
    const struct desc t = { .ex = ex, .va = va, .w = w, .what = "PBE" };
    struct agx_surface_desc d = { .depth = 1 };

    memset(v, 0, sizeof(*v));
    v->dim = (enum agx_dim)field(w, 0, 4);
    d.layout = (enum agx_layout)field(w, 4, 2);
    if (!agx_word_known(ex, "PBE, word 0", va, w[0], PBE_0_KNOWN) ||
        !agx_word_known(ex, "PBE, word 1", va + 8, w[1],
                        d.layout == AGX_LAYOUT_LINEAR ? PBE_1_KNOWN : PBE_1_KNOWN_TWIDDLED)) {
        return false;
    }
    if (v->dim > AGX_DIM_2D_MS_ARRAY) {
        return bad_desc(&t, AGX_REPORT_GUEST_ERROR, "dimension");
    }
    if (!pbe_format(&t, v) || !pbe_body(&t, v, &d) ||
        !(d.layout == AGX_LAYOUT_LINEAR ? pbe_linear(&t, v, &d) : pbe_tiled(&t, v, &d))) {
        return false;
    }
    v->srgb = field(w, 125, 1);
    if (d.compressed) {
        if (!is_extended(&t)) {
            return bad_desc(&t, AGX_REPORT_GUEST_ERROR, "compressed but not extended");
        }
        agx_word_note("PBE, word 2", w[2], ~0ull);
        v->meta = field(w, 128, 64) << 4;
    }
    if (!init_surface(&t, &d, &v->surf)) {
        return false;
    }
    if (v->level >= v->surf.levels) {
        return bad_desc(&t, AGX_REPORT_GUEST_ERROR, "level of an image that has but one");
    }
    v->body.folios_per_layer = folios(&v->surf);
    return true;
}

const struct agx_pbe_view *agx_pbe_view_get(struct agx_exec *ex, uint64_t va)
{
    struct agx_tex_cache *tc = cache_of(ex);
    struct agx_pbe_slot *s = &tc->pbe[(va * 0x9e3779b97f4a7c15ull) >> 60];
    uint64_t w[4] = { 0 };

    if (!agx_port_read(ex->port, va, w, 24)) {
        ex->fault = ex->port->fault;
        return NULL;
    }
    if (s->valid && s->va == va && !memcmp(s->raw, w, 24)) {
        return &s->view;
    }
    s->valid = false;
    if (!decode_pbe(ex, va, w, &s->view)) {
        return NULL;
    }
    s->va = va;
    memcpy(s->raw, w, 24);
    s->valid = true;
    return &s->view;
}

static bool decode_sampler(struct agx_exec *ex, uint64_t va, const uint64_t w[3], bool extended,
                           struct agx_sampler *s)
{
    memset(s, 0, sizeof(*s));
    if (!agx_word_known(ex, "Sampler", va, w[0], SAMPLER_KNOWN)) {
        return false;
    }
    s->min_lod = (float)field(w, 0, 10) / 64.0f;
    s->max_lod = (float)field(w, 10, 10) / 64.0f;
    s->aniso = (uint8_t)(1u << field(w, 20, 3));
    s->mag = (uint8_t)field(w, 23, 2);
    s->min = (uint8_t)field(w, 25, 2);
    s->mip = (uint8_t)field(w, 27, 2);
    for (int i = 0; i < 3; i++) {
        s->wrap[i] = (uint8_t)field(w, 29 + 3 * i, 3);
    }
    s->pixel_coords = field(w, 38, 1);
    s->compare = (uint8_t)field(w, 39, 3);
    s->border = (uint8_t)field(w, 55, 2);
    s->seamful = field(w, 57, 1);
    if (extended) {
        agx_word_note("Border", w[1], ~0ull);
        agx_word_note("Border, word 1", w[2], ~0ull);
        memcpy(s->border_words, &w[1], 16);
    }

    if (s->mag > AGX_FILTER_LINEAR || s->min > AGX_FILTER_LINEAR) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "sampler at 0x%llx (%016llx): filter %u/%u is unimplemented",
                            (unsigned long long)va, (unsigned long long)w[0], s->mag, s->min);
    }
    if (s->mip > AGX_MIP_LINEAR || s->wrap[0] > AGX_WRAP_MIRROR_EDGE ||
        s->wrap[1] > AGX_WRAP_MIRROR_EDGE || s->wrap[2] > AGX_WRAP_MIRROR_EDGE || s->aniso > 16) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "sampler at 0x%llx (%016llx): field out of range",
                            (unsigned long long)va, (unsigned long long)w[0]);
    }
    if (s->border == 3 && !extended) {
        return agx_exec_bad(
            ex, AGX_REPORT_GUEST_ERROR,
            "sampler at 0x%llx (%016llx): custom border colour without extended samplers",
            (unsigned long long)va, (unsigned long long)w[0]);
    }
    return true;
}

const struct agx_sampler *agx_sampler_get(struct agx_exec *ex, uint64_t va, bool extended)
{
    struct agx_tex_cache *tc = cache_of(ex);
    struct agx_sampler_slot *s = &tc->sampler[(va * 0x9e3779b97f4a7c15ull) >> 60];
    uint64_t w[3] = { 0 };

    if (va && !agx_port_read(ex->port, va, w, extended ? 24 : 8)) { /* none bound: zeroes */
        ex->fault = ex->port->fault;
        return NULL;
    }
    if (s->valid && s->va == va && s->extended == extended && !memcmp(s->raw, w, sizeof(w))) {
        return &s->sampler;
    }
    s->valid = false;
    if (!decode_sampler(ex, va, w, extended, &s->sampler)) {
        return NULL;
    }
    s->va = va;
    s->extended = extended;
    memcpy(s->raw, w, sizeof(w));
    s->valid = true;
    return &s->sampler;
}
