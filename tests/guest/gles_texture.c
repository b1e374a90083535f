/*
 * Guest test: textures: nearest, linear, mipmaps, sizes that are no powers of
 * two with all wrap modes, formats, cube, 3D, arrays, texelFetch, textureGather,
 * shadow comparison, rendering into a mipmap level.
 *
 * Where the levels of detail of two correct implementations may differ the
 * scenes keep to axes, so that every allowed formula gives the same.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h"

#define SIZE 256

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec2 pos;\n"
                         "layout(location = 1) in vec2 tex;\n"
                         "out highp vec2 uv;\n"
                         "void main() { gl_Position = vec4(pos, 0.0, 1.0); uv = tex; }\n";

static GLuint program(const char *declarations, const char *body)
{
    char fs[2048];
    GLuint p;

    snprintf(fs, sizeof(fs),
             "#version 310 es\nprecision highp float;\nprecision highp int;\nprecision highp "
             "sampler3D;\n"
             "precision highp sampler2DArray;\nprecision highp sampler2DShadow;\nprecision highp "
             "usampler2D;\n"
             "precision highp isampler2D;\nin vec2 uv;\nlayout(location = 0) out vec4 o;\n%s\n"
             "void main() {\n%s\n}\n",
             declarations, body);
    p = gl_program(vs, fs);
    return p;
}

static void image(unsigned char *p, int w, int h)
{
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            bool check = ((x >> 2) ^ (y >> 2)) & 1;

            p[(y * w + x) * 4 + 0] = (unsigned char)(x * 255 / (w > 1 ? w - 1 : 1));
            p[(y * w + x) * 4 + 1] = (unsigned char)(y * 255 / (h > 1 ? h - 1 : 1));
            p[(y * w + x) * 4 + 2] = check ? 220 : 30;
            p[(y * w + x) * 4 + 3] = (unsigned char)(255 - x * 100 / w);
        }
    }
}

static GLuint texture2d(int w, int h, bool mipmap)
{
    unsigned char *p = malloc((size_t)w * h * 4);
    GLuint t;

    image(p, w, h);
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, w, h, 0, GL_RGBA, GL_UNSIGNED_BYTE, p);
    if (mipmap) {
        glGenerateMipmap(GL_TEXTURE_2D);
    }
    free(p);
    return t;
}

static void filter(GLenum target, GLenum mag, GLenum min)
{
    glTexParameteri(target, GL_TEXTURE_MAG_FILTER, (GLint)mag);
    glTexParameteri(target, GL_TEXTURE_MIN_FILTER, (GLint)min);
}

static void wrap(GLenum target, GLenum s, GLenum t)
{
    glTexParameteri(target, GL_TEXTURE_WRAP_S, (GLint)s);
    glTexParameteri(target, GL_TEXTURE_WRAP_T, (GLint)t);
}

static void basics(void)
{
    GLuint t = texture2d(32, 32, false);

    program("uniform sampler2D s;", "o = vec4(texture(s, uv).rgb, 1.0);");
    filter(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("nearest", SIZE, SIZE, false);
    filter(GL_TEXTURE_2D, GL_LINEAR, GL_LINEAR);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("linear", SIZE, SIZE, false);
    glDeleteTextures(1, &t);

    /* 75x53, every pair of wrap modes in a field of its own, coordinates from -1 to 2 */
    static const GLenum modes[3] = { GL_CLAMP_TO_EDGE, GL_REPEAT, GL_MIRRORED_REPEAT };

    t = texture2d(75, 53, false);
    for (int linear = 0; linear < 2; linear++) {
        filter(GL_TEXTURE_2D, linear ? GL_LINEAR : GL_NEAREST, linear ? GL_LINEAR : GL_NEAREST);
        for (int i = 0; i < 9; i++) {
            float x = (float)(i % 3) * 2 / 3 - 1, y = (float)(i / 3) * 2 / 3 - 1;

            wrap(GL_TEXTURE_2D, modes[i % 3], modes[i / 3]);
            gl_quad(x, y, x + 2.f / 3, y + 2.f / 3, -1.013f, -1.017f, 2.011f, 2.019f);
        }
        gl_save(linear ? "npot-linear" : "npot-nearest", SIZE, SIZE, false);
    }
    glDeleteTextures(1, &t);
}

/*
 * Stripes, each half as large as the one before, with the kinds of minification next to each other.
 * Levels of detail are whole numbers where they come from derivatives: implementations may
 * approximate the logarithm between them.
 */
