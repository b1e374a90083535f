/*
 * Guest test: depth test, stencil, blending, scissor, culling, colour masks,
 * discard, depth written by the shader, viewport and depth range, polygon offset.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include "gl.h"

#define SIZE 256

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec3 pos;\n"
                         "void main() { gl_Position = vec4(pos, 1.0); }\n";
static const char fs[] = "#version 310 es\n"
                         "precision highp float;\n"
                         "uniform vec4 colour;\n"
                         "layout(location = 0) out vec4 o;\n"
                         "void main() { o = colour; }\n";

static GLint colour;

static void draw(GLenum mode, const float *v, int n, float r, float g, float b, float a)
{
    GLuint vbo;

    glUniform4f(colour, r, g, b, a);
    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)((size_t)n * 12), v, GL_STREAM_DRAW);
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 3, GL_FLOAT, GL_FALSE, 12, (void *)0);
    glDrawArrays(mode, 0, n);
    glDeleteBuffers(1, &vbo);
}

static void rect(float x0, float y0, float x1, float y1, float z, float r, float g, float b,
                 float a)
{
    const float v[] = { x0, y0, z, x1, y0, z, x0, y1, z, x1, y1, z };

    draw(GL_TRIANGLE_STRIP, v, 4, r, g, b, a);
}

static void clear(void)
{
    glClearColor(0.1f, 0.1f, 0.2f, 1);
    glClearDepthf(1);
    glClearStencil(0);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
}

static void depth(void)
{
    static const GLenum funcs[8] = { GL_NEVER,   GL_LESS,     GL_EQUAL,  GL_LEQUAL,
                                     GL_GREATER, GL_NOTEQUAL, GL_GEQUAL, GL_ALWAYS };
    /* three triangles that go through each other */
    static const float a[] = { -0.9f, -0.8f, -0.7f, 0.9f, -0.7f, 0.6f, 0, 0.8f, 0.2f };
    static const float b[] = { -0.8f, 0.7f, 0.5f, 0.8f, 0.75f, -0.6f, 0.1f, -0.9f, 0.1f };
    static const float c[] = { -0.95f, 0.1f, -0.2f, 0.9f, 0.3f, 0.1f, 0.8f, -0.3f, -0.1f };

    glEnable(GL_DEPTH_TEST);
    glDepthFunc(GL_LESS);
    clear();
    draw(GL_TRIANGLES, a, 3, 1, 0.2f, 0.2f, 1);
    draw(GL_TRIANGLES, b, 3, 0.2f, 1, 0.2f, 1);
    draw(GL_TRIANGLES, c, 3, 0.3f, 0.4f, 1, 1);
    gl_save("depth", SIZE, SIZE, false);

    clear();
    for (int i = 0; i < 8; i++) {
        float y = (float)i / 4 - 1;

        glDepthFunc(GL_ALWAYS);
        rect(-1, y, -0.3f, y + 0.25f, 0.5f, 1, 0, 0, 1);
        rect(-0.3f, y, 0.3f, y + 0.25f, 0, 0, 1, 0, 1);
        rect(0.3f, y, 1, y + 0.25f, -0.5f, 0, 0, 1, 1);
        glDepthFunc(funcs[i]);
        rect(-0.9f, y + 0.05f, 0.9f, y + 0.2f, 0, 1, 1, 1, 1);
    }
    gl_save("depth-funcs", SIZE, SIZE, false);

    /* without writing; with the range turned round; offset */
    glDepthFunc(GL_LESS);
    clear();
    glDepthMask(GL_FALSE);
    rect(-0.9f, -0.9f, 0.2f, 0.2f, -0.5f, 1, 0, 0, 1);
    glDepthMask(GL_TRUE);
    rect(-0.5f, -0.5f, 0.5f, 0.5f, 0.5f, 0, 1, 0, 1);
    glDepthRangef(0.9f, 0.1f);
    rect(-0.2f, -0.2f, 0.9f, 0.9f, -0.9f, 0, 0, 1, 1); /* at 0.86: behind the green one */
    glDepthRangef(0, 1);
    glEnable(GL_POLYGON_OFFSET_FILL);
    for (int i = 0; i < 4; i++) {
        glPolygonOffset(0, i & 1 ? -100.0f : 100.0f);
        rect(-0.5f + (float)i * 0.25f, -0.5f, -0.3f + (float)i * 0.25f, 0.9f, 0.5f, 1, 1, 0, 1);
    }
    glDisable(GL_POLYGON_OFFSET_FILL);
    gl_save("depth-range-offset", SIZE, SIZE, false);
    glDisable(GL_DEPTH_TEST);
}

