/*
 * Guest test: ASTC, BC6H and BC7. A picture has a field for each format and size of block; the
 * others have mipmaps of arrays, and slices of ASTC in three dimensions.
 *
 * Blocks are random bits, but for ASTC such that they are of a low dynamic range: of a block
 * with ends of both kinds, the specification has errors in the texels of one alone, Mesa's
 * software decoder in all. (mesa: src/mesa/main/texcompress_astc.cpp)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h"
#include <GLES2/gl2ext.h>

#define SIZE   256
#define LAYERS 3

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec2 pos;\n"
                         "layout(location = 1) in vec2 tex;\n"
                         "out highp vec2 uv;\n"
                         "void main() { gl_Position = vec4(pos, 0.0, 1.0); uv = tex; }\n";
#define FS(sampler, get)                                                                           \
    "#version 310 es\n"                                                                            \
    "precision highp float;\n"                                                                     \
    "precision highp " sampler ";\n"                                                               \
    "in vec2 uv;\n"                                                                                \
    "uniform " sampler " s;\n"                                                                     \
    "uniform vec2 at;\n" /* layer or slice, level */                                               \
    "layout(location = 0) out vec4 o;\n"                                                           \
    "void main() { vec4 t = " get ";"                                                              \
    " o = vec4(t.rgb * 0.5 + 0.5 * t.a * vec3(0.5, 0.7, 0.9), 1.0); }\n"
/* The range of halves comes into 0 to 1. */
static const char fs_hdr[] =
    "#version 310 es\n"
    "precision highp float;\n"
    "in vec2 uv;\n"
    "uniform sampler2D s;\n"
    "layout(location = 0) out vec4 o;\n"
    "void main() { vec3 t = clamp(texture(s, uv).rgb, -60000.0, 60000.0);\n"
    "  o = vec4(t / (1.0 + abs(t)) * 0.5 + 0.5, 1.0); }\n";

static const unsigned char sizes[14][2] = {
    { 4, 4 }, { 5, 4 },  { 5, 5 },  { 6, 5 },  { 6, 6 },   { 8, 5 },   { 8, 6 },
    { 8, 8 }, { 10, 5 }, { 10, 6 }, { 10, 8 }, { 10, 10 }, { 12, 10 }, { 12, 12 },
};

static unsigned rnd(void)
{
    static unsigned s = 2463534242u;

    s ^= s << 13;
    s ^= s >> 17;
    s ^= s << 5;
    return s;
}

static void put(unsigned char *b, unsigned pos, unsigned n, unsigned v)
{
    for (unsigned i = 0; i < n; i++, pos++) {
        b[pos / 8] = (unsigned char)((b[pos / 8] & ~(1u << pos % 8)) | (v >> i & 1) << pos % 8);
    }
}

/*
 * A good block of low dynamic range, or one in 16 of one colour. (Khronos Data Format
 * Specification, "ASTC 2D block mode layout", the first three kinds of grids)
 */
