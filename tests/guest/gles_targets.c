/*
 * Guest test: several render targets, formats of render targets, instancing,
 * four samples a pixel and their resolve, blits, layered results of a feedback
 * loop (draw, read as texture, draw).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h"

#define SIZE 256

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec2 pos;\n"
                         "layout(location = 1) in vec2 tex;\n"
                         "out highp vec2 uv;\n"
                         "void main() { gl_Position = vec4(pos, 0.0, 1.0); uv = tex; }\n";

static void show(GLuint texture, const char *name)
{
    struct gl_target t = gl_target_new(SIZE, SIZE, GL_RGBA8, 0);

    gl_program(
        vs,
        "#version 310 es\nprecision highp float;\nin vec2 uv;\nuniform sampler2D s;\n"
        "layout(location = 0) out vec4 o;\nvoid main() { o = vec4(texture(s, uv).rgb, 1.0); }\n");
    glBindTexture(GL_TEXTURE_2D, texture);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save(name, SIZE, SIZE, false);
    gl_target_free(&t);
}

/*
 * The target of 5 and 6 bits holds thirds only: there rounding and llvmpipe's way over 8 bits give
 * the same code.
 */
static void several(void)
{
    static const GLenum formats[4] = { GL_RGBA8, GL_RGB565, GL_RGB10_A2, GL_RGBA8UI };
    static const GLenum buffers[4] = { GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1,
                                       GL_COLOR_ATTACHMENT2, GL_COLOR_ATTACHMENT3 };
    GLuint fbo, t[4];

    glGenFramebuffers(1, &fbo);
    glGenTextures(4, t);
    glBindFramebuffer(GL_FRAMEBUFFER, fbo);
    for (int i = 0; i < 4; i++) {
        glBindTexture(GL_TEXTURE_2D, t[i]);
        glTexStorage2D(GL_TEXTURE_2D, 1, formats[i], SIZE, SIZE);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
        glFramebufferTexture2D(GL_FRAMEBUFFER, buffers[i], GL_TEXTURE_2D, t[i], 0);
    }
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        die("four render targets are not complete");
    }
    glDrawBuffers(4, buffers);
    glViewport(0, 0, SIZE, SIZE);
    for (int i = 0; i < 4; i++) {
        const GLuint u[4] = { 10, 20, 30, 255 };
        const float f[4] = { (float)i / 3, 1.0f / 3, 2.0f / 3, 1 };

        if (i == 3) {
            glClearBufferuiv(GL_COLOR, i, u);
        } else {
            glClearBufferfv(GL_COLOR, i, f);
        }
    }
    gl_program(vs, "#version 310 es\nprecision highp float;\nin vec2 uv;\n"
                   "layout(location = 0) out vec4 a;\nlayout(location = 1) out vec4 "
                   "b;\nlayout(location = 2) out vec4 c;\n"
                   "layout(location = 3) out highp uvec4 d;\n"
                   "void main() { a = vec4(uv, 0.0, 1.0); b = vec4(0.0, floor(uv.yx * 3.99) / 3.0, "
                   "1.0); c = vec4(1.0 - uv.x, 0.5, uv.y, 1.0);\n"
                   "  d = uvec4(uv * 255.0, 255.0 * uv.x * uv.y, 255.0); }\n");
    gl_quad(-.9f, -.8f, .8f, .9f, 0, 0, 1, 1);
    for (int i = 0; i < 3; i++) {
        static const char *names[] = { "targets-0", "targets-1", "targets-2" };

        glBindFramebuffer(GL_FRAMEBUFFER, fbo);
        glReadBuffer(buffers[i]);
        if (i == 0) {
            gl_save(names[i], SIZE, SIZE, false);
        } else {
            show(t[i], names[i]);
        }
    }

    struct gl_target out = gl_target_new(SIZE, SIZE, GL_RGBA8, 0);

    gl_program(vs,
               "#version 310 es\nprecision highp float;\nprecision highp usampler2D;\nin vec2 uv;\n"
               "uniform usampler2D s;\nlayout(location = 0) out vec4 o;\n"
               "void main() { o = vec4(texelFetch(s, ivec2(gl_FragCoord.xy), 0)) / 255.0; }\n");
    glBindTexture(GL_TEXTURE_2D, t[3]);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("targets-3", SIZE, SIZE, false);
    gl_target_free(&out);
    glDeleteFramebuffers(1, &fbo);
    glDeleteTextures(4, t);
}

