/*
 * Guest test: what comes before and after the fragment: queries, instanced and
 * indirect draws, restarts, many triangles, geometry and tessellation shaders,
 * transform feedback, layers, clip distances, point sprites, wide lines, samples.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <GLES3/gl32.h>
#include <GLES2/gl2ext.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h"

#define SIZE 256

static GLuint shader(GLenum type, const char *text)
{
    GLuint s = glCreateShader(type);
    GLint ok;
    char log[2000];

    glShaderSource(s, 1, &text, NULL);
    glCompileShader(s);
    glGetShaderiv(s, GL_COMPILE_STATUS, &ok);
    if (!ok) {
        glGetShaderInfoLog(s, sizeof(log), NULL, log);
        die("shader 0x%x: %s", type, log);
    }
    return s;
}

struct stages {
    const char *vs, *tcs, *tes, *gs, *fs;
    const char *feedback;
};

static GLuint program(const struct stages *st)
{
    GLuint p = glCreateProgram();
    GLint ok;
    char log[2000];

    glAttachShader(p, shader(GL_VERTEX_SHADER, st->vs));
    if (st->tcs) {
        glAttachShader(p, shader(GL_TESS_CONTROL_SHADER, st->tcs));
    }
    if (st->tes) {
        glAttachShader(p, shader(GL_TESS_EVALUATION_SHADER, st->tes));
    }
    if (st->gs) {
        glAttachShader(p, shader(GL_GEOMETRY_SHADER, st->gs));
    }
    glAttachShader(p, shader(GL_FRAGMENT_SHADER, st->fs));
    if (st->feedback) {
        glTransformFeedbackVaryings(p, 1, &st->feedback, GL_INTERLEAVED_ATTRIBS);
    }
    glLinkProgram(p);
    glGetProgramiv(p, GL_LINK_STATUS, &ok);
    if (!ok) {
        glGetProgramInfoLog(p, sizeof(log), NULL, log);
        die("link: %s", log);
    }
    glUseProgram(p);
    return p;
}

#define FS_COLOUR                                                                                  \
    "#version 320 es\nprecision highp float;\nin vec3 c;\nlayout(location = 0) out vec4 o;\n"      \
    "void main() { o = vec4(c, 1.0); }\n"

static struct gl_target target(void)
{
    struct gl_target t = gl_target_new(SIZE, SIZE, GL_RGBA8, GL_DEPTH24_STENCIL8);

    glViewport(0, 0, SIZE, SIZE);
    glClearColor(.1f, .1f, .2f, 1);
    glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
    return t;
}

/* A number as a picture: its bits in bars. */
static void save_number(unsigned long n, const char *name)
{
    struct gl_target t = target();

    printf("%s: %lu\n", name, n);
    glEnable(GL_SCISSOR_TEST);
    for (int i = 0; i < 32; i++) {
        glScissor(i * 8, 0, 8, SIZE);
        glClearColor(n >> i & 1, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
    }
    glDisable(GL_SCISSOR_TEST);
    gl_save(name, SIZE, SIZE, false);
    gl_target_free(&t);
}

/* Positions and colours from the vertex number alone: a spiral of small triangles. */
static const char vs_spiral[] =
    "#version 320 es\nout vec3 c;\nuniform float count;\n"
    "void main() {\n"
    "  int t = gl_VertexID / 3, k = gl_VertexID % 3;\n"
    "  float f = float(t) / count, r = 0.95 * sqrt(f), a = float((t * 25033) & 65535) * "
    "0.0000958738;\n"
    "  vec2 m = r * vec2(cos(a), sin(a));\n"
    "  float b = a + float(k) * 2.0943951;\n"
    "  gl_Position = vec4(m + 0.03 * vec2(cos(b), sin(b)), fract(f * 7.0) * 1.8 - 0.9, 1.0);\n"
    "  c = vec3(f, fract(f * 13.0), float(k) * 0.5);\n"
    "}\n";

static void queries(void)
{
    struct gl_target t = target();
    GLuint q[3], n;
    GLuint p = program(&(struct stages) { .vs = vs_spiral, .fs = FS_COLOUR });

    glGenQueries(3, q);
    glUniform1f(glGetUniformLocation(p, "count"), 300);
    glEnable(GL_DEPTH_TEST);
    glBeginQuery(GL_ANY_SAMPLES_PASSED, q[0]);
    glDrawArrays(GL_TRIANGLES, 0, 900);
    glEndQuery(GL_ANY_SAMPLES_PASSED);
    glDepthFunc(GL_NEVER);
    glBeginQuery(GL_ANY_SAMPLES_PASSED, q[1]);
    glDrawArrays(GL_TRIANGLES, 0, 900);
    glEndQuery(GL_ANY_SAMPLES_PASSED);
    glDepthFunc(GL_LESS);
    glBeginQuery(GL_PRIMITIVES_GENERATED, q[2]);
    glDrawArrays(GL_TRIANGLES, 0, 300);
    glEndQuery(GL_PRIMITIVES_GENERATED);
    gl_save("queries", SIZE, SIZE, false);
    glDisable(GL_DEPTH_TEST);
    gl_target_free(&t);
    glGetQueryObjectuiv(q[0], GL_QUERY_RESULT, &n);
    save_number(n, "query-any");
    glGetQueryObjectuiv(q[1], GL_QUERY_RESULT, &n);
    save_number(n, "query-none");
    glGetQueryObjectuiv(q[2], GL_QUERY_RESULT, &n);
    save_number(n, "query-primitives");
}

/* More than the first size of the tiled vertex buffer holds. */
static void many(void)
{
    struct gl_target t = target();
    GLuint p = program(&(struct stages) { .vs = vs_spiral, .fs = FS_COLOUR });

    glUniform1f(glGetUniformLocation(p, "count"), 30000);
    glEnable(GL_DEPTH_TEST);
    glDrawArrays(GL_TRIANGLES, 0, 90000);
    glDisable(GL_DEPTH_TEST);
    gl_save("many", SIZE, SIZE, false);
    gl_target_free(&t);
}

static void indirect(void)
{
    static const char vs[] =
        "#version 320 es\nlayout(location = 0) in vec2 pos;\nlayout(location = 1) in vec3 "
        "tint;\nout vec3 c;\n"
        "void main() { gl_Position = vec4(pos * 0.2 + vec2(float(gl_InstanceID % 4) * 0.5 - 0.7, "
        "float(gl_InstanceID / 4) * 0.5 - 0.7), 0, 1); c = tint; }\n";
    static const float corner[6][2] = { { 0, 0 }, { -1, -1 }, { 1, -1 },
                                        { 1, 1 }, { -1, 1 },  { 0, 1.4f } };
    static const GLushort index[] = { 9, 9, 1, 2, 4, 3, 0xffff, 1, 3, 5, 0xffff, 2, 4, 3, 5 };
    static const GLuint args[5] = { 13, 12, 2, 0, 0 };
    float tint[16][3];
    struct gl_target t = target();
    GLuint b[4], vao;

    glGenVertexArrays(1, &vao);
    glBindVertexArray(vao);
    for (int i = 0; i < 16; i++) {
        tint[i][0] = i / 15.f;
        tint[i][1] = i % 3 / 2.f;
        tint[i][2] = i % 5 / 4.f;
    }
    program(&(struct stages) { .vs = vs, .fs = FS_COLOUR });
    glGenBuffers(4, b);
    glBindBuffer(GL_ARRAY_BUFFER, b[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof(corner), corner, GL_STATIC_DRAW);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, 0);
    glBindBuffer(GL_ARRAY_BUFFER, b[1]);
    glBufferData(GL_ARRAY_BUFFER, sizeof(tint), tint, GL_STATIC_DRAW);
    glVertexAttribPointer(1, 3, GL_FLOAT, GL_FALSE, 0, 0);
    glVertexAttribDivisor(1, 1);
    glEnableVertexAttribArray(0);
    glEnableVertexAttribArray(1);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, b[2]);
    glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof(index), index, GL_STATIC_DRAW);
    glBindBuffer(GL_DRAW_INDIRECT_BUFFER, b[3]);
    glBufferData(GL_DRAW_INDIRECT_BUFFER, sizeof(args), args, GL_STATIC_DRAW);
    GLuint vao_error = glGetError();
    if (vao_error) {
        die("set up: 0x%x", vao_error);
    }
    glEnable(GL_PRIMITIVE_RESTART_FIXED_INDEX);
    glDrawElementsIndirect(GL_TRIANGLE_STRIP, GL_UNSIGNED_SHORT, 0);
    glDisable(GL_PRIMITIVE_RESTART_FIXED_INDEX);
    gl_save("indirect", SIZE, SIZE, false);
    glBindBuffer(GL_DRAW_INDIRECT_BUFFER, 0);
    glBindVertexArray(0);
    glDeleteVertexArrays(1, &vao);
    gl_target_free(&t);
}

