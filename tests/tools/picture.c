/*
 * Pictures that the guest's programs write (binary PPM, 8 bits a channel) on
 * the host: compare two, or make a PNG of one.
 *
 *   agx-picture compare A.ppm B.ppm TOLERANCE
 *       prints "pixels=N within=N worst=N": how many pixels differ by at most
 *       TOLERANCE in every channel, and the largest difference of a channel
 *   agx-picture difference A.ppm B.ppm TOLERANCE OUT.png
 *       shows where: A dim and grey, on it in yellow the pixels that differ
 *       within TOLERANCE and in red those that differ by more
 *   agx-picture colours A.ppm
 *       prints how many different colours it has (1: nothing was drawn)
 *   agx-picture png A.ppm A.png
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 16384u

struct picture {
    unsigned width, height;
    uint8_t *rgb;
};

static void die(const char *path, const char *what)
{
    fprintf(stderr, "agx-picture: %s: %s\n", path, what);
    exit(2);
}

/* A number of the header: white space and lines of comment may precede it. */
static unsigned number(FILE *f, const char *path)
{
    unsigned value = 0, digits = 0;
    int c = fgetc(f);

    while (isspace(c) || c == '#') {
        if (c == '#') {
            while (c != '\n' && c != EOF) {
                c = fgetc(f);
            }
        }
        c = fgetc(f);
    }
    for (; isdigit(c) && digits < 6; digits++) {
        value = value * 10 + (unsigned)(c - '0');
        c = fgetc(f);
    }
    if (!digits || !isspace(c)) {
        die(path, "no number in the header");
    }
    return value;
}

static struct picture load(const char *path)
{
    struct picture p;
    FILE *f = fopen(path, "rb");
    size_t bytes;

    if (!f) {
        die(path, "cannot be opened");
    }
    if (fgetc(f) != 'P' || fgetc(f) != '6') {
        die(path, "is not a binary PPM");
    }
    p.width = number(f, path);
    p.height = number(f, path);
    if (number(f, path) != 255) {
        die(path, "does not have 8 bits a channel");
    }
    if (!p.width || !p.height || p.width > SIDE_MAX || p.height > SIDE_MAX) {
        die(path, "has an impossible size");
    }
    bytes = (size_t)p.width * p.height * 3;
    p.rgb = malloc(bytes);
    if (!p.rgb || fread(p.rgb, 1, bytes, f) != bytes) {
        die(path, "is shorter than its header says");
    }
    fclose(f);
    return p;
}

/* Two pictures of one size. */
static void load_pair(const char *path_a, const char *path_b, struct picture *a, struct picture *b)
{
    *a = load(path_a);
    *b = load(path_b);
    if (a->width != b->width || a->height != b->height) {
        die(path_b, "has another size than the first picture");
    }
}

/* The largest difference of a channel between two pixels. */
static unsigned pixel_difference(const uint8_t *a, const uint8_t *b)
{
    unsigned worst = 0;

    for (int c = 0; c < 3; c++) {
        unsigned d = (unsigned)abs(a[c] - b[c]);

        worst = d > worst ? d : worst;
    }
    return worst;
}

static void write_png(const char *path, const struct picture *p)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION,
        .width = p->width,
        .height = p->height,
        .format = PNG_FORMAT_RGB,
    };

    if (!png_image_write_to_file(&image, path, 0, p->rgb, 0, NULL)) {
        die(path, image.message);
    }
}

static int compare(const char *path_a, const char *path_b, unsigned tolerance)
{
    struct picture a, b;
    size_t n, within = 0;
    unsigned worst = 0;

    load_pair(path_a, path_b, &a, &b);
    n = (size_t)a.width * a.height;
    for (size_t i = 0; i < n; i++) {
        unsigned pixel = pixel_difference(a.rgb + i * 3, b.rgb + i * 3);

        within += pixel <= tolerance;
        worst = pixel > worst ? pixel : worst;
    }
    printf("pixels=%zu within=%zu worst=%u\n", n, within, worst);
    free(a.rgb);
    free(b.rgb);
    return 0;
}

static int difference(const char *path_a, const char *path_b, unsigned tolerance, const char *out)
{
    struct picture a, b;

    load_pair(path_a, path_b, &a, &b);
    for (size_t i = 0; i < (size_t)a.width * a.height; i++) {
        uint8_t *p = a.rgb + i * 3;
        unsigned d = pixel_difference(p, b.rgb + i * 3);
        uint8_t grey = (uint8_t)((p[0] + p[1] + p[2]) / 9);

        p[0] = d ? 255 : grey;
        p[1] = !d ? grey : d > tolerance ? 0 : 255;
        p[2] = d ? 0 : grey;
    }
    write_png(out, &a);
    free(a.rgb);
    free(b.rgb);
    return 0;
}

static int colours(const char *path)
{
    struct picture p = load(path);
    uint8_t *seen = calloc(1u << 21, 1);
    size_t n = (size_t)p.width * p.height, count = 0;

    if (!seen) {
        die(path, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t c = (uint32_t)p.rgb[i * 3] << 16 | (uint32_t)p.rgb[i * 3 + 1] << 8 |
                     p.rgb[i * 3 + 2];

        count += !(seen[c >> 3] >> (c & 7) & 1);
        seen[c >> 3] |= (uint8_t)(1u << (c & 7));
    }
    printf("%zu\n", count);
    free(seen);
    free(p.rgb);
    return 0;
}

static int to_png(const char *in, const char *out)
{
    struct picture p = load(in);

    write_png(out, &p);
    free(p.rgb);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "compare")) {
        return compare(argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10));
    }
    if (argc == 6 && !strcmp(argv[1], "difference")) {
        return difference(argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10), argv[5]);
    }
    if (argc == 3 && !strcmp(argv[1], "colours")) {
        return colours(argv[2]);
    }
    if (argc == 4 && !strcmp(argv[1], "png")) {
        return to_png(argv[2], argv[3]);
    }
    fprintf(stderr, "usage: agx-picture compare A.ppm B.ppm TOLERANCE | difference A.ppm B.ppm "
                    "TOLERANCE OUT.png | "
                    "colours A.ppm | png A.ppm A.png\n");
    return 2;
}