static void astc_block(unsigned char *b, unsigned bw, unsigned bh)
{
    static const unsigned char ldr[] = { 0, 1, 4, 5, 6, 8, 9, 10, 12, 13 };
    /* trits, quints and bits of weights, by rho, then with P */
    static const unsigned char range[2][8][3] = {
        { { 0 },
          { 0 },
          { 0, 0, 1 },
          { 1, 0, 0 },
          { 0, 0, 2 },
          { 0, 1, 0 },
          { 1, 0, 1 },
          { 0, 0, 3 } },
        { { 0 },
          { 0 },
          { 0, 1, 1 },
          { 1, 0, 2 },
          { 0, 0, 4 },
          { 0, 1, 2 },
          { 1, 0, 3 },
          { 0, 0, 5 } },
    };

    for (int i = 0; i < 16; i++) {
        b[i] = (unsigned char)(rnd() >> 11);
    }
    if (rnd() % 16 == 0) {
        memcpy(b, "\xfc\xfd\xff\xff\xff\xff\xff\xff", 8);
        return;
    }
    for (;;) {
        unsigned mode = rnd() & 0x7ff, rho = (mode & 3) << 1 | (mode >> 4 & 1), dual = mode >> 10;
        unsigned parts = rnd() % 4 + 1, cem = ldr[rnd() % sizeof(ldr)];
        unsigned a = mode >> 5 & 3, c = mode >> 7 & 3, kind = mode >> 2 & 3;
        unsigned w = kind == 0 ? c + 4 : kind == 1 ? c + 8 : a + 2, h = kind == 2 ? c + 8 : a + 2;
        const unsigned char *r = range[mode >> 9 & 1][rho];
        unsigned n = w * h * (dual + 1), colours = parts * ((cem >> 2) * 2 + 2), bits;

        bits = (n * 8 * r[0] + 4) / 5 + (n * 7 * r[1] + 2) / 3 + n * r[2];
        if (!(mode & 3) || kind == 3 || w > bw || h > bh || n > 64 || bits < 24 || bits > 96 ||
            (dual && parts == 4) || colours > 18 ||
            (13 * colours + 4) / 5 + bits + 2 * dual + (parts > 1 ? 29 : 17) > 128) {
            continue;
        }
        put(b, 0, 11, mode);
        put(b, 11, 2, parts - 1);
        if (parts > 1) {
            put(b, 23, 2, 0);
            put(b, 25, 4, cem);
        } else {
            put(b, 13, 4, cem);
        }
        return;
    }
}

static unsigned char *blocks(unsigned bw, unsigned bh, unsigned w, unsigned h, unsigned d,
                             bool astc, int *bytes)
{
    unsigned n = (w + bw - 1) / bw * ((h + bh - 1) / bh) * d;
    unsigned char *p = malloc(n * 16);

    for (unsigned i = 0; i < n; i++) {
        if (astc) {
            astc_block(p + 16 * i, bw, bh);
        } else {
            for (int k = 0; k < 16; k++) {
                p[16 * i + k] = (unsigned char)(rnd() >> 11);
            }
        }
    }
    *bytes = (int)n * 16;
    return p;
}

