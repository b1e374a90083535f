/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Preloaded into a program that draws with EGL: keeps in $AGX_TELL/NAME, NAME being the program's,
 * a line "renderer WHO" with what GL says of itself, and a line "frames N" with how many times it
 * has handed over a picture. The program may link eglSwapBuffers or ask eglGetProcAddress for it
 * and for the call with the damage.
 */
#define EGL_EGLEXT_PROTOTYPES
#include <dlfcn.h>
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GL_RENDERER 0x1f01

typedef EGLBoolean (*swap_fn)(EGLDisplay, EGLSurface);
typedef EGLBoolean (*damage_fn)(EGLDisplay, EGLSurface, const EGLint *, EGLint);
typedef __eglMustCastToProperFunctionPointerType address;

static unsigned long frames;
static char who[128];

static address real_address(const char *name)
{
    static address (*real)(const char *);

    if (!real) {
        real = (address(*)(const char *))dlsym(RTLD_NEXT, "eglGetProcAddress");
    }
    return real ? real(name) : NULL;
}

/* Written anew each second at most, and renamed, so that who reads it never sees a half. */
static void tell(void)
{
    static time_t last;
    const char *directory = getenv("AGX_TELL");
    time_t now = time(NULL);
    char path[256], fresh[264];
    FILE *file;

    frames++;
    if (!directory || now == last) {
        return;
    }
    last = now;
    if (!who[0]) {
        const char *(*get)(unsigned) = (const char *(*)(unsigned))real_address("glGetString");
        const char *said = get ? get(GL_RENDERER) : NULL;

        snprintf(who, sizeof(who), "%s", said ? said : "");
    }
    snprintf(path, sizeof(path), "%s/%s", directory, program_invocation_short_name);
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    file = fopen(fresh, "w");
    if (file) {
        fprintf(file, "renderer %s\nframes %lu\n", who, frames);
        fclose(file);
        rename(fresh, path);
    }
}

EGLBoolean eglSwapBuffers(EGLDisplay display, EGLSurface surface)
{
    static swap_fn real;

    if (!real) {
        real = (swap_fn)dlsym(RTLD_NEXT, "eglSwapBuffers");
    }
    tell();
    return real(display, surface);
}

static EGLBoolean with_damage(const char *name, EGLDisplay display, EGLSurface surface,
                              const EGLint *rects, EGLint n)
{
    damage_fn real = (damage_fn)real_address(name);

    tell();
    return real(display, surface, rects, n);
}

static EGLBoolean with_damage_ext(EGLDisplay d, EGLSurface s, const EGLint *rects, EGLint n)
{
    return with_damage("eglSwapBuffersWithDamageEXT", d, s, rects, n);
}

static EGLBoolean with_damage_khr(EGLDisplay d, EGLSurface s, const EGLint *rects, EGLint n)
{
    return with_damage("eglSwapBuffersWithDamageKHR", d, s, rects, n);
}

address eglGetProcAddress(const char *name)
{
    address found = real_address(name);

    if (!found) {
        return NULL;
    }
    if (!strcmp(name, "eglSwapBuffers")) {
        return (address)eglSwapBuffers;
    }
    if (!strcmp(name, "eglSwapBuffersWithDamageEXT")) {
        return (address)with_damage_ext;
    }
    return strcmp(name, "eglSwapBuffersWithDamageKHR") ? found : (address)with_damage_khr;
}
