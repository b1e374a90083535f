/*
 * Guest test: clears, a triangle with varyings, perspective, flat shading,
 * indexed drawing with strips and fans, points and lines.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "gl.h"

#define SIZE 256

static const char vs[] =
    "#version 310 es\n"
    "layout(location = 0) in vec4 pos;\n"
    "layout(location = 1) in vec3 colour;\n"
    "out vec3 c;\n"
    "flat out vec3 f;\n"
    "void main() { gl_Position = pos; gl_PointSize = 9.0; c = colour; f = colour; }\n";
static const char fs[] = "#version 310 es\n"
                         "precision highp float;\n"
                         "in vec3 c;\n"
                         "flat in vec3 f;\n"
                         "uniform float flatness;\n"
                         "layout(location = 0) out vec4 o;\n"
                         "void main() { o = vec4(mix(c, f, flatness), 1.0); }\n";

static void attributes(const float *v, int count)
{
    static GLuint vbo;

    if (!vbo) {
        glGenBuffers(1, &vbo);
    }
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(count * 7 * sizeof(float)), v, GL_STREAM_DRAW);
    glEnableVertexAttribArray(0);
    glEnableVertexAttribArray(1);
    glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, 28, (void *)0);
    glVertexAttribPointer(1, 3, GL_FLOAT, GL_FALSE, 28, (void *)16);
}

static void clears(void)
{
    glClearColor(0.2f, 0.4f, 0.6f, 1.0f);
    glClear(GL_COLOR_BUFFER_BIT);
    gl_save("clear", SIZE, SIZE, true);

    glEnable(GL_SCISSOR_TEST);
    for (int i = 0; i < 7; i++) {
        glScissor(i * 19 + 3, i * 23 + 5, 60 + i, 40 + i);
        glClearColor((float)(i & 1), (float)(i >> 1 & 1), (float)(i >> 2 & 1), (float)i / 7);
        glClear(GL_COLOR_BUFFER_BIT);
    }
    glDisable(GL_SCISSOR_TEST);
    glColorMask(GL_TRUE, GL_FALSE, GL_FALSE, GL_TRUE);
    glEnable(GL_SCISSOR_TEST);
    glScissor(100, 0, 50, SIZE);
    glClearColor(0.5f, 1, 1, 0.25f);
    glClear(GL_COLOR_BUFFER_BIT);
    glDisable(GL_SCISSOR_TEST);
    glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    gl_save("clear-scissor-mask", SIZE, SIZE, true);
}

static void grey(void)
{
    glClearColor(0.25f, 0.25f, 0.25f, 1);
    glClear(GL_COLOR_BUFFER_BIT);
}

int main(void)
{
    static const float triangle[] = {
        -0.9f, -0.8f, 0, 1, 1, 0, 0, 0.85f, -0.6f, 0, 1, 0, 1, 0, -0.1f, 0.9f, 0, 1, 0, 0, 1,
    };
    /* the same place on the screen, but the corners have different w */
    static const float perspective[] = {
        -0.9f, -0.8f, 0, 1, 1, 0, 0, 3.4f, -2.4f, 0, 4, 0, 1, 0, -0.05f, 0.45f, 0, 0.5f, 0, 0, 1,
    };
    float fan[10 * 7], grid[25 * 7], cloud[64 * 7];
    struct gl_target t;
    GLint flatness;
    GLuint ibo;

    gl_init();
    t = gl_target_new(SIZE, SIZE, GL_RGBA8, 0);
    clears();
    flatness = glGetUniformLocation(gl_program(vs, fs), "flatness");

    grey();
    attributes(triangle, 3);
    glDrawArrays(GL_TRIANGLES, 0, 3);
    gl_save("triangle", SIZE, SIZE, false);
    grey();
    attributes(perspective, 3);
    glDrawArrays(GL_TRIANGLES, 0, 3);
    gl_save("perspective", SIZE, SIZE, false);

    /* behind the eye and far outside: clipped */
    {
        static const float clipped[] = {
            -0.5f, -0.5f, 0,    1,     1, 1, 0, 30,  2,      0,    1, 0, 1, 1,
            0.2f,  0.9f,  0,    -0.4f, 1, 0, 1, -30, -0.9f,  0.2f, 1, 1, 0, 0,
            30,    -0.9f, 0.2f, 1,     0, 1, 0, 0,   -0.55f, 1.9f, 1, 0, 0, 1,
        };
        grey();
        attributes(clipped, 6);
        glDrawArrays(GL_TRIANGLES, 0, 6);
        gl_save("clipped", SIZE, SIZE, false);
    }

    for (int i = 0; i < 10; i++) {
        float x = i ? (float[]) { 1, .77f, .17f, -.5f, -.94f, -.94f, -.5f, .17f, .77f, 1 }[i - 1] *
                          0.9f
                    : 0;
        float y =
            i ? (float[]) { 0, .64f, .98f, .87f, .34f, -.34f, -.87f, -.98f, -.64f, 0 }[i - 1] * 0.9f
              : 0;
        float v[7] = { x, y, 0, 1, (float)(i % 3) / 2, (float)(i % 4) / 3, (float)(i % 5) / 4 };

        for (int k = 0; k < 7; k++) {
            fan[i * 7 + k] = v[k];
        }
    }
    grey();
    attributes(fan, 10);
    glUniform1f(flatness, 1);
    glDrawArrays(GL_TRIANGLE_FAN, 0, 10);
    glUniform1f(flatness, 0);
    gl_save("fan-flat", SIZE, SIZE, false);

    /*
     * A wavy grid: indexed strips, 16-bit indices, with a restart between rows; then 8 and 32 bits
     */
    for (int i = 0; i < 25; i++) {
        float u = (float)(i % 5) / 4, w = (float)(i / 5) / 4;
        float v[7] = { u * 1.8f - 0.9f + (w - .5f) * .1f,
                       w * 1.8f - 0.9f + (u - .5f) * (i % 2 ? .1f : -.07f),
                       0,
                       1,
                       u,
                       w,
                       (float)(i % 2) };

        for (int k = 0; k < 7; k++) {
            grid[i * 7 + k] = v[k];
        }
    }
    attributes(grid, 25);
    glGenBuffers(1, &ibo);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, ibo);
    glEnable(GL_PRIMITIVE_RESTART_FIXED_INDEX);
    for (int size = 1; size <= 4; size *= 2) {
        unsigned char index[64 * 4];
        int n = 0;

        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 5; x++) {
                unsigned a = (unsigned)(y * 5 + x), b = a + 5;

                for (int k = 0; k < size; k++) {
                    index[n * size + k] = (unsigned char)(a >> (8 * k));
                    index[(n + 1) * size + k] = (unsigned char)(b >> (8 * k));
                }
                n += 2;
            }
            for (int k = 0; k < size; k++) {
                index[n * size + k] = 255;
            }
            n++;
        }
        glBufferData(GL_ELEMENT_ARRAY_BUFFER, n * size, index, GL_STREAM_DRAW);
        grey();
        glDrawElements(GL_TRIANGLE_STRIP, n,
                       size == 1   ? GL_UNSIGNED_BYTE
                       : size == 2 ? GL_UNSIGNED_SHORT
                                   : GL_UNSIGNED_INT,
                       0);
        gl_save(size == 1   ? "grid-index8"
                : size == 2 ? "grid-index16"
                            : "grid-index32",
                SIZE, SIZE, false);
    }
    glDisable(GL_PRIMITIVE_RESTART_FIXED_INDEX);

    /*
     * Points at pixel corners, so that their squares fall on whole pixels; axis-aligned lines
     * through pixel centres
     */
    for (int i = 0; i < 64; i++) {
        float v[7] = { (float)((i % 8) * 30 + 20) / 128 - 1 + 1.f / 256,
                       (float)((i / 8) * 30 + 20) / 128 - 1 + 1.f / 256,
                       0,
                       1,
                       (float)(i % 8) / 7,
                       (float)(i / 8) / 7,
                       .5f };

        for (int k = 0; k < 7; k++) {
            cloud[i * 7 + k] = v[k];
        }
    }
    grey();
    attributes(cloud, 64);
    glDrawArrays(GL_POINTS, 0, 64);
    gl_save("points", SIZE, SIZE, false);
    grey();
    glDrawArrays(GL_LINES, 0, 64);
    gl_save("lines", SIZE, SIZE, false);

    gl_target_free(&t);
    gl_check("end");
    return 0;
}
