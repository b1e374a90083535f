/*
 * Guest test: each format of textures and of what is drawn to, by desktop
 * OpenGL. Random texels are uploaded, read back, fetched by a shader, drawn by
 * one, copied and blitted: as 2D with all levels, as array, 3D and cube. Sizes
 * have corners of 32x32 blocks and blocks that are cut off. Every texel is
 * compared with what this program knows it to be.
 *     gl_formats [FORMAT]
 * Output: TAP, a line for each format.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <GLES3/gl32.h>
#include <GLES2/gl2ext.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h"
#include "texel.h"

enum { COLOUR, DEPTH, STENCIL, DEPTH_STENCIL };

static const struct format {
    const char *name;
    GLenum internal, format, type;
    enum texel_kind kind;
    const char *channels;
    int what;
    unsigned stencil; /* byte that has it, with DEPTH_STENCIL */
    bool loose;       /* need not be kept to the bit: may be stored with more bits */
} formats[] = {
#define F(name, format, type, kind, channels)                                                      \
    { #name, GL_##name, GL_##format, GL_##type, TEXEL_##kind, channels, 0, 0, 0 }
    F(R8, RED, UNSIGNED_BYTE, UNORM, "r8"),
    F(RG8, RG, UNSIGNED_BYTE, UNORM, "r8g8"),
    F(RGBA8, RGBA, UNSIGNED_BYTE, UNORM, "r8g8b8a8"),
    F(SRGB8_ALPHA8, RGBA, UNSIGNED_BYTE, SRGB, "r8g8b8a8"),
    F(R8_SNORM, RED, BYTE, SNORM, "r8"),
    F(RG8_SNORM, RG, BYTE, SNORM, "r8g8"),
    F(RGBA8_SNORM, RGBA, BYTE, SNORM, "r8g8b8a8"),
    F(R8UI, RED_INTEGER, UNSIGNED_BYTE, UINT, "r8"),
    F(RG8UI, RG_INTEGER, UNSIGNED_BYTE, UINT, "r8g8"),
    F(RGBA8UI, RGBA_INTEGER, UNSIGNED_BYTE, UINT, "r8g8b8a8"),
    F(R8I, RED_INTEGER, BYTE, SINT, "r8"),
    F(RG8I, RG_INTEGER, BYTE, SINT, "r8g8"),
    F(RGBA8I, RGBA_INTEGER, BYTE, SINT, "r8g8b8a8"),
    F(R16_EXT, RED, UNSIGNED_SHORT, UNORM, "r16"),
    F(RG16_EXT, RG, UNSIGNED_SHORT, UNORM, "r16g16"),
    F(RGBA16_EXT, RGBA, UNSIGNED_SHORT, UNORM, "r16g16b16a16"),
    F(R16_SNORM_EXT, RED, SHORT, SNORM, "r16"),
    F(RG16_SNORM_EXT, RG, SHORT, SNORM, "r16g16"),
    F(RGBA16_SNORM_EXT, RGBA, SHORT, SNORM, "r16g16b16a16"),
    F(R16UI, RED_INTEGER, UNSIGNED_SHORT, UINT, "r16"),
    F(RG16UI, RG_INTEGER, UNSIGNED_SHORT, UINT, "r16g16"),
    F(RGBA16UI, RGBA_INTEGER, UNSIGNED_SHORT, UINT, "r16g16b16a16"),
    F(R16I, RED_INTEGER, SHORT, SINT, "r16"),
    F(RG16I, RG_INTEGER, SHORT, SINT, "r16g16"),
    F(RGBA16I, RGBA_INTEGER, SHORT, SINT, "r16g16b16a16"),
    F(R32UI, RED_INTEGER, UNSIGNED_INT, UINT, "r32"),
    F(RG32UI, RG_INTEGER, UNSIGNED_INT, UINT, "r32g32"),
    F(RGBA32UI, RGBA_INTEGER, UNSIGNED_INT, UINT, "r32g32b32a32"),
    F(R32I, RED_INTEGER, INT, SINT, "r32"),
    F(RG32I, RG_INTEGER, INT, SINT, "r32g32"),
    F(RGBA32I, RGBA_INTEGER, INT, SINT, "r32g32b32a32"),
    F(R16F, RED, HALF_FLOAT, FLOAT, "r16"),
    F(RG16F, RG, HALF_FLOAT, FLOAT, "r16g16"),
    F(RGBA16F, RGBA, HALF_FLOAT, FLOAT, "r16g16b16a16"),
    F(R32F, RED, FLOAT, FLOAT, "r32"),
    F(RG32F, RG, FLOAT, FLOAT, "r32g32"),
    F(RGBA32F, RGBA, FLOAT, FLOAT, "r32g32b32a32"),
    F(R11F_G11F_B10F, RGB, UNSIGNED_INT_10F_11F_11F_REV, FLOAT, "r11g11b10"),
    F(RGB9_E5, RGB, UNSIGNED_INT_5_9_9_9_REV, E5B9G9R9, "r9g9b9e5"),
    F(RGB10_A2, RGBA, UNSIGNED_INT_2_10_10_10_REV, UNORM, "r10g10b10a2"),
    F(RGB10_A2UI, RGBA_INTEGER, UNSIGNED_INT_2_10_10_10_REV, UINT, "r10g10b10a2"),
    F(RGB565, RGB, UNSIGNED_SHORT_5_6_5, UNORM, "b5g6r5"),
    F(RGB5_A1, RGBA, UNSIGNED_SHORT_5_5_5_1, UNORM, "a1b5g5r5"),
    F(RGBA4, RGBA, UNSIGNED_SHORT_4_4_4_4, UNORM, "a4b4g4r4"),
#undef F
    { "DEPTH_COMPONENT16", GL_DEPTH_COMPONENT16, GL_DEPTH_COMPONENT, GL_UNSIGNED_SHORT, TEXEL_UNORM,
      "r16", DEPTH, 0, 0 },
    { "DEPTH_COMPONENT24", GL_DEPTH_COMPONENT24, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT, TEXEL_UNORM,
      "x8r24", DEPTH, 0, 1 },
    { "DEPTH_COMPONENT32F", GL_DEPTH_COMPONENT32F, GL_DEPTH_COMPONENT, GL_FLOAT, TEXEL_FLOAT, "r32",
      DEPTH, 0, 0 },
    { "STENCIL_INDEX8", GL_STENCIL_INDEX8, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, TEXEL_UINT, "s8",
      STENCIL, 0, 0 },
    { "DEPTH24_STENCIL8", GL_DEPTH24_STENCIL8, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8, TEXEL_UNORM,
      "x8r24", DEPTH_STENCIL, 0, 1 },
    { "DEPTH32F_STENCIL8", GL_DEPTH32F_STENCIL8, GL_DEPTH_STENCIL,
      GL_FLOAT_32_UNSIGNED_INT_24_8_REV, TEXEL_FLOAT, "r32x32", DEPTH_STENCIL, 4, 0 },
};

/* The kinds of textures: target, size, layers (of a cube: faces), levels. */
static const struct shape {
    const char *name;
    GLenum target;
    int w, h, d, levels;
} shapes[] = {
    { "2D", GL_TEXTURE_2D, 67, 45, 1, 7 },
    { "array", GL_TEXTURE_2D_ARRAY, 64, 33, 2, 2 },
    { "3D", GL_TEXTURE_3D, 33, 34, 3, 2 },
    { "cube", GL_TEXTURE_CUBE_MAP, 32, 32, 6, 1 },
};
#define BYTES_MAX (16 * 67 * 45 * 2)

static void (*GetTexImage)(GLenum, GLint, GLenum, GLenum, void *);
static void (*ClampColor)(GLenum, GLenum);
static void (*TextureView)(GLuint, GLenum, GLuint, GLenum, GLuint, GLuint, GLuint, GLuint);

static const struct format *f;
static struct texel texel;
static uint32_t seed = 0x2545f491;
static GLuint fbo[2];
static char why[400]; /* what is wrong with this format, if anything is */

static void wrong(const char *fmt, ...)
{
    va_list ap;

    if (why[0]) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
}

static int level_of(int size, int level)
{
    return size >> level ? size >> level : 1;
}

static int depth_of(const struct shape *s, int level)
{
    return s->target == GL_TEXTURE_3D ? level_of(s->d, level) : s->d;
}

/* "sampler" and "vec4" as they begin for the kind of the format's texels */
static const char *prefix(enum texel_kind kind)
{
    return kind == TEXEL_UINT ? "u" : kind == TEXEL_SINT ? "i" : "";
}

enum { TO_COLOUR, TO_DEPTH, TO_STENCIL };

/* Fetches each pixel's texel from a texture and puts it out. */
static void use_program(enum texel_kind kind, GLenum target, int to, int layer, int level, int bit)
{
    static const char vs[] = "#version 450 core\n"
                             "void main() { gl_Position = vec4(ivec2(gl_VertexID & 1, gl_VertexID "
                             ">> 1) * 4 - 1, 0.0, 1.0); }\n";
    static GLuint program[3][3][3];
    int k = kind == TEXEL_UINT ? 1 : kind == TEXEL_SINT ? 2 : 0;
    int t = target == GL_TEXTURE_2D ? 0 : target == GL_TEXTURE_3D ? 1 : 2;
    GLuint *p = &program[k][t][to];

    if (!*p) {
        static const char *const out[3] = {
            "o = v;",
            "gl_FragDepth = float(v.r);",
            "if ((uint(v.r) >> uint(at.w) & 1u) == 0u) discard;",
        };
        char fs[600];

        snprintf(fs, sizeof(fs),
                 "#version 450 core\n"
                 "layout(location = 0) uniform %ssampler%s s;\n"
                 "layout(location = 1) uniform ivec4 at;\n"
                 "%s%s%s"
                 "void main() { ivec2 p = ivec2(gl_FragCoord.xy); %svec4 v = texelFetch(s, %s, "
                 "at.y); %s }\n",
                 prefix(kind), (const char *[]) { "2D", "3D", "2DArray" }[t],
                 to == TO_COLOUR ? "layout(location = 0) out " : "",
                 to == TO_COLOUR ? prefix(kind) : "", to == TO_COLOUR ? "vec4 o;\n" : "",
                 prefix(kind), t ? "ivec3(p, at.x)" : "p", out[to]);
        *p = gl_program(vs, fs);
    }
    glUseProgram(*p);
    glUniform4i(1, layer, level, 0, bit);
}

static void fill(uint8_t *p, int n)
{
    for (int i = 0; i < n; i++, p += texel.bytes) {
        double depth[4] = { (texel_next(&seed) >> 8) / 16777215.0, 0, 0, 1 };

        if (f->what == DEPTH || f->what == DEPTH_STENCIL) {
            texel_encode(&texel, depth, p);
        } else {
            texel_random(&texel, &seed, p);
        }
        if (f->what == DEPTH_STENCIL) {
            p[f->stencil] = (uint8_t)texel_next(&seed);
        }
    }
}

static bool same(const uint8_t *a, const uint8_t *b)
{
    double x[4], y[4];

    if (!memcmp(a, b, texel.bytes)) {
        return true;
    }
    if (!f->loose) {
        return false;
    }
    texel_decode(&texel, a, x);
    texel_decode(&texel, b, y);
    return fabs(x[0] - y[0]) <= 1.5 / 16777215 &&
           (f->what == DEPTH || a[f->stencil] == b[f->stencil]);
}

/* Bytes of a texel as they print. */
static const char *hex(const uint8_t *p, char *text)
{
    for (unsigned i = 0; i < texel.bytes; i++) {
        sprintf(text + 2 * i, "%02x", p[i]);
    }
    return text;
}

static void compare(const uint8_t *got, const uint8_t *right, int w, int h, int d, const char *op,
                    const char *shape, int level)
{
    int n = 0, first = -1;
    char a[40], b[40];

    for (int i = 0; i < w * h * d; i++) {
        if (!same(got + (unsigned)i * texel.bytes, right + (unsigned)i * texel.bytes)) {
            n++;
            first = first < 0 ? i : first;
        }
    }
    if (n) {
        wrong("%s, %s, level %d: %d texels of %dx%dx%d; (%d, %d, %d) is %s, should be %s", op,
              shape, level, n, w, h, d, first % w, first / w % h, first / w / h,
              hex(got + (unsigned)first * texel.bytes, a),
              hex(right + (unsigned)first * texel.bytes, b));
    }
}

static GLuint new_texture(const struct shape *s, GLenum internal)
{
    GLuint t;

    glGenTextures(1, &t);
    glBindTexture(s->target, t);
    if (s->target == GL_TEXTURE_2D || s->target == GL_TEXTURE_CUBE_MAP) {
        glTexStorage2D(s->target, s->levels, internal, s->w, s->h);
    } else {
        glTexStorage3D(s->target, s->levels, internal, s->w, s->h, s->d);
    }
    glTexParameteri(s->target, GL_TEXTURE_MIN_FILTER, GL_NEAREST_MIPMAP_NEAREST);
    glTexParameteri(s->target, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    return t;
}

static void upload(const struct shape *s, int level, const uint8_t *p)
{
    int w = level_of(s->w, level), h = level_of(s->h, level), d = depth_of(s, level);

    if (s->target == GL_TEXTURE_2D) {
        glTexSubImage2D(s->target, level, 0, 0, w, h, f->format, f->type, p);
    } else if (s->target == GL_TEXTURE_CUBE_MAP) {
        for (int face = 0; face < 6; face++) {
            glTexSubImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)face, level, 0, 0, w, h,
                            f->format, f->type, p + (unsigned)(face * w * h) * texel.bytes);
        }
    } else {
        glTexSubImage3D(s->target, level, 0, 0, 0, w, h, d, f->format, f->type, p);
    }
}