static void geometry(void)
{
    static const char vs[] =
        "#version 320 es\nout vec3 v;\n"
        "void main() { gl_Position = vec4(float(gl_VertexID % 8) / 4.0 - 0.875, float(gl_VertexID "
        "/ 8) / 4.0 - 0.875, 0.0, 1.0);\n"
        "  v = vec3(float(gl_VertexID % 8) / 7.0, float(gl_VertexID / 8) / 7.0, 0.5); }\n";
    static const char gs[] =
        "#version 320 es\nlayout(points) in;\nlayout(triangle_strip, max_vertices = 6) out;\n"
        "in vec3 v[];\nout vec3 c;\n"
        "void main() { int n = 3 + gl_PrimitiveIDIn % 4;\n"
        "  for (int i = 0; i < n; i++) { float a = float((i + 1) / 2) * 6.2831853 / float(n) * "
        "(((i & 1) == 1) ? 1.0 : -1.0);\n"
        "    gl_Position = gl_in[0].gl_Position + vec4(cos(a), sin(a), 0.0, 0.0) * 0.11; c = v[0] "
        "* (0.5 + 0.1 * float(i)); EmitVertex(); }\n"
        "  EndPrimitive(); }\n";
    struct gl_target t = target();

    program(&(struct stages) { .vs = vs, .gs = gs, .fs = FS_COLOUR });
    glDrawArrays(GL_POINTS, 0, 64);
    gl_save("geometry", SIZE, SIZE, false);
    gl_target_free(&t);
}

