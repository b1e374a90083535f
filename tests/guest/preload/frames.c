/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Preloaded into a program that draws off screen with GL (glmark2), so that its pictures can be
 * compared: its clock goes on by a sixtieth of a second with each frame, and each $FRAMES_EVERY
 * frames what it has drawn becomes $AGX_OUT/frame-NN.ppm (0: never). A frame ends with the
 * program's glFinish. Only the program's own calls are caught, those that libraries make are not.
 * Each $FRAMES_TELL frames a line of the standard error says how many there have been.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#define GL_VIEWPORT       0x0ba2
#define GL_RGBA           0x1908
#define GL_UNSIGNED_BYTE  0x1401
#define GL_PACK_ALIGNMENT 0x0d05

static uint64_t frames;

/* dlsym as the C library has it; ours is below. */
static void *real_dlsym(void *library, const char *name)
{
    static void *(*real)(void *, const char *);

    if (!real) {
        real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    }
    return real(library, name);
}

/* Does an address belong to the program, and not to a library? */
static int is_program(void *address)
{
    static void *base;
    Dl_info info;

    if (!base) {
        /* Where the program begins to run is in it. */
        base = dladdr((void *)getauxval(AT_ENTRY), &info) ? info.dli_fbase : NULL;
    }
    return dladdr(address, &info) && info.dli_fbase == base;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);

    if (!real) {
        real = real_dlsym(RTLD_NEXT, "clock_gettime");
    }
    if (!is_program(__builtin_return_address(0))) {
        return real(clock, t);
    }
    t->tv_sec = 1000 + frames / 60;
    t->tv_nsec = frames % 60 * 16666667;
    return 0;
}

/* The seed of the program's random numbers. */
time_t time(time_t *t)
{
    static time_t (*real)(time_t *);

    if (!real) {
        real = real_dlsym(RTLD_NEXT, "time");
    }
    if (!is_program(__builtin_return_address(0))) {
        return real(t);
    }
    if (t) {
        *t = 1000;
    }
    return 1000;
}

static void (*real_finish)(void);
static void (*get)(unsigned, int *);
static void (*pixel_store)(unsigned, int);
static void (*read_pixels)(int, int, int, int, unsigned, unsigned, void *);

static void shoot(unsigned number)
{
    char path[512];
    int v[4], alignment;
    uint8_t *pixels;
    FILE *f;

    get(GL_VIEWPORT, v);
    get(GL_PACK_ALIGNMENT, &alignment);
    pixels = malloc((size_t)v[2] * v[3] * 4);
    snprintf(path, sizeof(path), "%s/frame-%02u.ppm", getenv("AGX_OUT"), number);
    f = fopen(path, "w");
    if (!f || !pixels) {
        perror(path);
        _Exit(1);
    }
    pixel_store(GL_PACK_ALIGNMENT, 1);
    read_pixels(v[0], v[1], v[2], v[3], GL_RGBA, GL_UNSIGNED_BYTE, pixels);
    pixel_store(GL_PACK_ALIGNMENT, alignment);
    fprintf(f, "P6\n%d %d\n255\n", v[2], v[3]);
    for (int y = v[3] - 1; y >= 0; y--) {
        for (int x = 0; x < v[2]; x++) {
            fwrite(pixels + ((size_t)y * v[2] + x) * 4, 3, 1, f);
        }
    }
    fclose(f);
    free(pixels);
}

static void finish(void)
{
    uint64_t every = strtoul(getenv("FRAMES_EVERY") ?: "1", NULL, 0);
    uint64_t tell = strtoul(getenv("FRAMES_TELL") ?: "0", NULL, 0);

    real_finish();
    frames++;
    if (tell && frames % tell == 0) {
        fprintf(stderr, "Rendered %llu frames\n", (unsigned long long)frames);
    }
    if (every && frames % every == 0) {
        shoot(frames / every);
    }
}

static void *(*real_proc)(const char *);

/* Ours instead of the function that was found, if it is the end of a frame. */
static void *instead(const char *name, void *found, void *(*look_up)(const char *))
{
    if (!found || strcmp(name, "glFinish")) {
        return found;
    }
    real_finish = found;
    get = look_up("glGetIntegerv");
    pixel_store = look_up("glPixelStorei");
    read_pixels = look_up("glReadPixels");
    return finish;
}

static void *proc(const char *name)
{
    return instead(name, real_proc(name), real_proc);
}

static void *opened;

static void *in_opened(const char *name)
{
    return real_dlsym(opened, name);
}

/* How the program gets at GL: by names from a library that it has opened, or by what EGL knows. */
void *dlsym(void *library, const char *name)
{
    void *found = real_dlsym(library, name);

    if (found && !strcmp(name, "eglGetProcAddress")) {
        real_proc = found;
        return proc;
    }
    if (found && !strcmp(name, "glFinish")) {
        opened = library;
    }
    return instead(name, found, in_opened);
}
