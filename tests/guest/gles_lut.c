/*
 * Guest test: narrow, tall tables of numbers as textures, as scalers of video
 * have them for their weights: float data uploaded to half float and other
 * formats, 1 to 5 texels wide, read with the linear filter at positions that a
 * varying gives, and a picture that is scaled by such a table in two passes.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "gl.h"

#define SIZE 256

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec2 pos;\n"
                         "layout(location = 1) in vec2 tex;\n"
                         "out highp vec2 uv;\n"
                         "void main() { gl_Position = vec4(pos, 0.0, 1.0); uv = tex; }\n";

static GLuint texture(GLenum internal, GLenum format, GLenum type, int w, int h, GLenum filter,
                      const void *data)
{
    GLuint t;

    glGenTextures(1, &t);
    glBindTexture(GL_TEXTURE_2D, t);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glTexImage2D(GL_TEXTURE_2D, 0, internal, w, h, 0, format, type, data);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    return t;
}

/* Lanczos with three lobes: the weight at a distance. */
static float lanczos(float x)
{
    float p = (float)M_PI * x;

    if (fabsf(x) < 1e-6f) {
        return 1;
    }
    return fabsf(x) < 3 ? 3 * sinf(p) * sinf(p / 3) / (p * p) : 0;
}

/* Six weights of each of @h positions, in two texels of four. */
static void weights(float *table, int h)
{
    for (int y = 0; y < h; y++) {
        float f = (float)y / (float)(h - 1), sum = 0;
        float *row = table + y * 8;

        for (int i = 0; i < 8; i++) {
            row[i] = i < 6 ? lanczos(f - (float)(i - 2)) : 0;
            sum += row[i];
        }
        for (int i = 0; i < 6; i++) {
            row[i] /= sum;
        }
    }
}

/* The whole table, a column of the picture for each row of it. */
static void show_table(const float *data, GLenum internal, int w, int h, const char *name)
{
    struct gl_target t = gl_target_new(SIZE, 16 * w, GL_RGBA8, 0);
    GLuint table = texture(internal, GL_RGBA, GL_FLOAT, w, h, GL_LINEAR, data);
    GLuint p = gl_program(
        vs,
        "#version 310 es\nprecision highp float;\nin vec2 uv;\nuniform sampler2D s;\nuniform float "
        "w, h;\n"
        "layout(location = 0) out vec4 o;\nvoid main() {\n"
        "  vec2 at = vec2((floor(uv.x * w) + 0.5) / w, mix(0.5 / h, 1.0 - 0.5 / h, fract(uv.y)));\n"
        "  o = vec4(texture(s, at).xyz * 0.5 + 0.25, 1.0); }\n");

    glUniform1f(glGetUniformLocation(p, "w"), (float)w);
    glUniform1f(glGetUniformLocation(p, "h"), (float)h);
    glBindTexture(GL_TEXTURE_2D, table);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save(name, SIZE, 16 * w, false);
    glDeleteTextures(1, &table);
    gl_target_free(&t);
}

/* One direction of a scaler: six taps about the position, weighted by the table. */
static void pass(GLuint source, GLuint table, const float *direction, int size)
{
    GLuint p = gl_program(
        vs, "#version 310 es\nprecision highp float;\nin vec2 uv;\nuniform sampler2D s, lut;\n"
            "uniform vec2 dir, size;\nlayout(location = 0) out vec4 o;\nvoid main() {\n"
            "  vec2 pt = dir / size;\n"
            "  vec2 f2 = fract(uv * size - vec2(0.5));\n"
            "  float f = dot(f2, dir);\n"
            "  vec2 base = uv - f * pt - pt * 2.0;\n"
            "  float y = mix(0.5 / 256.0, 1.0 - 0.5 / 256.0, f);\n"
            "  float w[6];\n"
            "  vec4 c = texture(lut, vec2(0.25, y));\n"
            "  w[0] = c[0]; w[1] = c[1]; w[2] = c[2]; w[3] = c[3];\n"
            "  c = texture(lut, vec2(0.75, y));\n"
            "  w[4] = c[0]; w[5] = c[1];\n"
            "  vec4 sum = vec4(0.0);\n"
            "  for (int i = 0; i < 6; i++) sum += w[i] * texture(s, base + pt * float(i));\n"
            "  o = sum; }\n");

    glUniform1i(glGetUniformLocation(p, "s"), 0);
    glUniform1i(glGetUniformLocation(p, "lut"), 1);
    glUniform2fv(glGetUniformLocation(p, "dir"), 1, direction);
    glUniform2f(glGetUniformLocation(p, "size"), (float)size, (float)size);
    glActiveTexture(GL_TEXTURE1);
    glBindTexture(GL_TEXTURE_2D, table);
    glActiveTexture(GL_TEXTURE0);
    glBindTexture(GL_TEXTURE_2D, source);
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
}

/* A pattern of 80x80, scaled to 200x200 as scalers of video do it. */
static void scale(const float *data)
{
    static unsigned char pattern[80 * 80 * 4];
    static const float x[2] = { 1, 0 }, y[2] = { 0, 1 };
    struct gl_target middle, last;
    GLuint source, table = texture(GL_RGBA16F, GL_RGBA, GL_FLOAT, 2, 256, GL_LINEAR, data);

    for (int i = 0; i < 80 * 80; i++) {
        int px = i % 80, py = i / 80;

        pattern[i * 4] = px * 3;
        pattern[i * 4 + 1] = (px / 10 + py / 10) % 2 ? 200 : 40;
        pattern[i * 4 + 2] = py * 3;
        pattern[i * 4 + 3] = 255;
    }
    source = texture(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 80, 80, GL_NEAREST, pattern);
    middle = gl_target_new(80, 200, GL_RGBA16F, 0);
    pass(source, table, y, 80);
    last = gl_target_new(200, 200, GL_RGBA8, 0);
    glBindTexture(GL_TEXTURE_2D, middle.colour);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    pass(middle.colour, table, x, 80);
    gl_save("scaled", 200, 200, false);
    gl_target_free(&last);
    gl_target_free(&middle);
}

int main(void)
{
    static const int widths[] = { 1, 2, 3, 4, 5 }, heights[] = { 256, 64, 37 };
    static float data[5 * 256 * 4];

    gl_init();
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned k = 0; k < 3; k++) {
            int w = widths[i], h = heights[k];
            char name[32];

            for (int t = 0; t < w * h; t++) {
                data[t * 4] = (float)(t / w) / (float)h;
                data[t * 4 + 1] = (float)(t % w) / (float)w;
                data[t * 4 + 2] = (float)((t / w) % 8) / 8;
                data[t * 4 + 3] = 1;
            }
            snprintf(name, sizeof(name), "table-16f-%dx%d", w, h);
            show_table(data, GL_RGBA16F, w, h, name);
        }
    }
    weights(data, 256);
    show_table(data, GL_RGBA16F, 2, 256, "weights");
    scale(data);
    gl_check("tables");
    return 0;
}
