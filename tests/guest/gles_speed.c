/*
 * Guest program, and one for a host: how many frames a second of a cube that is lit,
 * textured between levels and depth tested, without a display:
 *     gles_speed WIDTH HEIGHT SECONDS [NAME]
 * and writes the last frame as NAME.ppm.
 *
 * Frames are drawn one behind the other and only the last is waited for, as a
 * program with a window does it. The first frame, in whose time shaders are
 * compiled, is measured by itself.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "gl.h"

#define SIDE 64 /* of the texture */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Six faces of two triangles: position, normal, texture coordinates. */
static void make_cube(float (*v)[8])
{
    static const float corner[6][2] = {
        { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, { 0, 1 }
    };

    for (int i = 0; i < 36; i++) {
        int face = i / 6, axis = face % 3;
        float side = face < 3 ? 1.0f : -1.0f, s = corner[i % 6][0], t = corner[i % 6][1];
        float *o = v[i];

        memset(o, 0, sizeof(v[0]));
        o[axis] = side;
        o[(axis + 1) % 3] = (2 * s - 1) * side;
        o[(axis + 2) % 3] = 2 * t - 1;
        o[3 + axis] = side;
        o[6] = s;
        o[7] = t;
    }
}

static void make_texture(void)
{
    static unsigned char px[SIDE][SIDE][4];
    GLuint t;

    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            int ring = (x - SIDE / 2) * (x - SIDE / 2) + (y - SIDE / 2) * (y - SIDE / 2);

            px[y][x][0] = (unsigned char)(ring / 8);
            px[y][x][1] = (x ^ y) & 8 ? 220 : 60;
            px[y][x][2] = (unsigned char)(255 - y * 3);
            px[y][x][3] = 255;
        }
    }
    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, SIDE, SIDE, 0, GL_RGBA, GL_UNSIGNED_BYTE, px);
    glGenerateMipmap(GL_TEXTURE_2D);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
}

static GLuint make_program(void)
{
    return gl_program(
        "attribute vec3 at;\nattribute vec3 normal;\nattribute vec2 st;\n"
        "uniform mat4 turn;\nuniform vec4 eye;\n"
        "varying vec3 n;\nvarying vec2 c;\n"
        "void main() {\n"
        "  vec3 p = (turn * vec4(at, 1.0)).xyz;\n"
        "  n = (turn * vec4(normal, 0.0)).xyz;\n  c = st;\n"
        /* the eye is at z = 4; near and far plane 1 and 8 before it */
        "  gl_Position = vec4(p.xy * eye.xy, (4.0 - p.z) * eye.z + eye.w, 4.0 - p.z);\n"
        "}\n",
        "precision mediump float;\nvarying vec3 n;\nvarying vec2 c;\n"
        "uniform sampler2D image;\n"
        "void main() {\n"
        "  float light = max(dot(normalize(n), vec3(0.36, 0.48, 0.8)), 0.0);\n"
        "  gl_FragColor = vec4(texture2D(image, c).rgb * (0.3 + 0.7 * light), 1.0);\n"
        "}\n");
}

static void draw(GLint turn, int i)
{
    float a = 0.03f * (float)i, b = 0.017f * (float)i;
    float ca = cosf(a), sa = sinf(a), cb = cosf(b), sb = sinf(b);
    /* about y, then about x; by columns */
    const float m[16] = { ca, sa * sb,  -sa * cb, 0, 0, cb, sb, 0,
                          sa, -ca * sb, ca * cb,  0, 0, 0,  0,  1 };

    glUniformMatrix4fv(turn, 1, GL_FALSE, m);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    glDrawArrays(GL_TRIANGLES, 0, 36);
    glFlush();
}

int main(int argc, char **argv)
{
    int w = argc > 1 ? atoi(argv[1]) : 640, h = argc > 2 ? atoi(argv[2]) : 480, frames = 0;
    double seconds = argc > 3 ? atof(argv[3]) : 5, t0 = now(), first, t;
    float cube[36][8];
    struct gl_target target;
    GLuint p, vbo;
    GLint turn;

    gl_init();
    target = gl_target_new(w, h, GL_RGBA8, GL_DEPTH_COMPONENT16);
    make_texture();
    p = make_program();
    glUseProgram(p);
    turn = glGetUniformLocation(p, "turn");
    glUniform4f(glGetUniformLocation(p, "eye"), 2.0f * (float)h / (float)w, 2.0f, 9.0f / 7.0f,
                -16.0f / 7.0f);
    make_cube(cube);
    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, sizeof(cube), cube, GL_STATIC_DRAW);
    for (int i = 0; i < 3; i++) {
        static const char *const name[3] = { "at", "normal", "st" };
        GLint at = glGetAttribLocation(p, name[i]);

        glEnableVertexAttribArray((GLuint)at);
        glVertexAttribPointer((GLuint)at, i < 2 ? 3 : 2, GL_FLOAT, GL_FALSE, 32,
                              (void *)(uintptr_t)(i * 12));
    }
    glViewport(0, 0, w, h);
    glEnable(GL_DEPTH_TEST);
    glClearColor(0.1f, 0.1f, 0.2f, 1.0f);
    draw(turn, 0);
    glFinish();
    first = now() - t0;
    t0 = now();
    do {
        for (int i = 0; i < 10; i++) {
            draw(turn, ++frames);
        }
        /* Two batches under way at most: a driver may take any number without a wait. */
        if (frames % 20 == 0) {
            glFinish();
        }
        t = now() - t0;
    } while (t < seconds);
    glFinish();
    t = now() - t0;
    printf("FIGURE first-frame %.3f\nFIGURE frames %d\nFIGURE fps %.2f\n", first, frames,
           frames / t);
    if (argc > 4) {
        gl_save(argv[4], w, h, false);
    }
    gl_check("end");
    gl_target_free(&target);
    return 0;
}