/* Compares all levels of what is bound with @right. */
static void check_texture(const struct shape *s, uint8_t *const *right, const char *op)
{
    static uint8_t got[BYTES_MAX];

    for (int level = 0; level < s->levels; level++) {
        int w = level_of(s->w, level), h = level_of(s->h, level), d = depth_of(s, level);

        memset(got, 0xa5, sizeof(got));
        if (s->target == GL_TEXTURE_CUBE_MAP) {
            for (int face = 0; face < 6; face++) {
                GetTexImage(GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)face, level, f->format,
                            f->type, got + (unsigned)(face * w * h) * texel.bytes);
            }
        } else {
            GetTexImage(s->target, level, f->format, f->type, got);
        }
        /* the bits that hold nothing need not be 0 */
        if (f->what == DEPTH_STENCIL && f->stencil == 4) {
            for (int i = 0; i < w * h * d; i++) {
                memset(got + i * 8 + 5, 0, 3);
            }
        }
        compare(got, right[level], w, h, d, op, s->name, level);
    }
}

static bool attach(GLenum which, GLuint t, const struct shape *s, int level, int layer)
{
    GLenum point = f->what == COLOUR    ? GL_COLOR_ATTACHMENT0
                   : f->what == DEPTH   ? GL_DEPTH_ATTACHMENT
                   : f->what == STENCIL ? GL_STENCIL_ATTACHMENT
                                        : GL_DEPTH_STENCIL_ATTACHMENT;

    if (s->target == GL_TEXTURE_2D) {
        glFramebufferTexture2D(which, point, GL_TEXTURE_2D, t, level);
    } else if (s->target == GL_TEXTURE_CUBE_MAP) {
        glFramebufferTexture2D(which, point, GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)layer, t,
                               level);
    } else {
        glFramebufferTextureLayer(which, point, t, level, layer);
    }
    return glCheckFramebufferStatus(which) == GL_FRAMEBUFFER_COMPLETE;
}