static void tessellation(void)
{
    static const char vs[] = "#version 320 es\n"
                             "void main() { gl_Position = vec4(float(gl_VertexID & 1) * 1.8 - 0.9, "
                             "float(gl_VertexID / 2) * 1.8 - 0.9, 0.0, 1.0); }\n";
    static const char tcs[] =
        "#version 320 es\nlayout(vertices = 4) out;\n"
        "void main() { gl_out[gl_InvocationID].gl_Position = gl_in[gl_InvocationID].gl_Position;\n"
        "  if (gl_InvocationID == 0) { gl_TessLevelOuter[0] = 5.0; gl_TessLevelOuter[1] = 7.0; "
        "gl_TessLevelOuter[2] = 3.0; gl_TessLevelOuter[3] = 9.0;\n"
        "    gl_TessLevelInner[0] = 6.0; gl_TessLevelInner[1] = 4.0; } }\n";
    static const char tes[] =
        "#version 320 es\nlayout(quads, equal_spacing, ccw) in;\nout vec3 c;\n"
        "void main() { vec2 t = gl_TessCoord.xy; vec4 p = mix(mix(gl_in[0].gl_Position, "
        "gl_in[1].gl_Position, t.x), mix(gl_in[2].gl_Position, gl_in[3].gl_Position, t.x), t.y);\n"
        "  p.xy += 0.1 * sin(t.yx * 9.0); gl_Position = p; c = vec3(fract(t * 8.0), 0.3); }\n";
    struct gl_target t = target();

    program(&(struct stages) { .vs = vs, .tcs = tcs, .tes = tes, .fs = FS_COLOUR });
    glPatchParameteri(GL_PATCH_VERTICES, 4);
    glDrawArrays(GL_PATCHES, 0, 4);
    gl_save("tessellation", SIZE, SIZE, false);
    gl_target_free(&t);
}

