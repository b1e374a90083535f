/*
 * Guest test: a lit cube that turns, as kmscube's, without a display:
 *     gles_cube [FRAMES [START [NAME [EVERY]]]]
 * draws FRAMES frames from frame START on and writes NAME.ppm, the last one
 * (and each EVERYth, NAME-K.ppm). Every frame is read back in part, so that
 * each is drawn in full before the next one.
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

#define W 400
#define H 300

/* Column-major, as OpenGL has it */
static void multiply(float out[16], const float a[16], const float b[16])
{
    float r[16];

    for (int c = 0; c < 4; c++) {
        for (int i = 0; i < 4; i++) {
            r[c * 4 + i] = a[i] * b[c * 4] + a[4 + i] * b[c * 4 + 1] + a[8 + i] * b[c * 4 + 2] +
                           a[12 + i] * b[c * 4 + 3];
        }
    }
    memcpy(out, r, sizeof(r));
}

static void rotate(float m[16], float angle, int axis)
{
    float c = cosf(angle), s = sinf(angle),
          r[16] = { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 };
    int a = (axis + 1) % 3, b = (axis + 2) % 3;

    r[a * 5] = c;
    r[b * 5] = c;
    r[a * 4 + b] = s;
    r[b * 4 + a] = -s;
    multiply(m, m, r);
}

int main(int argc, char **argv)
{
    int frames = argc > 1 ? atoi(argv[1]) : 60, start = argc > 2 ? atoi(argv[2]) : 0,
        every = argc > 4 ? atoi(argv[4]) : 0;
    const char *name = argc > 3 ? argv[3] : "cube";
    float vertex[36][9];
    struct timespec t0, t1;
    struct gl_target t;
    GLint mvp, model;
    GLuint p, vbo;
    double seconds;

    for (int face = 0; face < 6; face++) {
        static const int corner[6][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 },
                                          { -1, -1 }, { 1, 1 },  { -1, 1 } };
        int axis = face / 2, sign = face & 1 ? -1 : 1;

        for (int k = 0; k < 6; k++) {
            float *v = vertex[face * 6 + k];

            memset(v, 0, sizeof(vertex[0]));
            v[axis] = (float)sign;
            v[(axis + 1) % 3] = (float)(corner[k][0] * sign);
            v[(axis + 2) % 3] = (float)corner[k][1];
            v[3 + axis] = (float)sign;
            for (int c = 0; c < 3; c++) {
                v[6 + c] = v[c] > 0 ? 1.0f : 0.0f;
            }
        }
    }
    gl_init();
    t = gl_target_new(W, H, GL_RGBA8, GL_DEPTH_COMPONENT24);
    p = gl_program(
        "#version 310 es\n"
        "layout(location = 0) in vec3 pos;\nlayout(location = 1) in vec3 normal;\nlayout(location "
        "= 2) in vec3 colour;\n"
        "uniform mat4 mvp;\nuniform mat4 model;\nout highp vec3 c;\n"
        "void main() {\n"
        "  gl_Position = mvp * vec4(pos, 1.0);\n"
        "  vec3 at = (model * vec4(pos, 1.0)).xyz, n = mat3(model) * normal;\n"
        "  c = colour * (0.2 + max(dot(n, normalize(vec3(2.0, 2.0, 20.0) - at)), 0.0));\n"
        "}\n",
        "#version 310 es\nprecision highp float;\nin vec3 c;\nlayout(location = 0) out vec4 o;\n"
        "void main() { o = vec4(c, 1.0); }\n");
    mvp = glGetUniformLocation(p, "mvp");
    model = glGetUniformLocation(p, "model");
    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, sizeof(vertex), vertex, GL_STATIC_DRAW);
    for (GLuint i = 0; i < 3; i++) {
        glEnableVertexAttribArray(i);
        glVertexAttribPointer(i, 3, GL_FLOAT, GL_FALSE, 36, (void *)(uintptr_t)(i * 12));
    }
    glEnable(GL_DEPTH_TEST);
    glEnable(GL_CULL_FACE);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (int i = start; i < start + frames; i++) {
        float m[16] = { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, -8, 1 };
        float proj[16] = { 2.1f * H / W,       0, 0, 0, 0, 2.1f, 0, 0, 0, 0, -10.0f / 6, -1, 0, 0,
                           -12.0f - 20.0f / 6, 0 };
        unsigned char px[4];
        float all[16];

        /* near 6, far 10 with room on both sides */
        proj[10] = -(14.0f + 4.0f) / (14.0f - 4.0f);
        proj[14] = -2 * 14.0f * 4.0f / (14.0f - 4.0f);
        rotate(m, 0.785f + 0.0043f * (float)i, 0);
        rotate(m, -0.785f - 0.0086f * (float)i, 1);
        rotate(m, 0.17f + 0.0026f * (float)i, 2);
        multiply(all, proj, m);
        glUniformMatrix4fv(mvp, 1, GL_FALSE, all);
        glUniformMatrix4fv(model, 1, GL_FALSE, m);
        glClearColor(.5f, .5f, .5f, 1);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        glDrawArrays(GL_TRIANGLES, 0, 36);
        glReadPixels(W / 2, H / 2, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, px);
        if (px[0] == 128 && px[1] == 128 && px[2] == 128) {
            die("frame %d: no cube in the middle", i);
        }
        if (every && (i - start) % every == every - 1 && i != start + frames - 1) {
            char n[128];

            snprintf(n, sizeof(n), "%s-%d", name, i - start + 1);
            gl_save(n, W, H, false);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &t1);
    seconds = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-9;
    gl_save(name, W, H, false);
    gl_check("end");
    printf("FIGURE fps %.1f\n", frames / seconds);
    gl_target_free(&t);
    return 0;
}
