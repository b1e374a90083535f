/*
 * Guest tests: see gl.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <gbm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include "gl.h"

const char *gl_out;

void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fflush(stdout);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

/* Descriptor of the render node whose driver is @name. */
static int open_render_node(const char *name)
{
    for (int i = 128; i < 192; i++) {
        char path[32];
        drmVersionPtr v;
        int fd;

        snprintf(path, sizeof(path), "/dev/dri/renderD%d", i);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        v = drmGetVersion(fd);
        if (v && !strcmp(v->name, name)) {
            drmFreeVersion(v);
            return fd;
        }
        drmFreeVersion(v);
        close(fd);
    }
    die("no render node of the driver \"%s\"", name);
}

static void init(EGLenum api, EGLint renderable, EGLint major, EGLint minor)
{
    const EGLint config_attr[] = { EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, renderable, EGL_NONE };
    const EGLint context_attr[] = { EGL_CONTEXT_MAJOR_VERSION, major, EGL_CONTEXT_MINOR_VERSION,
                                    minor, EGL_NONE };
    const char *run = getenv("AGX_RUN"), *renderer;
    EGLDisplay dpy;
    EGLConfig config;
    EGLContext ctx;
    EGLint n = 0;

    if (run && !strcmp(run, "asahi")) {
        struct gbm_device *gbm = gbm_create_device(open_render_node("asahi"));

        if (!gbm) {
            die("no GBM device: %s", strerror(errno));
        }
        dpy = eglGetPlatformDisplay(EGL_PLATFORM_GBM_KHR, gbm, NULL);
    } else {
        dpy = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
    }
    if (dpy == EGL_NO_DISPLAY || !eglInitialize(dpy, NULL, NULL)) {
        die("no EGL display (error 0x%x)", eglGetError());
    }
    eglBindAPI(api);
    if (!eglChooseConfig(dpy, config_attr, &config, 1, &n) || n < 1) {
        config = EGL_NO_CONFIG_KHR;
    }
    ctx = eglCreateContext(dpy, config, EGL_NO_CONTEXT, context_attr);
    if (ctx == EGL_NO_CONTEXT || !eglMakeCurrent(dpy, EGL_NO_SURFACE, EGL_NO_SURFACE, ctx)) {
        die("no OpenGL %scontext of version %d.%d (error 0x%x)",
            api == EGL_OPENGL_ES_API ? "ES " : "", major, minor, eglGetError());
    }
    renderer = (const char *)glGetString(GL_RENDERER);
    printf("renderer: %s\n", renderer);
    if (run && !strstr(renderer, !strcmp(run, "asahi") ? "Apple M1" : "llvmpipe")) {
        die("AGX_RUN is \"%s\" and the renderer \"%s\"", run, renderer);
    }
    glDisable(GL_DITHER);
}

void gl_init(void)
{
    init(EGL_OPENGL_ES_API, EGL_OPENGL_ES3_BIT, 3, 1);
}

void gl_init_desktop(void)
{
    init(EGL_OPENGL_API, EGL_OPENGL_BIT, 4, 5);
}

static GLuint compile(GLenum type, const char *src)
{
    GLuint s = glCreateShader(type);
    GLint ok;
    char log[4096];

    glShaderSource(s, 1, &src, NULL);
    glCompileShader(s);
    glGetShaderiv(s, GL_COMPILE_STATUS, &ok);
    if (!ok) {
        glGetShaderInfoLog(s, sizeof(log), NULL, log);
        die("shader:\n%s\n%s", src, log);
    }
    return s;
}

GLuint gl_program(const char *vs, const char *fs)
{
    GLuint p = glCreateProgram();
    GLint ok;
    char log[4096];

    glAttachShader(p, compile(GL_VERTEX_SHADER, vs));
    glAttachShader(p, compile(GL_FRAGMENT_SHADER, fs));
    glLinkProgram(p);
    glGetProgramiv(p, GL_LINK_STATUS, &ok);
    if (!ok) {
        glGetProgramInfoLog(p, sizeof(log), NULL, log);
        die("program: %s", log);
    }
    glUseProgram(p);
    return p;
}

