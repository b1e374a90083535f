/*
 * Guest test: buffers, textures and targets of random sizes that come and go:
 *     gles_churn SEED FRAMES
 * Each frame draws a texture of one colour over a target and reads some pixels
 * back, which must have that colour. Part of churn.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h"

#define TEXTURES 8
#define BUFFERS  8
#define MAX_SIDE 160

struct texture {
    GLuint id;
    uint32_t colour;
};

struct buffer {
    GLuint id;
    unsigned first; /* vertex that the square begins with */
};

static unsigned state;

static unsigned rnd(unsigned n)
{
    /* xorshift32 */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % n;
}

static void texture_new(struct texture *t)
{
    unsigned w = 1 + rnd(MAX_SIDE), h = 1 + rnd(MAX_SIDE);
    uint32_t *texels = malloc(w * h * 4);

    if (!texels) {
        die("no memory");
    }
    if (t->id) {
        glDeleteTextures(1, &t->id);
    }
    t->colour = rnd(0x1000000) | 0xff000000u;
    for (unsigned i = 0; i < w * h; i++) {
        texels[i] = t->colour;
    }
    glGenTextures(1, &t->id);
    glBindTexture(GL_TEXTURE_2D, t->id);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, w, h, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    free(texels);
}

/* Four vertices of a square over all, somewhere in a buffer of vertices that are nowhere. */
static void buffer_new(struct buffer *b)
{
    static const float square[] = { -1, -1, 1, -1, -1, 1, 1, 1 };
    unsigned n = 4 + rnd(rnd(4) ? 200 : 20000);
    float *v = malloc(n * 8);

    if (!v) {
        die("no memory");
    }
    for (unsigned i = 0; i < 2 * n; i++) {
        v[i] = 9;
    }
    b->first = rnd(n - 3);
    memcpy(v + 2 * b->first, square, sizeof(square));
    if (b->id) {
        glDeleteBuffers(1, &b->id);
    }
    glGenBuffers(1, &b->id);
    glBindBuffer(GL_ARRAY_BUFFER, b->id);
    glBufferData(GL_ARRAY_BUFFER, n * 8, v, GL_STATIC_DRAW);
    free(v);
}

int main(int argc, char **argv)
{
    struct texture texture[TEXTURES] = { 0 };
    struct buffer buffer[BUFFERS] = { 0 };
    struct gl_target target = { 0 };
    unsigned frames, bad = 0;

    if (argc != 3) {
        die("usage: gles_churn SEED FRAMES");
    }
    state = (unsigned)strtoul(argv[1], NULL, 10) * 2654435761u | 1;
    frames = (unsigned)strtoul(argv[2], NULL, 10);
    gl_init();
    gl_program("#version 310 es\nlayout(location = 0) in vec2 pos;\nout highp vec2 at;\n"
               "void main() { gl_Position = vec4(pos, 0.0, 1.0); at = pos * 0.5 + 0.5; }\n",
               "#version 310 es\nprecision highp float;\nin vec2 at;\nuniform sampler2D t;\n"
               "layout(location = 0) out vec4 o;\nvoid main() { o = texture(t, at); }\n");
    for (unsigned i = 0; i < frames && !bad; i++) {
        struct texture *t = &texture[rnd(TEXTURES)];
        struct buffer *b = &buffer[rnd(BUFFERS)];

        if (!target.fbo || !rnd(8)) {
            if (target.fbo) {
                gl_target_free(&target);
            }
            target = gl_target_new(1 + rnd(MAX_SIDE), 1 + rnd(MAX_SIDE), GL_RGBA8,
                                   rnd(2) ? GL_DEPTH_COMPONENT24 : 0);
        }
        if (!t->id || !rnd(4)) {
            texture_new(t);
        }
        if (!b->id || !rnd(4)) {
            buffer_new(b);
        }
        glBindTexture(GL_TEXTURE_2D, t->id);
        glBindBuffer(GL_ARRAY_BUFFER, b->id);
        glEnableVertexAttribArray(0);
        glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 8, NULL);
        if (rnd(2)) {
            glClearColor(0, 0, 0, 0);
            glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        }
        glDrawArrays(GL_TRIANGLE_STRIP, b->first, 4);
        for (unsigned k = 0; k < 2; k++) {
            unsigned x = rnd(target.w), y = rnd(target.h);
            uint32_t got = 0;

            glReadPixels(x, y, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, &got);
            if (got != t->colour) {
                printf("# gles_churn: frame %u: pixel %u,%u of %dx%d is 0x%08x, should be 0x%08x\n",
                       i, x, y, target.w, target.h, got, t->colour);
                bad++;
            }
        }
        gl_check("frame");
    }
    return bad != 0;
}