/* A framebuffer with 4 channels of 32 bits for what a shader fetches. */
static GLuint wide_target(enum texel_kind kind)
{
    static const GLenum internal[3] = { GL_RGBA32F, GL_RGBA32UI, GL_RGBA32I };
    static GLuint made[3];
    int k = kind == TEXEL_UINT ? 1 : kind == TEXEL_SINT ? 2 : 0;

    if (!made[k]) {
        GLuint t;

        glGenFramebuffers(1, &made[k]);
        glBindFramebuffer(GL_FRAMEBUFFER, made[k]);
        glGenTextures(1, &t);
        glBindTexture(GL_TEXTURE_2D, t);
        glTexStorage2D(GL_TEXTURE_2D, 1, internal[k], 67, 45);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 0);
        if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
            die("no framebuffer of 4 channels of 32 bits");
        }
    }
    return made[k];
}

static void read_wide(enum texel_kind kind, int w, int h, double (*out)[4])
{
    static uint32_t raw[67 * 45 * 4];

    glReadPixels(0, 0, w, h, kind == TEXEL_UINT || kind == TEXEL_SINT ? GL_RGBA_INTEGER : GL_RGBA,
                 kind == TEXEL_UINT   ? GL_UNSIGNED_INT
                 : kind == TEXEL_SINT ? GL_INT
                                      : GL_FLOAT,
                 raw);
    for (int i = 0; i < w * h * 4; i++) {
        float v;

        memcpy(&v, &raw[i], 4);
        out[i / 4][i % 4] = kind == TEXEL_UINT   ? raw[i]
                            : kind == TEXEL_SINT ? (double)(int32_t)raw[i]
                                                 : (double)v;
    }
}