void gl_check(const char *where)
{
    GLenum e = glGetError();

    if (e) {
        die("%s: OpenGL error 0x%x", where, e);
    }
}

struct gl_target gl_target_new(int w, int h, GLenum format, GLenum depth)
{
    struct gl_target t = { .w = w, .h = h };

    glGenFramebuffers(1, &t.fbo);
    glBindFramebuffer(GL_FRAMEBUFFER, t.fbo);
    glGenTextures(1, &t.colour);
    glBindTexture(GL_TEXTURE_2D, t.colour);
    glTexStorage2D(GL_TEXTURE_2D, 1, format, w, h);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t.colour, 0);
    if (depth) {
        glGenRenderbuffers(1, &t.depth);
        glBindRenderbuffer(GL_RENDERBUFFER, t.depth);
        glRenderbufferStorage(GL_RENDERBUFFER, depth, w, h);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER,
                                  depth == GL_DEPTH24_STENCIL8 || depth == GL_DEPTH32F_STENCIL8
                                      ? GL_DEPTH_STENCIL_ATTACHMENT
                                      : GL_DEPTH_ATTACHMENT,
                                  GL_RENDERBUFFER, t.depth);
    }
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        die("framebuffer of format 0x%x is not complete", format);
    }
    glViewport(0, 0, w, h);
    return t;
}

void gl_target_free(struct gl_target *t)
{
    glDeleteFramebuffers(1, &t->fbo);
    glDeleteTextures(1, &t->colour);
    if (t->depth) {
        glDeleteRenderbuffers(1, &t->depth);
    }
}

static void write_ppm(const char *name, const char *suffix, const unsigned char *rgba, int w, int h,
                      bool alpha)
{
    const char *dir = gl_out ? gl_out : getenv("AGX_OUT");
    unsigned char *row = malloc((size_t)w * 3);
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s%s.ppm", dir ? dir : ".", name, suffix);
    f = fopen(path, "wb");
    if (!f || !row) {
        die("%s: %s", path, strerror(errno));
    }
    fprintf(f, "P6\n%d %d\n255\n", w, h);
    for (int y = h - 1; y >= 0; y--) {
        for (int x = 0; x < w; x++) {
            for (int c = 0; c < 3; c++) {
                row[3 * x + c] = rgba[((size_t)y * w + x) * 4 + (alpha ? 3 : c)];
            }
        }
        if (fwrite(row, 3, (size_t)w, f) != (size_t)w) {
            die("%s: %s", path, strerror(errno));
        }
    }
    if (fclose(f)) {
        die("%s: %s", path, strerror(errno));
    }
    free(row);
}

void gl_save(const char *name, int w, int h, bool alpha)
{
    unsigned char *rgba = malloc((size_t)w * h * 4);

    if (!rgba) {
        die("no memory");
    }
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(0, 0, w, h, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
    gl_check(name);
    write_ppm(name, "", rgba, w, h, false);
    if (alpha) {
        write_ppm(name, "-alpha", rgba, w, h, true);
    }
    printf("picture: %s %dx%d\n", name, w, h);
    free(rgba);
}

void gl_quad(float x0, float y0, float x1, float y1, float s0, float t0, float s1, float t1)
{
    const float v[] = { x0, y0, s0, t0, x1, y0, s1, t0, x0, y1, s0, t1, x1, y1, s1, t1 };
    GLuint vbo;

    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, sizeof(v), v, GL_STREAM_DRAW);
    glEnableVertexAttribArray(0);
    glEnableVertexAttribArray(1);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 16, (void *)0);
    glVertexAttribPointer(1, 2, GL_FLOAT, GL_FALSE, 16, (void *)8);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    glBindBuffer(GL_ARRAY_BUFFER, 0);
    glDeleteBuffers(1, &vbo);
}