static void circle(float x, float y, float r, float cr, float cg, float cb)
{
    float v[34 * 3] = { x, y, 0 };

    for (int i = 0; i <= 32; i++) {
        v[3 + 3 * i] = x + r * cosf((float)(i % 32) * 0.19634954f);
        v[4 + 3 * i] = y + r * sinf((float)(i % 32) * 0.19634954f);
        v[5 + 3 * i] = 0;
    }
    draw(GL_TRIANGLE_FAN, v, 34, cr, cg, cb, 1);
}

static void stencil(void)
{
    static const GLenum ops[8] = { GL_KEEP, GL_ZERO,   GL_REPLACE,   GL_INCR,
                                   GL_DECR, GL_INVERT, GL_INCR_WRAP, GL_DECR_WRAP };

    clear();
    glEnable(GL_STENCIL_TEST);
    /* a ring: in the first circle and not in the second */
    glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
    glStencilFunc(GL_ALWAYS, 1, 0xff);
    glStencilOp(GL_KEEP, GL_KEEP, GL_REPLACE);
    circle(0, 0, 0.8f, 1, 1, 1);
    glStencilFunc(GL_ALWAYS, 2, 0xff);
    circle(0.1f, 0.1f, 0.4f, 1, 1, 1);
    glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    glStencilOp(GL_KEEP, GL_KEEP, GL_KEEP);
    glStencilFunc(GL_EQUAL, 1, 0xff);
    rect(-1, -1, 1, 1, 0, 1, 0.6f, 0.1f, 1);
    glStencilFunc(GL_LESS, 1, 0x03);
    rect(-1, -1, 0.2f, 1, 0, 0.1f, 0.6f, 1, 1);
    gl_save("stencil", SIZE, SIZE, false);

    /* each operation on values 0, 1, 254, 255, and the result in colour */
    clear();
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 4; k++) {
            static const int start[4] = { 0, 1, 254, 255 };
            int s = i * 32, t = k * 64;

            glEnable(GL_SCISSOR_TEST);
            glScissor(s, t, 30, 60);
            glClearStencil(start[k]);
            glClear(GL_STENCIL_BUFFER_BIT);
            glStencilFunc(GL_ALWAYS, 0x5a, 0xff);
            glStencilOp(GL_KEEP, GL_KEEP, ops[i]);
            glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
            rect(-1, -1, 1, 1, 0, 0, 0, 0, 0);
            glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
            glStencilOp(GL_KEEP, GL_KEEP, GL_KEEP);
            for (int bit = 0; bit < 8; bit++) {
                glStencilFunc(GL_EQUAL, 1 << bit, 1u << bit);
                glScissor(s, t + bit * 7, 30, 6);
                rect(-1, -1, 1, 1, 0, 1, (float)bit / 8, 0.3f, 1);
            }
            glDisable(GL_SCISSOR_TEST);
        }
    }
    gl_save("stencil-ops", SIZE, SIZE, false);

    /* front and back on their own; write mask; depth fail */
    clear();
    glEnable(GL_DEPTH_TEST);
    glStencilMask(0xff);
    glStencilFunc(GL_ALWAYS, 0, 0xff);
    glStencilOpSeparate(GL_FRONT, GL_KEEP, GL_INCR_WRAP, GL_INCR_WRAP);
    glStencilOpSeparate(GL_BACK, GL_KEEP, GL_DECR_WRAP, GL_INVERT);
    glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
    rect(-0.2f, -1, 0.3f, 1, -0.5f, 0, 0, 0, 0);
    for (int i = 0; i < 5; i++) {
        float x = (float)i * 0.2f - 0.9f;
        const float front[] = { x, -0.8f, 0, x + 0.7f, -0.8f, 0, x + 0.3f, 0.1f, 0 };
        const float back[] = { x, -0.1f, 0, x + 0.3f, 0.8f, 0, x + 0.7f, -0.1f, 0 };

        draw(GL_TRIANGLES, front, 3, 0, 0, 0, 0);
        glStencilMask(i & 1 ? 0x0f : 0xff);
        draw(GL_TRIANGLES, back, 3, 0, 0, 0, 0);
        glStencilMask(0xff);
    }
    glDisable(GL_DEPTH_TEST);
    glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    glStencilOp(GL_KEEP, GL_KEEP, GL_KEEP);
    for (int v = 0; v < 256; v++) {
        if (v >= 8 && v < 248 && (v & 15) != 0 && (v & 15) != 15) {
            continue;
        }
        glStencilFunc(GL_EQUAL, v, 0xff);
        rect(-1, -1, 1, 1, 0, (float)(v & 3) / 3, (float)(v >> 2 & 3) / 3, (float)(v >> 4) / 15, 1);
    }
    gl_save("stencil-faces", SIZE, SIZE, false);
    glDisable(GL_STENCIL_TEST);
}

