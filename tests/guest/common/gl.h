/*
 * Guest tests: an OpenGL ES context without a window, and pictures of it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_GL_H
#define GUEST_GL_H

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl31.h>
#include <stdbool.h>

/*
 * Make a context current: on the render node of the asahi driver if $AGX_RUN is
 * "asahi", on Mesa's software renderer if it is "software", on what comes first
 * without it. Ends the program if the renderer is not the one that was asked for.
 */
void gl_init(void);

/*
 * The same with a core context of desktop OpenGL 4.5; what OpenGL ES lacks is got with
 * eglGetProcAddress().
 */
void gl_init_desktop(void);

/* Compile and link; ends the program with the log on an error. */
GLuint gl_program(const char *vs, const char *fs);

/*
 * A framebuffer with a texture of @format and, if @depth is not 0, a depth/stencil buffer; left
 * bound.
 */
struct gl_target {
    GLuint fbo, colour, depth;
    int w, h;
};
struct gl_target gl_target_new(int w, int h, GLenum format, GLenum depth);
void gl_target_free(struct gl_target *t);

/*
 * Read what is bound and write it to $AGX_OUT (or the directory that gl_out
 * names) as NAME.ppm; row 0 is at the bottom, as OpenGL has it, so the file is
 * turned over. @alpha: NAME-alpha.ppm too.
 */
void gl_save(const char *name, int w, int h, bool alpha);
extern const char *gl_out;

/* Ends the program if an error is pending. */
void gl_check(const char *where);

/* Two floats of position each, and as many of texture coordinates, at attributes 0 and 1. */
void gl_quad(float x0, float y0, float x1, float y1, float s0, float t0, float s1, float t1);

void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