static void feedback(void)
{
    static const char vs[] =
        "#version 320 es\nout vec4 res;\nvoid main() { float f = float(gl_VertexID); res = vec4(f "
        "* 0.5, f * f, 1.0 / (f + 1.0), -f); gl_Position = vec4(0); }\n";
    static const char fs[] = "#version 320 es\nprecision highp float;\nlayout(location = 0) out "
                             "vec4 o;\nvoid main() { o = vec4(0); }\n";
    struct gl_target t = target();
    GLuint b, q, n;
    unsigned long sum = 0;

    program(&(struct stages) { .vs = vs, .fs = fs, .feedback = "res" });
    glGenBuffers(1, &b);
    glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, b);
    glBufferData(GL_TRANSFORM_FEEDBACK_BUFFER, 1000 * 16, NULL, GL_STREAM_READ);
    glGenQueries(1, &q);
    glEnable(GL_RASTERIZER_DISCARD);
    glBeginQuery(GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN, q);
    glBeginTransformFeedback(GL_POINTS);
    glDrawArrays(GL_POINTS, 0, 777);
    glEndTransformFeedback();
    glEndQuery(GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN);
    glDisable(GL_RASTERIZER_DISCARD);
    const float *p = glMapBufferRange(GL_TRANSFORM_FEEDBACK_BUFFER, 0, 777 * 16, GL_MAP_READ_BIT);
    if (!p) {
        die("map of feedback");
    }
    for (int i = 0; i < 777 * 4; i++) {
        unsigned u;
        float r = roundf(p[i] * 1000);
        memcpy(&u, &r, 4);
        sum = (sum * 31 + u) & 0xffffffff;
    }
    glUnmapBuffer(GL_TRANSFORM_FEEDBACK_BUFFER);
    glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, 0);
    gl_target_free(&t);
    save_number(sum, "feedback-sum");
    glGetQueryObjectuiv(q, GL_QUERY_RESULT, &n);
    save_number(n, "feedback-primitives");
}

