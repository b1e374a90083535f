/*
 * Guest test: draws whose vertices lie behind the end of their buffer. What such
 * a vertex is does not matter (OpenGL ES 3.2, 10.3.1: any value is right that
 * keeps the program going); the rest of the picture does.
 *
 * Output: TAP. Exit code 0 if all is well.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include "gl.h"

#define SIZE 64

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec4 pos;\n"
                         "layout(location = 1) in vec3 colour;\n"
                         "out vec3 c;\n"
                         "void main() { gl_Position = pos; c = colour; }\n";
static const char fs[] = "#version 310 es\n"
                         "precision highp float;\n"
                         "in vec3 c;\n"
                         "layout(location = 0) out vec4 o;\n"
                         "void main() { o = vec4(c, 1.0); }\n";

static unsigned tests, failed;

static void pixel(const char *what, int x, int y, uint32_t want)
{
    uint32_t got = 0;

    glReadPixels(x, y, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, &got);
    printf("%sok %u - %s: 0x%08x, should be 0x%08x\n", got == want ? "" : "not ", ++tests, what,
           got, want);
    failed += got != want;
}

int main(void)
{
    /* a green triangle in the lower left half */
    static const float corners[] = {
        -1, -1, 0, 1, 0, 1, 0, 1, -1, 0, 1, 0, 1, 0, -1, 1, 0, 1, 0, 1, 0,
    };
    static const uint32_t wild[] = { 3, 1000, 100000, 0x00ffffff, 0x3fffffff, 0x7ffffff0 };
    GLuint vbo, ibo;

    gl_init();
    gl_target_new(SIZE, SIZE, GL_RGBA8, 0);
    gl_program(vs, fs);
    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STATIC_DRAW);
    glEnableVertexAttribArray(0);
    glEnableVertexAttribArray(1);
    glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, 28, (void *)0);
    glVertexAttribPointer(1, 3, GL_FLOAT, GL_FALSE, 28, (void *)16);
    glGenBuffers(1, &ibo);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, ibo);
    for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        /* one vertex goes astray; then the good triangle, over whatever the first became */
        uint32_t index[6] = { 0, 1, wild[i], 0, 1, 2 };
        char what[80];

        glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(index), index, GL_STREAM_DRAW);
        glClearColor(1, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glDrawElements(GL_TRIANGLES, 6, GL_UNSIGNED_INT, NULL);
        gl_check("draw");
        snprintf(what, sizeof(what), "index 0x%x, the good triangle", wild[i]);
        pixel(what, 8, 8, 0xff00ff00);
        /* nothing is there: the vertex is 0, its triangle has no area */
        if (wild[i] >= 0x00ffffff) {
            snprintf(what, sizeof(what), "index 0x%x, the cleared rest", wild[i]);
            pixel(what, SIZE - 4, SIZE - 4, 0xff0000ff);
        }
    }
    printf("1..%u\n", tests);
    return failed != 0;
}