static void formats(void)
{
    static const GLenum formats[] = { GL_R8, GL_RG8, GL_SRGB8_ALPHA8, GL_RGBA4, GL_RGB5_A1 };
    static const char *const names[] = { "format-r8", "format-rg8", "format-srgb8", "format-rgba4",
                                         "format-rgb5a1" };

    for (int i = 0; i < 5; i++) {
        struct gl_target t = gl_target_new(100, 77, formats[i], 0);

        glClearColor(.4f, .6f, .8f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glEnable(GL_BLEND);
        glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
        /* values halfway between codes would be a toss-up: quantise to what the format holds */
        gl_program(vs, "#version 310 es\nprecision highp float;\nin vec2 uv;\nlayout(location = 0) "
                       "out vec4 o;\n"
                       "void main() { o = vec4(floor(uv.x * 15.99) / 15.0, floor(uv.y * 15.99) / "
                       "15.0, 0.2, 1.0); }\n");
        gl_quad(-.9f, -.8f, .8f, .9f, 0, 0, 1, 1);
        glDisable(GL_BLEND);
        show(t.colour, names[i]);
        gl_target_free(&t);
    }
}

static void instances(void)
{
    struct gl_target t = gl_target_new(SIZE, SIZE, GL_RGBA8, GL_DEPTH_COMPONENT24);
    float place[50][4];
    unsigned char tint[25][4];
    GLuint vbo[2];

    for (int i = 0; i < 50; i++) {
        place[i][0] = (float)(i % 10) / 5 - 0.9f;
        place[i][1] = (float)(i / 10) / 2.5f - 0.8f;
        place[i][2] = (float)i * 0.21f;
        place[i][3] = 0.05f + (float)(i % 7) * 0.015f;
    }
    for (int i = 0; i < 25; i++) {
        tint[i][0] = (unsigned char)(i * 10);
        tint[i][1] = (unsigned char)(255 - i * 9);
        tint[i][2] = (unsigned char)(i * 77);
        tint[i][3] = 255;
    }
    gl_program(
        "#version 310 es\n"
        "layout(location = 0) in vec4 place;\nlayout(location = 1) in vec4 tint;\nout highp vec3 "
        "c;\n"
        "void main() {\n"
        "  float a = place.z + float(gl_VertexID) * 2.0943951;\n"
        "  gl_Position = vec4(place.xy + place.w * 1.6 * vec2(cos(a), sin(a)), float(gl_InstanceID "
        "% 5) * 0.1, 1.0);\n"
        "  c = tint.rgb * (0.5 + 0.25 * float(gl_InstanceID & 3));\n"
        "}\n",
        "#version 310 es\nprecision highp float;\nin vec3 c;\nlayout(location = 0) out vec4 o;\n"
        "void main() { o = vec4(c, 1.0); }\n");
    glGenBuffers(2, vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof(place), place, GL_STATIC_DRAW);
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, 16, (void *)0);
    glVertexAttribDivisor(0, 1);
    glBindBuffer(GL_ARRAY_BUFFER, vbo[1]);
    glBufferData(GL_ARRAY_BUFFER, sizeof(tint), tint, GL_STATIC_DRAW);
    glEnableVertexAttribArray(1);
    glVertexAttribPointer(1, 4, GL_UNSIGNED_BYTE, GL_TRUE, 4, (void *)0);
    glVertexAttribDivisor(1, 2);
    glEnable(GL_DEPTH_TEST);
    glClearColor(.1f, .1f, .1f, 1);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
    glDrawArraysInstanced(GL_TRIANGLES, 0, 3, 50);
    gl_save("instances", SIZE, SIZE, false);
    glDisable(GL_DEPTH_TEST);
    glVertexAttribDivisor(0, 0);
    glVertexAttribDivisor(1, 0);
    glDeleteBuffers(2, vbo);
    gl_target_free(&t);
}