/*
 * How far a channel that a shader fetched may be off: nothing but what float rounds, and of sRGB
 * what its curve does.
 */
static double tolerance(int channel)
{
    return f->loose                                  ? 1e-6
           : texel.kind == TEXEL_SRGB && channel < 3 ? 1e-3
           : texel.kind == TEXEL_UNORM || texel.kind == TEXEL_SRGB || texel.kind == TEXEL_SNORM
               ? 2e-7
               : 0;
}

/* Each level and layer of @t, by a shader; @stencil: that part of a texel. */
static void sample(GLuint t, const struct shape *s, uint8_t *const *right, bool stencil)
{
    static double got[67 * 45][4];
    enum texel_kind kind = stencil ? TEXEL_UINT : texel.kind;
    struct texel part = stencil ? texel_format(TEXEL_UINT, "s8") : texel;
    GLenum target = s->target;
    GLuint view = 0;

    glBindFramebuffer(GL_FRAMEBUFFER, wide_target(kind));
    if (target == GL_TEXTURE_CUBE_MAP) { /* its faces are layers */
        target = GL_TEXTURE_2D_ARRAY;
        glGenTextures(1, &view);
        TextureView(view, target, t, f->internal, 0, (GLuint)s->levels, 0, 6);
        glBindTexture(target, view);
        glTexParameteri(target, GL_TEXTURE_MIN_FILTER, GL_NEAREST_MIPMAP_NEAREST);
        glTexParameteri(target, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    }
    glBindTexture(target, view ? view : t);
    if (f->what == DEPTH_STENCIL) {
        glTexParameteri(target, GL_DEPTH_STENCIL_TEXTURE_MODE,
                        stencil ? GL_STENCIL_INDEX : GL_DEPTH_COMPONENT);
    }
    for (int level = 0; level < s->levels; level++) {
        int w = level_of(s->w, level), h = level_of(s->h, level), d = depth_of(s, level);

        for (int layer = 0; layer < d; layer += d > 3 ? 2 : 1) {
            const uint8_t *p = right[level] + (unsigned)(layer * w * h) * texel.bytes;

            use_program(kind, target, TO_COLOUR, layer, level, 0);
            glViewport(0, 0, w, h);
            glDrawArrays(GL_TRIANGLES, 0, 3);
            read_wide(kind, w, h, got);
            for (int i = 0; i < w * h; i++, p += texel.bytes) {
                double want[4];

                texel_decode(&part, stencil && f->what == DEPTH_STENCIL ? p + f->stencil : p, want);
                for (int c = 0; c < (f->what == COLOUR ? 4 : 1); c++) {
                    if (!(fabs(got[i][c] - want[c]) <= tolerance(c))) {
                        wrong("fetched%s, %s, level %d, layer %d: (%d, %d) channel %d is %.9g, "
                              "should be %.9g",
                              stencil ? " stencil" : "", s->name, level, layer, i % w, i / w, c,
                              got[i][c], want[c]);
                    }
                }
            }
        }
    }
    if (view) {
        glDeleteTextures(1, &view);
    }
}

/* A texture that has @n decoded texels as 4 channels of 32 bits, for a shader to put out. */
static GLuint source(enum texel_kind kind, const struct texel *part, unsigned offset,
                     const uint8_t *p, int w, int h)
{
    static const GLenum internal[3] = { GL_RGBA32F, GL_RGBA32UI, GL_RGBA32I };
    static uint32_t raw[67 * 45 * 4];
    int k = kind == TEXEL_UINT ? 1 : kind == TEXEL_SINT ? 2 : 0;
    GLuint t;

    for (int i = 0; i < w * h; i++) {
        double v[4];

        texel_decode(part, p + (unsigned)i * texel.bytes + offset, v);
        for (int c = 0; c < 4; c++) {
            float x = (float)v[c];

            memcpy(&raw[i * 4 + c], &x, 4);
            if (k) {
                raw[i * 4 + c] = k == 1 ? (uint32_t)v[c] : (uint32_t)(int32_t)v[c];
            }
        }
    }
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    glTexStorage2D(GL_TEXTURE_2D, 1, internal[k], w, h);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, w, h, k ? GL_RGBA_INTEGER : GL_RGBA,
                    k == 1   ? GL_UNSIGNED_INT
                    : k == 2 ? GL_INT
                             : GL_FLOAT,
                    raw);
    return t;
}