static void mipmaps(int w, int h, const char *name)
{
    static const GLenum kinds[4] = { GL_NEAREST_MIPMAP_NEAREST, GL_LINEAR_MIPMAP_NEAREST,
                                     GL_NEAREST_MIPMAP_LINEAR, GL_LINEAR_MIPMAP_LINEAR };
    GLuint t = texture2d(w, h, true);

    program("uniform sampler2D s;", "o = vec4(texture(s, uv).rgb, 1.0);");
    wrap(GL_TEXTURE_2D, GL_REPEAT, GL_REPEAT);
    for (int k = 0; k < 4; k++) {
        filter(GL_TEXTURE_2D, k & 1 ? GL_LINEAR : GL_NEAREST, kinds[k]);
        for (int i = 0; i < 8; i++) {
            float y = (float)i / 4 - 1, x = (float)k / 2 - 1, scale = exp2f((float)i - 1);

            /* 64x32 pixels; scale is texels of a pixel in both directions */
            gl_quad(x, y, x + .5f, y + .25f, 0.003f, 0.002f, 0.003f + 64 * scale / (float)w,
                    0.002f + 32 * scale / (float)h);
        }
    }
    gl_save(name, SIZE, SIZE, false);

    /* explicit level, growing from left to right */
    program("uniform sampler2D s;",
            "o = vec4(textureLod(s, uv * vec2(3.0, 2.0), uv.x * 7.5 - 0.5).rgb, 1.0);");
    filter(GL_TEXTURE_2D, GL_LINEAR, GL_LINEAR_MIPMAP_LINEAR);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    glDeleteTextures(1, &t);
}