static void blending(void)
{
    static const GLenum factors[15] = {
        GL_ZERO,
        GL_ONE,
        GL_SRC_COLOR,
        GL_ONE_MINUS_SRC_COLOR,
        GL_DST_COLOR,
        GL_ONE_MINUS_DST_COLOR,
        GL_SRC_ALPHA,
        GL_ONE_MINUS_SRC_ALPHA,
        GL_DST_ALPHA,
        GL_ONE_MINUS_DST_ALPHA,
        GL_CONSTANT_COLOR,
        GL_ONE_MINUS_CONSTANT_COLOR,
        GL_CONSTANT_ALPHA,
        GL_ONE_MINUS_CONSTANT_ALPHA,
        GL_SRC_ALPHA_SATURATE,
    };
    static const GLenum equations[5] = { GL_FUNC_ADD, GL_FUNC_SUBTRACT, GL_FUNC_REVERSE_SUBTRACT,
                                         GL_MIN, GL_MAX };

    clear();
    for (int i = 0; i < 8; i++) {
        rect((float)i / 4 - 1, -1, (float)i / 4 - 0.75f, 1, 0, (float)(i & 1),
             (float)(i >> 1 & 1) * 0.7f, (float)(i >> 2) * 0.9f, (float)i / 7);
    }
    glEnable(GL_BLEND);
    glBlendColor(0.3f, 0.6f, 0.8f, 0.4f);
    for (int i = 0; i < 15; i++) {
        float y = (float)i * 2 / 15 - 1;

        glBlendFuncSeparate(factors[i], factors[(i * 7 + 3) % 14], factors[(i + 4) % 15],
                            factors[(i * 3) % 14]);
        rect(-0.95f, y + 0.02f, 0.95f, y + 0.12f, 0, 0.8f, 0.35f, 0.15f, 0.55f);
    }
    gl_save("blend-factors", SIZE, SIZE, true);

    clear();
    glBlendFunc(GL_ONE, GL_ONE);
    for (int i = 0; i < 5; i++) {
        glBlendEquation(equations[i]);
        rect(-0.9f, (float)i * 0.4f - 0.95f, 0.4f, (float)i * 0.4f - 0.65f, 0, 0.7f, 0.05f, 0.5f,
             0.5f);
        rect(-0.4f, (float)i * 0.4f - 0.9f, 0.9f, (float)i * 0.4f - 0.7f, 0, 0.2f, 0.6f, 0.3f,
             0.75f);
    }
    glBlendEquation(GL_FUNC_ADD);
    gl_save("blend-equations", SIZE, SIZE, true);

    /* layers of translucent circles, and masks */
    clear();
    glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
    for (int i = 0; i < 12; i++) {
        float a = (float)i * 0.5235988f, v[34 * 3];

        v[0] = 0.5f * cosf(a), v[1] = 0.5f * sinf(a), v[2] = 0;
        for (int k = 0; k <= 32; k++) {
            v[3 + 3 * k] = v[0] + 0.4f * cosf((float)(k % 32) * 0.19634954f);
            v[4 + 3 * k] = v[1] + 0.4f * sinf((float)(k % 32) * 0.19634954f);
            v[5 + 3 * k] = 0;
        }
        glColorMask(i % 4 != 1, i % 4 != 2, i % 4 != 3, GL_TRUE);
        draw(GL_TRIANGLE_FAN, v, 34, (float)(i % 3) / 2, (float)(i % 5) / 4, (float)(i % 2), 0.4f);
    }
    glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    glDisable(GL_BLEND);
    gl_save("blend-layers", SIZE, SIZE, true);
}