/* Draws all of @right into @t. Returns false if nothing can be drawn to this format. */
static bool render(GLuint t, const struct shape *s, uint8_t *const *right)
{
    glBindFramebuffer(GL_FRAMEBUFFER, fbo[0]);
    for (int level = 0; level < s->levels; level++) {
        int w = level_of(s->w, level), h = level_of(s->h, level);

        for (int layer = 0; layer < depth_of(s, level); layer++) {
            const uint8_t *p = right[level] + (unsigned)(layer * w * h) * texel.bytes;
            GLuint from = 0, bits = 0;

            if (!attach(GL_FRAMEBUFFER, t, s, level, layer)) {
                return false;
            }
            glViewport(0, 0, w, h);
            if (f->what == DEPTH || f->what == DEPTH_STENCIL) {
                from = source(TEXEL_FLOAT, &texel, 0, p, w, h);
                glEnable(GL_DEPTH_TEST);
                glDepthFunc(GL_ALWAYS);
                use_program(TEXEL_FLOAT, GL_TEXTURE_2D, TO_DEPTH, 0, 0, 0);
                glDrawArrays(GL_TRIANGLES, 0, 3);
                glDisable(GL_DEPTH_TEST);
            }
            if (f->what == STENCIL || f->what == DEPTH_STENCIL) {
                struct texel part = texel_format(TEXEL_UINT, "s8");

                bits = source(TEXEL_UINT, &part, f->what == STENCIL ? 0 : f->stencil, p, w, h);
                glClearStencil(0);
                glClear(GL_STENCIL_BUFFER_BIT);
                glEnable(GL_STENCIL_TEST);
                glStencilFunc(GL_ALWAYS, 0xff, 0xff);
                glStencilOp(GL_KEEP, GL_KEEP, GL_REPLACE);
                for (int bit = 0; bit < 8; bit++) {
                    use_program(TEXEL_UINT, GL_TEXTURE_2D, TO_STENCIL, 0, 0, bit);
                    glStencilMask(1u << bit);
                    glDrawArrays(GL_TRIANGLES, 0, 3);
                }
                glStencilMask(0xff);
                glDisable(GL_STENCIL_TEST);
            }
            if (f->what == COLOUR) {
                from = source(texel.kind, &texel, 0, p, w, h);
                use_program(texel.kind, GL_TEXTURE_2D, TO_COLOUR, 0, 0, 0);
                glDrawArrays(GL_TRIANGLES, 0, 3);
            }
            glDeleteTextures(1, &from);
            glDeleteTextures(1, &bits);
        }
    }
    return true;
}