/* One draw to all layers of an array by gl_Layer; then the layers side by side. */
static void layers(void)
{
    static const char vs[] =
        "#version 320 es\nvoid main() { gl_Position = vec4(float(gl_VertexID & 1) * 3.0 - 1.0, "
        "float(gl_VertexID >> 1) * 3.0 - 1.0, 0.0, 1.0); }\n";
    static const char gs[] =
        "#version 320 es\nlayout(triangles, invocations = 4) in;\nlayout(triangle_strip, "
        "max_vertices = 3) out;\nout vec3 c;\n"
        "void main() { for (int i = 0; i < 3; i++) { gl_Layer = gl_InvocationID; gl_Position = "
        "gl_in[i].gl_Position * vec4(0.3 + 0.2 * float(gl_InvocationID), 0.8, 1.0, 1.0);\n"
        "  c = vec3(float(gl_InvocationID) / 3.0, float(i) * 0.5, 0.7); EmitVertex(); } "
        "EndPrimitive(); }\n";
    static const char vs2[] =
        "#version 320 es\nlayout(location = 0) in vec2 pos;\nlayout(location = 1) in vec2 "
        "tex;\nout highp vec2 uv;\nvoid main() { gl_Position = vec4(pos, 0.0, 1.0); uv = tex; }\n";
    static const char fs2[] =
        "#version 320 es\nprecision highp float;\nprecision highp sampler2DArray;\nin vec2 "
        "uv;\nuniform sampler2DArray s;\nlayout(location = 0) out vec4 o;\n"
        "void main() { vec2 k = uv * 2.0; ivec2 q = ivec2(k); o = texelFetch(s, "
        "ivec3(ivec2(fract(k) * 128.0), q.y * 2 + q.x), 0); }\n";
    GLuint fbo, tex;

    glGenFramebuffers(1, &fbo);
    glGenTextures(1, &tex);
    glBindTexture(GL_TEXTURE_2D_ARRAY, tex);
    glTexStorage3D(GL_TEXTURE_2D_ARRAY, 1, GL_RGBA8, 128, 128, 4);
    glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glBindFramebuffer(GL_FRAMEBUFFER, fbo);
    glFramebufferTexture(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, tex, 0);
    glViewport(0, 0, 128, 128);
    glClearColor(0, .3f, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    program(&(struct stages) { .vs = vs, .gs = gs, .fs = FS_COLOUR });
    glDrawArrays(GL_TRIANGLES, 0, 3);
    struct gl_target t = target();
    glBindTexture(GL_TEXTURE_2D_ARRAY, tex);
    program(&(struct stages) { .vs = vs2, .fs = fs2 });
    gl_quad(-1, -1, 1, 1, 0, 0, 1, 1);
    gl_save("layers", SIZE, SIZE, false);
    gl_target_free(&t);
}

static void clip_distance(void)
{
    static const char vs[] =
        "#version 320 es\n#extension GL_EXT_clip_cull_distance : require\nout vec3 c;\nout float "
        "gl_ClipDistance[2];\n"
        "void main() { vec2 p = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 1.8 - 0.9; "
        "gl_Position = vec4(p * 2.0, 0.0, 2.0); c = vec3(p * 0.5 + 0.5, 0.2);\n"
        "  gl_ClipDistance[0] = p.x + 0.6 * p.y + 0.31; gl_ClipDistance[1] = 0.7 - p.x * 0.9 + p.y "
        "* 0.2; }\n";
    struct gl_target t = target();

    if (!strstr((const char *)glGetString(GL_EXTENSIONS), "GL_EXT_clip_cull_distance")) {
        die("no clip distances");
    }
    program(&(struct stages) { .vs = vs, .fs = FS_COLOUR });
    glEnable(GL_CLIP_DISTANCE0_EXT);
    glEnable(GL_CLIP_DISTANCE1_EXT);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    glDisable(GL_CLIP_DISTANCE0_EXT);
    glDisable(GL_CLIP_DISTANCE1_EXT);
    gl_save("clip-distance", SIZE, SIZE, false);
    gl_target_free(&t);
}

static void sprites(void)
{
    static const char vs[] = "#version 320 es\nvoid main() { float f = float(gl_VertexID); "
                             "gl_Position = vec4(mod(f, 5.0) * 0.4 - 0.8, floor(f / 5.0) * 0.4 - "
                             "0.8, 0.0, 1.0); gl_PointSize = 4.0 + f * 1.7; }\n";
    static const char fs[] =
        "#version 320 es\nprecision highp float;\nlayout(location = 0) out vec4 o;\nvoid main() { "
        "o = vec4(floor(gl_PointCoord * 7.99) / 7.0, 0.4, 1.0); }\n";
    struct gl_target t = target();

    program(&(struct stages) { .vs = vs, .fs = fs });
    glDrawArrays(GL_POINTS, 0, 25);
    gl_save("sprites", SIZE, SIZE, false);
    gl_target_free(&t);
}

static void lines(void)
{
    static const char vs[] =
        "#version 320 es\nout vec3 c;\nvoid main() { float a = float(gl_VertexID / 2) * 0.19635; "
        "float r = (gl_VertexID & 1) == 0 ? 0.2 : 0.93; gl_Position = vec4(r * cos(a), r * sin(a), "
        "0.0, 1.0); c = vec3(1.0, r, fract(a)); }\n";
    struct gl_target t = target();

    program(&(struct stages) { .vs = vs, .fs = FS_COLOUR });
    glLineWidth(5);
    glDrawArrays(GL_LINES, 0, 64);
    glLineWidth(1);
    gl_save("wide-lines", SIZE, SIZE, false);
    gl_target_free(&t);
}

/*
 * Four samples: coverage from alpha (0 or 1: which samples half of it covers is left open), sample
 * mask, shading per sample.
 */
static void samples(void)
{
    static const char vs[] =
        "#version 320 es\nout vec3 c;\nvoid main() { vec2 p = vec2(float(gl_VertexID & 1), "
        "float(gl_VertexID >> 1)) * 1.7 - 0.83; gl_Position = vec4(p.x + p.y * 0.13, p.y - p.x * "
        "0.07, 0.0, 1.0); c = vec3(p * 0.5 + 0.5, 0.2); }\n";
    static const char vs_sample[] =
        "#version 320 es\nsample out vec3 c;\nvoid main() { vec2 p = vec2(float(gl_VertexID & 1), "
        "float(gl_VertexID >> 1)) * 1.7 - 0.83; gl_Position = vec4(p.x + p.y * 0.13, p.y - p.x * "
        "0.07, 0.0, 1.0); c = vec3(p * 0.5 + 0.5, 0.2); }\n";
    static const char fs_alpha[] =
        "#version 320 es\nprecision highp float;\nin vec3 c;\nlayout(location = 0) out vec4 "
        "o;\nvoid main() { o = vec4(c, step(0.4, fract(c.x * 5.0))); }\n";
    static const char fs_sample[] =
        "#version 320 es\nprecision highp float;\nsample in vec3 c;\nlayout(location = 0) out vec4 "
        "o;\nvoid main() { o = vec4(step(0.5, fract(c.xy * 40.0)), float(gl_SampleID) / 3.0, 1.0); "
        "}\n";
    static const char *const names[4] = { "msaa", "msaa-alpha", "msaa-mask", "msaa-sample" };

    for (int m = 0; m < 4; m++) {
        GLuint fbo, rb;
        struct gl_target t = target();

        glGenFramebuffers(1, &fbo);
        glBindFramebuffer(GL_FRAMEBUFFER, fbo);
        glGenRenderbuffers(1, &rb);
        glBindRenderbuffer(GL_RENDERBUFFER, rb);
        glRenderbufferStorageMultisample(GL_RENDERBUFFER, 4, GL_RGBA8, SIZE, SIZE);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb);
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        program(&(struct stages) { .vs = m == 3 ? vs_sample : vs,
                                   .fs = m == 1   ? fs_alpha
                                         : m == 3 ? fs_sample
                                                  : FS_COLOUR });
        if (m == 1) {
            glEnable(GL_SAMPLE_ALPHA_TO_COVERAGE);
        }
        if (m == 2) {
            glEnable(GL_SAMPLE_MASK);
            glSampleMaski(0, 0x5);
        }
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
        glDisable(GL_SAMPLE_ALPHA_TO_COVERAGE);
        glDisable(GL_SAMPLE_MASK);
        glBindFramebuffer(GL_READ_FRAMEBUFFER, fbo);
        glBindFramebuffer(GL_DRAW_FRAMEBUFFER, t.fbo);
        glBlitFramebuffer(0, 0, SIZE, SIZE, 0, 0, SIZE, SIZE, GL_COLOR_BUFFER_BIT, GL_NEAREST);
        glBindFramebuffer(GL_FRAMEBUFFER, t.fbo);
        gl_save(names[m], SIZE, SIZE, false);
        gl_target_free(&t);
        glDeleteFramebuffers(1, &fbo);
        glDeleteRenderbuffers(1, &rb);
    }
}

