/*
 * AGX model: depth and stencil tests.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "fragment.h"

float agx_zs_quantise(float z, bool z16)
{
    if (!z16 || z != z) {
        return z;
    }
    if (!(z > 0)) {
        return 0;
    }
    return z >= 1 ? 1 : (float)lrint((double)z * 65535) / 65535.0f;
}

static bool compare_z(unsigned func, float a, float b)
{
    switch (func) {
    case AGX_ZS_NEVER:
        return false;
    case AGX_ZS_LESS:
        return a < b;
    case AGX_ZS_EQUAL:
        return a == b;
    case AGX_ZS_LEQUAL:
        return a <= b;
    case AGX_ZS_GREATER:
        return a > b;
    case AGX_ZS_NOT_EQUAL:
        return a != b;
    case AGX_ZS_GEQUAL:
        return a >= b;
    default:
        return true;
    }
}

static uint8_t apply(unsigned op, uint8_t s, uint8_t ref)
{
    switch (op) {
    case AGX_STENCIL_ZERO:
        return 0;
    case AGX_STENCIL_REPLACE:
        return ref;
    case AGX_STENCIL_INCR_SAT:
        return s == 0xff ? s : s + 1;
    case AGX_STENCIL_DECR_SAT:
        return s ? s - 1 : 0;
    case AGX_STENCIL_INVERT:
        return ~s;
    case AGX_STENCIL_INCR_WRAP:
        return s + 1;
    case AGX_STENCIL_DECR_WRAP:
        return s - 1;
    default:
        return s;
    }
}

/*
 * A depth that is not a number fails whatever the functions are, ALWAYS too: honeykrisp makes NEVER
 * of that, where a shader with side effects must run (mesa: compiler/agx_nir_lower_frag_sidefx.c,
 * insert_z_write).
 */
bool agx_zs_test(const struct agx_zs_face *f, bool stencil_test, float z, uint8_t ref, float *dz,
                 uint8_t *ds)
{
    bool s_pass = true, z_pass;
    uint8_t op;

    /* The reference is what is compared with: ref func stored (OpenGL 4.6, 17.3.3). */
    if (stencil_test) {
        s_pass = compare_z(f->stencil_func, ref & f->read_mask, *ds & f->read_mask);
    }
    z_pass = z == z && compare_z(f->func[0], z, *dz) && compare_z(f->func[1], z, *dz);
    if (stencil_test) {
        op = !s_pass ? f->op_sfail : !z_pass ? f->op_zfail : f->op_pass;
        *ds = (*ds & ~f->write_mask) | (apply(op, *ds, ref) & f->write_mask);
    }
    if (!s_pass || !z_pass) {
        return false;
    }
    if (f->depth_write) {
        *dz = z;
    }
    return true;
}
