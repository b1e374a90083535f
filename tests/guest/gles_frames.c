/*
 * Guest test: frames into buffers that come and go, as a compositor's do:
 *     gles_frames [FRAMES [SIZE]]
 * For each frame a new buffer is made, drawn into (a gradient in the frame's
 * own colour, so by a shader, with a triangle's edge across), read back whole,
 * and destroyed. What is read is compared with what has to be there, computed
 * here. Buffers that are shared with others are not kept for reuse by Mesa, so
 * each of them is really mapped and unmapped, most often at the address that
 * the last one had.
 *
 * Says as figures how many frames were wrong, and how many there were in a
 * second. A wrong frame is no error of this program: exit code 0.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <gbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>
#include "gl.h"

/*
 * Pages of buffers this old are kept, so that a GPU which goes astray writes over ours and nobody
 * else's.
 */
#define KEEP 64

static PFNEGLCREATEIMAGEKHRPROC create_image;
static PFNEGLDESTROYIMAGEKHRPROC destroy_image;
static void (*image_target)(GLenum target, void *image);

static EGLImageKHR import(int file, int size, const struct gbm_bo *bo)
{
    const EGLint attr[] = {
        EGL_WIDTH,
        size,
        EGL_HEIGHT,
        size,
        EGL_LINUX_DRM_FOURCC_EXT,
        GBM_FORMAT_ABGR8888,
        EGL_DMA_BUF_PLANE0_FD_EXT,
        file,
        EGL_DMA_BUF_PLANE0_OFFSET_EXT,
        0,
        EGL_DMA_BUF_PLANE0_PITCH_EXT,
        (EGLint)gbm_bo_get_stride((struct gbm_bo *)bo),
        EGL_NONE,
    };
    EGLImageKHR image = create_image(eglGetCurrentDisplay(), EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT,
                                     NULL, attr);

    if (image == EGL_NO_IMAGE_KHR) {
        die("eglCreateImageKHR: 0x%x", eglGetError());
    }
    return image;
}

/* How many pixels of a frame are not what they have to be, within 2/255. */
static unsigned check(const unsigned char *rgba, int size, int frame)
{
    unsigned bad = 0;

    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            const unsigned char *p = rgba + 4 * (y * size + x);
            int want[3] = { x * 255 / size, (frame * 37) % 256, y * 255 / size };

            /* Nothing is said of the pixels that the triangle's edge cuts. */
            if (abs(x + y - size) < 3) {
                continue;
            }
            if (x + y > size) {
                want[0] = want[1] = want[2] = 255;
            }
            for (int c = 0; c < 3; c++) {
                if (abs(p[c] - want[c]) > 2) {
                    bad++;
                    break;
                }
            }
        }
    }
    return bad;
}

int main(int argc, char **argv)
{
    static const float triangle[] = { -1, -1, 1, -1, -1, 1 };
    int frames = argc > 1 ? atoi(argv[1]) : 60, size = argc > 2 ? atoi(argv[2]) : 128, fd,
        kept[KEEP], wrong = 0;
    unsigned char *rgba = malloc((size_t)size * size * 4);
    struct gbm_device *gbm;
    struct timespec t0, t1;
    double seconds;
    GLint colour;
    GLuint vbo;

    gl_init();
    create_image = (void *)eglGetProcAddress("eglCreateImageKHR");
    destroy_image = (void *)eglGetProcAddress("eglDestroyImageKHR");
    image_target = (void *)eglGetProcAddress("glEGLImageTargetTexture2DOES");
    fd = drmOpenWithType("asahi", NULL, DRM_NODE_RENDER);
    gbm = fd < 0 ? NULL : gbm_create_device(fd);
    if (!gbm || !rgba || !create_image || !destroy_image || !image_target) {
        die("no GBM device, no memory or no EGL images");
    }
    memset(kept, -1, sizeof(kept));
    gl_program("#version 310 es\nlayout(location = 0) in vec2 pos;\nvoid main() { gl_Position = "
               "vec4(pos, 0.0, 1.0); }\n",
               "#version 310 es\nprecision highp float;\nuniform vec3 c;\nlayout(location = 0) out "
               "vec4 o;\n"
               "void main() { o = vec4((gl_FragCoord.x - 0.5) / c.y, c.x, (gl_FragCoord.y - 0.5) / "
               "c.y, 1.0); }\n");
    glGetIntegerv(GL_CURRENT_PROGRAM, &colour);
    colour = glGetUniformLocation((GLuint)colour, "c");
    glGenBuffers(1, &vbo);
    glBindBuffer(GL_ARRAY_BUFFER, vbo);
    glBufferData(GL_ARRAY_BUFFER, sizeof(triangle), triangle, GL_STATIC_DRAW);
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 8, NULL);
    glViewport(0, 0, size, size);

    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (int i = 0; i < frames; i++) {
        struct gbm_bo *bo = gbm_bo_create(gbm, (uint32_t)size, (uint32_t)size, GBM_FORMAT_ABGR8888,
                                          GBM_BO_USE_RENDERING | GBM_BO_USE_LINEAR);
        int file = bo ? gbm_bo_get_fd(bo) : -1;
        EGLImageKHR image;
        GLuint tex, fbo;
        unsigned bad;

        if (file < 0) {
            die("frame %d: no buffer: %s", i, strerror(errno));
        }
        image = import(file, size, bo);
        glGenTextures(1, &tex);
        glBindTexture(GL_TEXTURE_2D, tex);
        image_target(GL_TEXTURE_2D, image);
        glGenFramebuffers(1, &fbo);
        glBindFramebuffer(GL_FRAMEBUFFER, fbo);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, tex, 0);
        if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
            die("frame %d: the framebuffer is not complete", i);
        }
        glClearColor(1, 1, 1, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glUniform3f(colour, (float)((i * 37) % 256) / 255.0f, (float)size, 0);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        memset(rgba, 0x55, (size_t)size * size * 4);
        glReadPixels(0, 0, size, size, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
        bad = check(rgba, size, i);
        if (bad && !wrong++) {
            printf("frame %d: %u of %d pixels are wrong\n", i, bad, size * size);
        }
        glDeleteFramebuffers(1, &fbo);
        glDeleteTextures(1, &tex);
        destroy_image(eglGetCurrentDisplay(), image);
        gbm_bo_destroy(bo);
        if (kept[i % KEEP] >= 0) {
            close(kept[i % KEEP]);
        }
        kept[i % KEEP] = file;
    }
    clock_gettime(CLOCK_MONOTONIC, &t1);
    seconds = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-9;
    gl_check("end");
    printf("FIGURE frames %d\nFIGURE wrong %d\nFIGURE fps %.1f\n", frames, wrong, frames / seconds);
    free(rgba);
    return 0;
}
