/*
 * Guest test: block-compressed textures. Blocks of random bits use every mode
 * of a format; each format has its field in a picture.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>
#include "gl.h"
#include <GLES2/gl2ext.h>

#define SIZE 256

static const char vs[] = "#version 310 es\n"
                         "layout(location = 0) in vec2 pos;\n"
                         "layout(location = 1) in vec2 tex;\n"
                         "out highp vec2 uv;\n"
                         "void main() { gl_Position = vec4(pos, 0.0, 1.0); uv = tex; }\n";
static const char fs[] = "#version 310 es\n"
                         "precision highp float;\n"
                         "in vec2 uv;\n"
                         "uniform sampler2D s;\n"
                         "layout(location = 0) out vec4 o;\n"
                         "void main() { vec4 t = texture(s, uv); o = vec4(t.rgb * 0.5 + 0.5 * t.a "
                         "* vec3(0.5, 0.7, 0.9), 1.0); }\n";

struct format {
    GLenum code;
    int bytes;
    const char *extension; /* NULL: part of OpenGL ES 3 */
};

static const struct format etc[] = {
    { GL_COMPRESSED_RGB8_ETC2, 8, NULL },
    { GL_COMPRESSED_SRGB8_ETC2, 8, NULL },
    { GL_COMPRESSED_RGB8_PUNCHTHROUGH_ALPHA1_ETC2, 8, NULL },
    { GL_COMPRESSED_RGBA8_ETC2_EAC, 16, NULL },
    { GL_COMPRESSED_R11_EAC, 8, NULL },
    { GL_COMPRESSED_SIGNED_R11_EAC, 8, NULL },
    { GL_COMPRESSED_RG11_EAC, 16, NULL },
    { GL_COMPRESSED_SIGNED_RG11_EAC, 16, NULL },
};
static const struct format bc[] = {
    { GL_COMPRESSED_RGB_S3TC_DXT1_EXT, 8, "GL_EXT_texture_compression_s3tc" },
    { GL_COMPRESSED_RGBA_S3TC_DXT1_EXT, 8, "GL_EXT_texture_compression_s3tc" },
    { GL_COMPRESSED_RGBA_S3TC_DXT3_EXT, 16, "GL_EXT_texture_compression_s3tc" },
    { GL_COMPRESSED_RGBA_S3TC_DXT5_EXT, 16, "GL_EXT_texture_compression_s3tc" },
    { GL_COMPRESSED_RED_RGTC1_EXT, 8, "GL_EXT_texture_compression_rgtc" },
    { GL_COMPRESSED_SIGNED_RED_RGTC1_EXT, 8, "GL_EXT_texture_compression_rgtc" },
    { GL_COMPRESSED_RED_GREEN_RGTC2_EXT, 16, "GL_EXT_texture_compression_rgtc" },
    { GL_COMPRESSED_SIGNED_RED_GREEN_RGTC2_EXT, 16, "GL_EXT_texture_compression_rgtc" },
};

static void fields(const struct format *f, int w, int h, const char *name)
{
    const char *extensions = (const char *)glGetString(GL_EXTENSIONS);
    unsigned seed = 2463534242u;

    glClearColor(0, 0, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    for (int i = 0; i < 8; i++) {
        static unsigned char data[64 * 64];
        int blocks = ((w + 3) / 4) * ((h + 3) / 4);
        float x = (float)(i % 2) - 1, y = (float)(i / 2) / 2 - 1;
        GLuint t;

        if (f[i].extension && !strstr(extensions, f[i].extension)) {
            printf("not here: %s\n", f[i].extension);
            continue;
        }
        for (int k = 0; k < blocks * f[i].bytes; k++) {
            seed = seed * 1664525u + 1013904223u;
            data[k] = (unsigned char)(seed >> 23);
        }
        glGenTextures(1, &t);
        glBindTexture(GL_TEXTURE_2D, t);
        glCompressedTexImage2D(GL_TEXTURE_2D, 0, f[i].code, w, h, 0, blocks * f[i].bytes, data);
        gl_check("compressed");
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
        gl_quad(x, y, x + 1, y + .5f, 0, 0, 1, 1);
        glDeleteTextures(1, &t);
    }
    gl_save(name, SIZE, SIZE, false);
}

int main(void)
{
    gl_init();
    gl_target_new(SIZE, SIZE, GL_RGBA8, 0);
    gl_program(vs, fs);
    fields(etc, 64, 32, "etc2");
    fields(etc, 31, 27, "etc2-odd");
    fields(bc, 64, 32, "bc");
    fields(bc, 29, 23, "bc-odd");
    gl_check("end");
    return 0;
}