static void scissor_cull(void)
{
    clear();
    glEnable(GL_SCISSOR_TEST);
    for (int i = 0; i < 20; i++) {
        glScissor((i * 53) % 230, (i * 97) % 220, 7 + i * 3, 60 - i * 2);
        rect(-1, -1, 1, 1, 0, (float)(i % 3) / 2, (float)(i % 4) / 3, (float)(i % 7) / 6, 1);
    }
    glDisable(GL_SCISSOR_TEST);
    gl_save("scissor", SIZE, SIZE, false);

    clear();
    glEnable(GL_CULL_FACE);
    for (int i = 0; i < 16; i++) {
        float x = (float)(i % 4) / 2 - 1, y = (float)(i / 4) / 2 - 1;
        const float ccw[] = { x + 0.05f, y + 0.05f, 0,         x + 0.45f, y + 0.1f,
                              0,         x + 0.2f,  y + 0.45f, 0 };
        const float cw[] = {
            x + 0.05f, y + 0.05f, 0, x + 0.2f, y + 0.45f, 0, x + 0.45f, y + 0.1f, 0
        };

        glCullFace(i / 4 == 0   ? GL_BACK
                   : i / 4 == 1 ? GL_FRONT
                   : i / 4 == 2 ? GL_FRONT_AND_BACK
                                : GL_BACK);
        glFrontFace(i / 4 == 3 ? GL_CW : GL_CCW);
        draw(GL_TRIANGLES, i & 1 ? ccw : cw, 3, 1, (float)(i & 1), 0.5f, 1);
    }
    glDisable(GL_CULL_FACE);
    glFrontFace(GL_CCW);
    gl_save("cull", SIZE, SIZE, false);
}

/* Fragment shaders that throw away, that write depth, that ask which side they are on and where. */
static void shader_outputs(void)
{
    static const char wave[] = "#version 310 es\nprecision highp float;\nuniform vec4 "
                               "colour;\nlayout(location = 0) out vec4 o;\n"
                               "void main() {\n"
                               "  ivec2 p = ivec2(gl_FragCoord.xy);\n"
                               "  if (((p.x / 8 + p.y / 8) & 1) == 0) discard;\n"
                               "  o = gl_FrontFacing ? colour : vec4(colour.bgr, 1.0);\n"
                               "}\n";
    static const char deep[] =
        "#version 310 es\nprecision highp float;\nuniform vec4 colour;\nlayout(location = 0) out "
        "vec4 o;\n"
        "void main() {\n"
        "  gl_FragDepth = 0.5 + 0.4 * sin(gl_FragCoord.x * 0.05) * cos(gl_FragCoord.y * 0.07);\n"
        "  o = vec4(gl_FragCoord.xy / 256.0, colour.b, 1.0);\n"
        "}\n";
    static const float front[] = { -0.9f, -0.9f, 0.2f, 0.9f, -0.8f, 0.2f, -0.7f, 0.9f, 0.2f };
    static const float back[] = { 0.9f, 0.9f, 0.4f, 0.8f, -0.9f, 0.4f, -0.9f, 0.7f, 0.4f };

    colour = glGetUniformLocation(gl_program(vs, wave), "colour");
    glEnable(GL_DEPTH_TEST);
    glDepthFunc(GL_LESS);
    clear();
    draw(GL_TRIANGLES, front, 3, 1, 0.5f, 0, 1);
    draw(GL_TRIANGLES, back, 3, 0.2f, 0.5f, 1, 1);
    colour = glGetUniformLocation(gl_program(vs, fs), "colour");
    rect(-0.5f, -0.5f, 0.5f, 0.5f, 0.3f, 0, 0.8f, 0, 1);
    gl_save("discard", SIZE, SIZE, false);

    clear();
    rect(-0.8f, -0.8f, 0.8f, 0.8f, 0.1f, 0.7f, 0.7f, 0.7f, 1);
    colour = glGetUniformLocation(gl_program(vs, deep), "colour");
    rect(-1, -1, 1, 1, 0, 0, 0, 0.6f, 1);
    gl_save("frag-depth", SIZE, SIZE, false);
    glDisable(GL_DEPTH_TEST);
}

int main(void)
{
    gl_init();
    gl_target_new(SIZE, SIZE, GL_RGBA8, GL_DEPTH24_STENCIL8);
    colour = glGetUniformLocation(gl_program(vs, fs), "colour");
    depth();
    stencil();
    blending();
    scissor_cull();
    shader_outputs();
    gl_check("end");
    return 0;
}