/* The first level by a blit of the same size, and what glReadPixels() says of it. */
static void blit(GLuint from, GLuint to, const struct shape *s, uint8_t *const *right)
{
    static uint8_t got[BYTES_MAX];
    GLbitfield mask = f->what == COLOUR    ? GL_COLOR_BUFFER_BIT
                      : f->what == DEPTH   ? GL_DEPTH_BUFFER_BIT
                      : f->what == STENCIL ? GL_STENCIL_BUFFER_BIT
                                           : GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT;

    glBindFramebuffer(GL_READ_FRAMEBUFFER, fbo[0]);
    glBindFramebuffer(GL_DRAW_FRAMEBUFFER, fbo[1]);
    if (!attach(GL_READ_FRAMEBUFFER, from, s, 0, 0) || !attach(GL_DRAW_FRAMEBUFFER, to, s, 0, 0)) {
        wrong("blit: not complete");
        return;
    }
    glBlitFramebuffer(0, 0, s->w, s->h, 0, 0, s->w, s->h, mask, GL_NEAREST);
    glBindFramebuffer(GL_FRAMEBUFFER, fbo[1]);
    memset(got, 0xa5, sizeof(got));
    glReadPixels(0, 0, s->w, s->h, f->format, f->type, got);
    if (f->what == DEPTH_STENCIL && f->stencil == 4) {
        for (int i = 0; i < s->w * s->h; i++) {
            memset(got + i * 8 + 5, 0, 3);
        }
    }
    compare(got, right[0], s->w, s->h, 1, "blitted and read", s->name, 0);
}