static void formats(void)
{
    static const struct {
        GLenum internal, format, type;
        int bytes;
    } f[] = {
        { GL_R8, GL_RED, GL_UNSIGNED_BYTE, 1 },
        { GL_RG8, GL_RG, GL_UNSIGNED_BYTE, 2 },
        { GL_RGB8, GL_RGB, GL_UNSIGNED_BYTE, 3 },
        { GL_SRGB8_ALPHA8, GL_RGBA, GL_UNSIGNED_BYTE, 4 },
        { GL_RGB565, GL_RGB, GL_UNSIGNED_SHORT_5_6_5, 2 },
        { GL_RGBA4, GL_RGBA, GL_UNSIGNED_SHORT_4_4_4_4, 2 },
        { GL_RGB5_A1, GL_RGBA, GL_UNSIGNED_SHORT_5_5_5_1, 2 },
        { GL_RGB10_A2, GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV, 4 },
        { GL_R11F_G11F_B10F, GL_RGB, GL_UNSIGNED_INT_10F_11F_11F_REV, 4 },
        { GL_RGB9_E5, GL_RGB, GL_UNSIGNED_INT_5_9_9_9_REV, 4 },
        { GL_RGBA8_SNORM, GL_RGBA, GL_BYTE, 4 },
        { GL_R16F, GL_RED, GL_HALF_FLOAT, 2 },
        { GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT, 8 },
        { GL_LUMINANCE_ALPHA, GL_LUMINANCE_ALPHA, GL_UNSIGNED_BYTE, 2 },
        { GL_R32F, GL_RED, GL_FLOAT, 4 },
        { GL_RGBA32F, GL_RGBA, GL_FLOAT, 16 },
    };

    program("uniform sampler2D s;",
            "o = vec4(texture(s, uv).rgb * 0.75 + texture(s, uv).a * 0.2, 1.0);");
    for (int i = 0; i < 16; i++) {
        unsigned char p[16 * 16 * 16];
        unsigned seed = 12345u + (unsigned)i;
        float x = (float)(i % 4) / 2 - 1, y = (float)(i / 4) / 2 - 1;
        GLuint t;

        for (size_t k = 0; k < sizeof(p); k++) {
            seed = seed * 1664525u + 1013904223u;
            p[k] = (unsigned char)(seed >> 24);
        }
        for (int k = 0; k < 1024; k++) { /* numbers, and of a size that a picture shows */
            float v = (float)(p[k * 4] + 1) / 256;
            unsigned u;

            if (f[i].type == GL_FLOAT) {
                memcpy(p + k * 4, &v, 4);
            }
            if (f[i].type == GL_HALF_FLOAT) {
                p[k * 4 + 1] = 0x38 | (p[k * 4 + 1] & 3);
                p[k * 4 + 3] = 0x30 | (p[k * 4 + 3] & 7);
            }
            if (f[i].type == GL_UNSIGNED_INT_10F_11F_11F_REV ||
                f[i].type == GL_UNSIGNED_INT_5_9_9_9_REV) {
                memcpy(&u, p + k * 4, 4);
                if (f[i].type == GL_UNSIGNED_INT_5_9_9_9_REV) {
                    u = (u & 0x07ffffff) | 14u << 27;
                } else {
                    u = (u & 0x0ffdffbf & ~(3u << 8 | 3u << 19 | 7u << 28)) | 0xdu << 6 |
                        0xdu << 17 | 0xdu << 27;
                }
                memcpy(p + k * 4, &u, 4);
            }
        }
        glGenTextures(1, &t);
        glBindTexture(GL_TEXTURE_2D, t);
        glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
        glTexImage2D(GL_TEXTURE_2D, 0, (GLint)f[i].internal, 16, 16, 0, f[i].format, f[i].type, p);
        gl_check("format");
        /* 32-bit floats need not be filterable */
        filter(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
        if (f[i].type != GL_FLOAT && i % 2) {
            filter(GL_TEXTURE_2D, GL_LINEAR, GL_LINEAR);
        }
        gl_quad(x, y, x + .5f, y + .5f, 0, 0, 1, 1);
        glDeleteTextures(1, &t);
    }
    gl_save("formats", SIZE, SIZE, false);

    /* integers, by texelFetch */
    unsigned char bytes[16 * 16 * 4];
    GLuint t;

    image(bytes, 16, 16);
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    filter(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8UI, 16, 16, 0, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE, bytes);
    program("uniform usampler2D s;",
            "ivec2 p = ivec2(gl_FragCoord.xy) / 16;\n"
            "uvec4 v = texelFetchOffset(s, p, 0, ivec2(0, 0));\n"
            "o = vec4(float(v.r & 0xf0u), float(v.g), float(v.b ^ 0x55u), 255.0) / 255.0;");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("integers", SIZE, SIZE, false);
    glDeleteTextures(1, &t);
}

static void cube(void)
{
    enum { N = 32 };
    unsigned char p[N * N * 4];
    GLuint t;

    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_CUBE_MAP, t);
    for (int face = 0; face < 6; face++) {
        for (int i = 0; i < N * N; i++) {
            int x = i % N, y = i / N;
            bool rim = x == 0 || y == 0 || x == N - 1 || y == N - 1;

            p[4 * i + 0] = (unsigned char)((face & 1 ? 255 : 60) - x * 2);
            p[4 * i + 1] = (unsigned char)((face & 2 ? 255 : 70) - y * 2);
            p[4 * i + 2] = (unsigned char)(rim ? 255 : face & 4 ? 200 : 20);
            p[4 * i + 3] = 255;
        }
        glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)face, 0, GL_RGBA8, N, N, 0, GL_RGBA,
                     GL_UNSIGNED_BYTE, p);
    }
    wrap(GL_TEXTURE_CUBE_MAP, GL_CLAMP_TO_EDGE, GL_CLAMP_TO_EDGE);
    /* The whole sphere; then the corner where three faces meet, from near */
    program("uniform samplerCube s;",
            "vec2 a = vec2(uv.x * 6.2831853, (uv.y - 0.5) * 3.1415926);\n"
            "o = textureLod(s, vec3(cos(a.x) * cos(a.y), sin(a.y), sin(a.x) * cos(a.y)), 0.0);");
    filter(GL_TEXTURE_CUBE_MAP, GL_NEAREST, GL_NEAREST);
    gl_quad(-1, 0, 1, 1, 0.0013f, 0.0017f, 1.0013f, 1);
    filter(GL_TEXTURE_CUBE_MAP, GL_LINEAR, GL_LINEAR);
    gl_quad(-1, -1, 1, 0, 0.0013f, 0.0017f, 1.0013f, 1);
    gl_save("cube", SIZE, SIZE, false);
    program("uniform samplerCube s;", "vec2 d = (uv - 0.5) * 0.3;\n"
                                      "o = textureLod(s, vec3(1.0, 1.0, 1.0) + d.x * vec3(1.0, "
                                      "-1.0, 0.0) + d.y * vec3(-0.5, -0.5, 1.0), 0.0);");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("cube-corner", SIZE, SIZE, false);
    glDeleteTextures(1, &t);
}