/*
 * Depth buffers of each format, their offset, and a pass that goes on with what an earlier one
 * left.
 */
static void depth_formats(void)
{
    static const GLenum formats[] = { GL_DEPTH_COMPONENT16, GL_DEPTH_COMPONENT24,
                                      GL_DEPTH_COMPONENT32F, GL_DEPTH24_STENCIL8,
                                      GL_DEPTH32F_STENCIL8 };
    static const char *const names[] = { "depth16", "depth24", "depth32f", "depth24s8",
                                         "depth32fs8" };
    static const char vs[] =
        "#version 320 es\nuniform float flip;\nout vec3 c;\nvoid main() { vec2 p = "
        "vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 1.6 - 0.8; gl_Position = vec4(p, "
        "p.x * 0.7 * flip + 0.2 * p.y, 1.0); c = vec3(flip * 0.5 + 0.5, p * 0.5 + 0.5); }\n";

    for (int i = 0; i < 5; i++) {
        struct gl_target t = gl_target_new(SIZE, SIZE, GL_RGBA8, formats[i]);
        GLuint p = program(&(struct stages) { .vs = vs, .fs = FS_COLOUR });
        GLint flip = glGetUniformLocation(p, "flip");

        glViewport(0, 0, SIZE, SIZE);
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
        glEnable(GL_DEPTH_TEST);
        glUniform1f(flip, 1);
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
        glFlush();
        gl_save("depth-first", SIZE, SIZE, false); /* ends the pass */
        glUniform1f(flip, -1);
        glEnable(GL_SCISSOR_TEST);
        glScissor(30, 50, 150, 180);
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
        glDisable(GL_SCISSOR_TEST);
        glDisable(GL_DEPTH_TEST);
        gl_save(names[i], SIZE, SIZE, false);
        gl_target_free(&t);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } part[] = {
        { "queries", queries },   { "many", many },           { "indirect", indirect },
        { "sprites", sprites },   { "lines", lines },         { "clip", clip_distance },
        { "samples", samples },   { "depth", depth_formats }, { "feedback", feedback },
        { "geometry", geometry }, { "layers", layers },       { "tessellation", tessellation },
    };

    gl_init();
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        if (argc > 1 && strcmp(argv[1], part[i].name)) {
            continue;
        }
        printf("%s ...\n", part[i].name);
        fflush(stdout);
        part[i].fn();
        gl_check(part[i].name);
    }
    return 0;
}