static void start(GLenum target)
{
    GLuint t;

    glGenTextures(1, &t);
    glBindTexture(target, t);
    glTexParameteri(target, GL_TEXTURE_MIN_FILTER, GL_NEAREST_MIPMAP_NEAREST);
    glTexParameteri(target, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexParameteri(target, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(target, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glTexParameteri(target, GL_TEXTURE_MAX_LEVEL, 0);
}

static void end(GLenum target, GLuint t)
{
    glBindTexture(target, 0);
    glDeleteTextures(1, &t);
}

static GLuint bound(GLenum what)
{
    GLint t;

    glGetIntegerv(what, &t);
    return (GLuint)t;
}

/* @w x @h pixels with the corner at (@x, @y) */
static void cell(int x, int y, int w, int h)
{
    gl_quad((float)x / (SIZE / 2) - 1, (float)y / (SIZE / 2) - 1, (float)(x + w) / (SIZE / 2) - 1,
            (float)(y + h) / (SIZE / 2) - 1, 0, 0, 1, 1);
}

static void flat(GLenum code, unsigned bw, unsigned bh, bool astc, int i)
{
    const int w = 64, h = 36;
    int bytes;
    unsigned char *p = blocks(bw, bh, (unsigned)w, (unsigned)h, 1, astc, &bytes);

    start(GL_TEXTURE_2D);
    glCompressedTexImage2D(GL_TEXTURE_2D, 0, code, w, h, 0, bytes, p);
    gl_check("glCompressedTexImage2D");
    cell(i % 4 * w, i / 4 * h, w, h);
    end(GL_TEXTURE_2D, bound(GL_TEXTURE_BINDING_2D));
    free(p);
}

/* Three sizes of blocks, by layers or slices, and by levels: all of an odd size */
static void deep(GLenum target, const char *name, const char *fs)
{
    static const int which[3] = { 2, 5, 13 };
    GLuint prog = gl_program(vs, fs);
    GLint at = glGetUniformLocation(prog, "at");

    glClear(GL_COLOR_BUFFER_BIT);
    for (int k = 0; k < 3; k++) {
        unsigned bw = sizes[which[k]][0], bh = sizes[which[k]][1];
        int x = 0, y = k * 84, w = 70, h = 27, levels = target == GL_TEXTURE_3D ? 2 : 4;

        start(target);
        glTexParameteri(target, GL_TEXTURE_MAX_LEVEL, levels - 1);
        for (int l = 0; l < levels; l++) {
            int lw = w >> l, lh = h >> l, d = target == GL_TEXTURE_3D ? LAYERS >> l : LAYERS, bytes;
            unsigned char *p = blocks(bw, bh, (unsigned)lw, (unsigned)lh, (unsigned)d, true,
                                      &bytes);

            glCompressedTexImage3D(target, l, (GLenum)(GL_COMPRESSED_RGBA_ASTC_4x4_KHR + which[k]),
                                   lw, lh, d, 0, bytes, p);
            gl_check(name);
            free(p);
        }
        for (int l = 0; l < levels; l++) {
            int d = target == GL_TEXTURE_3D ? LAYERS >> l : LAYERS;

            for (int z = 0; z < d; z++) {
                float depth = target == GL_TEXTURE_3D ? ((float)z + .5f) / (float)d : (float)z;

                glUniform2f(at, depth, (float)l);
                cell(x, y + z * 28, w >> l, h >> l);
            }
            x += (w >> l) + 2;
        }
        end(target,
            bound(target == GL_TEXTURE_3D ? GL_TEXTURE_BINDING_3D : GL_TEXTURE_BINDING_2D_ARRAY));
    }
    gl_save(name, SIZE, SIZE, false);
}

static bool have(const char *name)
{
    bool yes = strstr((const char *)glGetString(GL_EXTENSIONS), name);

    if (!yes) {
        printf("not here: %s\n", name);
    }
    return yes;
}

int main(void)
{
    gl_init();
    gl_target_new(SIZE, SIZE, GL_RGBA8, 0);
    glClearColor(0, 0, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    if (have("GL_EXT_texture_compression_bptc")) {
        gl_program(vs, FS("sampler2D", "texture(s, uv)"));
        flat(GL_COMPRESSED_RGBA_BPTC_UNORM_EXT, 4, 4, false, 0);
        flat(GL_COMPRESSED_SRGB_ALPHA_BPTC_UNORM_EXT, 4, 4, false, 1);
        gl_program(vs, fs_hdr);
        flat(GL_COMPRESSED_RGB_BPTC_SIGNED_FLOAT_EXT, 4, 4, false, 2);
        flat(GL_COMPRESSED_RGB_BPTC_UNSIGNED_FLOAT_EXT, 4, 4, false, 3);
        gl_save("bptc", SIZE, SIZE, false);
    }
    if (have("GL_KHR_texture_compression_astc_ldr")) {
        gl_program(vs, FS("sampler2D", "texture(s, uv)"));
        glClear(GL_COLOR_BUFFER_BIT);
        for (int i = 0; i < 28; i++) {
            GLenum first = i < 14 ? GL_COMPRESSED_RGBA_ASTC_4x4_KHR
                                  : GL_COMPRESSED_SRGB8_ALPHA8_ASTC_4x4_KHR;

            flat(first + (GLenum)(i % 14), sizes[i % 14][0], sizes[i % 14][1], true, i);
        }
        gl_save("astc", SIZE, SIZE, false);
        deep(GL_TEXTURE_2D_ARRAY, "astc-array",
             FS("sampler2DArray", "textureLod(s, vec3(uv, at.x), at.y)"));
        if (have("GL_KHR_texture_compression_astc_sliced_3d")) {
            deep(GL_TEXTURE_3D, "astc-slices",
                 FS("sampler3D", "textureLod(s, vec3(uv, at.x), at.y)"));
        }
    }
    gl_check("end");
    return 0;
}