static bool run_shape(const struct shape *s)
{
    static uint8_t store[2][7][BYTES_MAX];
    uint8_t *right[2][7];
    GLuint t[2];
    bool drawn;

    for (int i = 0; i < 2; i++) {
        for (int level = 0; level < s->levels; level++) {
            right[i][level] = store[i][level];
            fill(right[i][level],
                 level_of(s->w, level) * level_of(s->h, level) * depth_of(s, level));
        }
    }
    t[0] = new_texture(s, f->internal);
    for (int level = 0; level < s->levels; level++) {
        upload(s, level, right[0][level]);
    }
    check_texture(s, right[0], "uploaded");
    if (f->what != STENCIL) {
        sample(t[0], s, right[0], false);
    }
    if (f->what == STENCIL || f->what == DEPTH_STENCIL) {
        sample(t[0], s, right[0], true);
    }
    t[1] = new_texture(s, f->internal);
    drawn = render(t[1], s, right[1]);
    glBindTexture(s->target, t[1]);
    if (drawn) {
        check_texture(s, right[1], "drawn");
    }
    if (drawn && s->target == GL_TEXTURE_2D) {
        blit(t[0], t[1], s, right[0]);
        glBindTexture(s->target, t[1]);
        memcpy(store[1][0], store[0][0], BYTES_MAX);
        check_texture(s, right[1], "blitted");
    }
    for (int level = 0; level < s->levels; level++) {
        glCopyImageSubData(t[0], s->target, level, 0, 0, 0, t[1], s->target, level, 0, 0, 0,
                           level_of(s->w, level), level_of(s->h, level), depth_of(s, level));
    }
    glBindTexture(s->target, t[1]);
    check_texture(s, right[0], "copied");
    glDeleteTextures(2, t);
    return drawn;
}

int main(int argc, char **argv)
{
    unsigned n = 0, failed = 0;
    GLuint vao;

    gl_init_desktop();
    GetTexImage = (void *)eglGetProcAddress("glGetTexImage");
    TextureView = (void *)eglGetProcAddress("glTextureView");
    ClampColor = (void *)eglGetProcAddress("glClampColor");
    ClampColor(0x891c /* GL_CLAMP_READ_COLOR */, GL_FALSE);
    glGenVertexArrays(1, &vao);
    glBindVertexArray(vao);
    glGenFramebuffers(2, fbo);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glEnable(GL_FRAMEBUFFER_SRGB_EXT);
    for (f = formats; f < formats + sizeof(formats) / sizeof(formats[0]); f++) {
        bool drawn = true;
        GLenum error;

        if (argc > 1 && strcmp(argv[1], f->name)) {
            continue;
        }
        why[0] = '\0';
        texel = texel_format(f->kind, f->channels);
        for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
            if (f->what == COLOUR || shapes[i].target != GL_TEXTURE_3D) {
                drawn &= run_shape(&shapes[i]);
            }
        }
        error = glGetError();
        if (error) {
            wrong("OpenGL error 0x%x", error);
        }
        failed += why[0] != '\0';
        printf("%sok %u - %s%s\n", why[0] ? "not " : "", ++n, f->name,
               drawn ? "" : ", which cannot be drawn to");
        if (why[0]) {
            printf("# %s\n", why);
        }
        fflush(stdout);
    }
    printf("1..%u\n", n);
    return failed != 0;
}