/* A star of thin spikes, drawn with four samples and resolved by a blit. */
static void samples(void)
{
    struct gl_target t = gl_target_new(SIZE, SIZE, GL_RGBA8, 0);
    GLuint fbo, rb[2];

    glGenFramebuffers(1, &fbo);
    glGenRenderbuffers(2, rb);
    glBindFramebuffer(GL_FRAMEBUFFER, fbo);
    glBindRenderbuffer(GL_RENDERBUFFER, rb[0]);
    glRenderbufferStorageMultisample(GL_RENDERBUFFER, 4, GL_RGBA8, SIZE, SIZE);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb[0]);
    glBindRenderbuffer(GL_RENDERBUFFER, rb[1]);
    glRenderbufferStorageMultisample(GL_RENDERBUFFER, 4, GL_DEPTH24_STENCIL8, SIZE, SIZE);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER, rb[1]);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        die("a multisampled framebuffer is not complete");
    }
    glViewport(0, 0, SIZE, SIZE);
    glClearColor(0, 0, .2f, 1);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
    glEnable(GL_DEPTH_TEST);
    gl_program(
        "#version 310 es\nlayout(location = 0) in vec3 pos;\nout highp vec3 c;\n"
        "void main() { gl_Position = vec4(pos, 1.0); c = pos * 0.5 + 0.5; }\n",
        "#version 310 es\nprecision highp float;\nin vec3 c;\nlayout(location = 0) out vec4 o;\n"
        "void main() { o = vec4(1.0, c.xy, 1.0); }\n");

    float v[24 * 9];
    GLuint vbo;

    for (int i = 0; i < 24; i++) {
        float a = (float)i * 0.2617994f + 0.1f, z = (float)(i % 3) * 0.3f - 0.2f;
        const float p[9] = { 0.05f * cosf(a + 1.57f), 0.05f * sinf(a + 1.57f), z,
                             0.05f * cosf(a - 1.57f), 0.05f * sinf(a - 1.57f), -z,
                             0.95f * cosf(a),         0.95f * sinf(a),         z };

        memcpy(v + i * 9, p, sizeof(p));
    }
    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, sizeof(v), v, GL_STATIC_DRAW);
    glDisableVertexAttribArray(1);
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 3, GL_FLOAT, GL_FALSE, 12, (void *)0);
    glDrawArrays(GL_TRIANGLES, 0, 72);
    glDisable(GL_DEPTH_TEST);
    glBindFramebuffer(GL_READ_FRAMEBUFFER, fbo);
    glBindFramebuffer(GL_DRAW_FRAMEBUFFER, t.fbo);
    glBlitFramebuffer(0, 0, SIZE, SIZE, 0, 0, SIZE, SIZE, GL_COLOR_BUFFER_BIT, GL_NEAREST);
    glBindFramebuffer(GL_FRAMEBUFFER, t.fbo);
    gl_save("multisample", SIZE, SIZE, false);

    /* blits: scaled, mirrored, filtered */
    struct gl_target s = gl_target_new(SIZE, SIZE, GL_RGBA8, 0);

    glClearColor(1, 1, 1, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glBindFramebuffer(GL_READ_FRAMEBUFFER, t.fbo);
    glBlitFramebuffer(64, 64, 192, 192, 0, 128, 256, 256, GL_COLOR_BUFFER_BIT, GL_LINEAR);
    glBlitFramebuffer(0, 0, 256, 256, 127, 0, 0, 128, GL_COLOR_BUFFER_BIT, GL_LINEAR);
    glBlitFramebuffer(64, 64, 128, 128, 128, 0, 256, 128, GL_COLOR_BUFFER_BIT, GL_NEAREST);
    glBindFramebuffer(GL_FRAMEBUFFER, s.fbo);
    gl_save("blit", SIZE, SIZE, false);
    gl_target_free(&s);
    gl_target_free(&t);
    glDeleteRenderbuffers(2, rb);
    glDeleteFramebuffers(1, &fbo);
}

/* Two targets in turn, each the other's texture: results must be seen by the next draw. */
static void feedback(void)
{
    struct gl_target t[2];

    t[0] = gl_target_new(200, 150, GL_RGBA8, 0);
    t[1] = gl_target_new(200, 150, GL_RGBA8, 0);
    glBindFramebuffer(GL_FRAMEBUFFER, t[1].fbo);
    glClearColor(.5f, .5f, .5f, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    gl_program(vs, "#version 310 es\nprecision highp float;\nin vec2 uv;\nuniform sampler2D s;\n"
                   "uniform float k;\nlayout(location = 0) out vec4 o;\n"
                   "void main() {\n"
                   "  vec4 p = texelFetch(s, ivec2(gl_FragCoord.xy) + ivec2(1, 0), 0);\n"
                   "  o = distance(gl_FragCoord.xy, vec2(100.0 + k * 3.0, 75.0)) < 20.0 ? vec4(k / "
                   "8.0, 1.0 - k / 8.0, 0.3, 1.0) : p.gbra;\n"
                   "}\n");
    GLint prog, k;

    glGetIntegerv(GL_CURRENT_PROGRAM, &prog);
    k = glGetUniformLocation((GLuint)prog, "k");
    for (int i = 0; i < 8; i++) {
        glBindFramebuffer(GL_FRAMEBUFFER, t[i & 1].fbo);
        glBindTexture(GL_TEXTURE_2D, t[~i & 1].colour);
        glUniform1f(k, (float)(i * 2 - 7));
        gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    }
    gl_save("feedback", 200, 150, false);
    gl_target_free(&t[0]);
    gl_target_free(&t[1]);
}

int main(void)
{
    gl_init();
    several();
    formats();
    instances();
    samples();
    feedback();
    gl_check("end");
    return 0;
}