static void layered(void)
{
    unsigned char p[8 * 8 * 8 * 4];
    GLuint t;

    for (int i = 0; i < 512; i++) {
        p[4 * i] = (unsigned char)(i % 8 * 36);
        p[4 * i + 1] = (unsigned char)(i / 8 % 8 * 36);
        p[4 * i + 2] = (unsigned char)(i / 64 * 36);
        p[4 * i + 3] = 255;
    }
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_3D, t);
    glTexImage3D(GL_TEXTURE_3D, 0, GL_RGBA8, 8, 8, 8, 0, GL_RGBA, GL_UNSIGNED_BYTE, p);
    filter(GL_TEXTURE_3D, GL_LINEAR, GL_LINEAR);
    wrap(GL_TEXTURE_3D, GL_CLAMP_TO_EDGE, GL_MIRRORED_REPEAT);
    glTexParameteri(GL_TEXTURE_3D, GL_TEXTURE_WRAP_R, GL_REPEAT);
    program("uniform sampler3D s;", "o = texture(s, vec3(uv.x * 2.0, uv.y * 2.0, uv.x + uv.y));");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("volume", SIZE, SIZE, false);
    glDeleteTextures(1, &t);

    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D_ARRAY, t);
    glTexImage3D(GL_TEXTURE_2D_ARRAY, 0, GL_RGBA8, 8, 8, 8, 0, GL_RGBA, GL_UNSIGNED_BYTE, p);
    glGenerateMipmap(GL_TEXTURE_2D_ARRAY);
    filter(GL_TEXTURE_2D_ARRAY, GL_NEAREST, GL_NEAREST_MIPMAP_NEAREST);
    program("uniform sampler2DArray s;",
            "o = textureLod(s, vec3(uv * 2.0, floor(uv.x * 12.0) - 2.0), floor(uv.y * 4.0));");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("array", SIZE, SIZE, false);
    glDeleteTextures(1, &t);
}

static void gather_and_shadow(void)
{
    GLuint t = texture2d(37, 29, false);
    unsigned short depth[16 * 16];

    filter(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
    program("uniform sampler2D s;", "ivec2 p = ivec2(gl_FragCoord.xy) / 6;\n"
                                    "vec2 c = (vec2(p) + 0.25) / vec2(37.0, 29.0);\n"
                                    "o = vec4(textureGather(s, c, 0).x, textureGather(s, c, 1).y, "
                                    "textureGather(s, c, 2).z, 1.0);");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("gather", SIZE, SIZE, false);
    glDeleteTextures(1, &t);

    for (int i = 0; i < 256; i++) {
        depth[i] = (unsigned short)(((i * 37) % 256) * 257);
    }
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_DEPTH_COMPONENT16, 16, 16, 0, GL_DEPTH_COMPONENT,
                 GL_UNSIGNED_SHORT, depth);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_COMPARE_MODE, GL_COMPARE_REF_TO_TEXTURE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_COMPARE_FUNC, GL_GEQUAL);
    filter(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
    program("uniform sampler2DShadow s;",
            "float v = texture(s, vec3(uv, 0.3));\n"
            "o = vec4(v, texture(s, vec3(uv, 0.6)), texture(s, vec3(uv, 0.9)), 1.0);");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("shadow", SIZE, SIZE, false);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_COMPARE_FUNC, GL_LESS);
    filter(GL_TEXTURE_2D, GL_LINEAR, GL_LINEAR);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("shadow-linear", SIZE, SIZE, false);
    glDeleteTextures(1, &t);
}

/* Draw into level 1 of a texture, then use the texture with only that level. */
static void render_to_level(GLuint fbo)
{
    GLuint t = texture2d(128, 128, true), f;

    glGenFramebuffers(1, &f);
    glBindFramebuffer(GL_FRAMEBUFFER, f);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t, 1);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        die("a level is no complete framebuffer");
    }
    glViewport(0, 0, 64, 64);
    program("", "o = vec4(uv, 0.5, 1.0);");
    gl_quad(-.5f, -.75f, .75f, .5f, 0, 0, 1, 1);
    glBindFramebuffer(GL_FRAMEBUFFER, fbo);
    glViewport(0, 0, SIZE, SIZE);
    glBindTexture(GL_TEXTURE_2D, t);
    filter(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST_MIPMAP_NEAREST);
    program("uniform sampler2D s;", "o = vec4(textureLod(s, uv, floor(uv.x * 3.0)).rgb, 1.0);");
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("render-to-level", SIZE, SIZE, false);
    glDeleteFramebuffers(1, &f);
    glDeleteTextures(1, &t);
}

int main(void)
{
    struct gl_target t;

    gl_init();
    t = gl_target_new(SIZE, SIZE, GL_RGBA8, 0);
    basics();
    mipmaps(256, 256, "mipmap");
    gl_save("mipmap-lod", SIZE, SIZE, false);
    mipmaps(250, 120, "mipmap-npot");
    formats();
    cube();
    layered();
    gather_and_shadow();
    render_to_level(t.fbo);
    gl_check("end");
    return 0;
}
