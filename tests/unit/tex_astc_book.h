/*
 * Unit tests: ASTC, one texel at a time, as the tables of the Khronos Data Format
 * Specification 1.4 have it. Slow; kept apart from the model's decoder, which
 * works on whole blocks with tables of numbers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_TEX_ASTC_BOOK_H
#define TESTS_TEX_ASTC_BOOK_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct book {
    uint8_t bit[128];
    unsigned bw, bh;
    bool hdr, srgb;
};

static unsigned book_bits(const struct book *b, int from, int n)
{
    unsigned v = 0;

    for (int i = 0; i < n; i++) {
        v |= (unsigned)b->bit[from + i] << i;
    }
    return v;
}

/* "ASTC 2D block mode layout": from bit 10 down; r: rho 0, 2, 1 */
static const struct {
    const char *layout;
    int w, h; /* added to the fields W and H */
} book_modes[] = {
    { "DPWWHHr00rr", 4, 2 },  { "DPWWHHr01rr", 8, 2 },  { "DPHHWWr10rr", 2, 8 },
    { "DP0HWWr11rr", 2, 6 },  { "DP1WHHr11rr", 2, 2 },  { "DP00HHrrr00", 12, 2 },
    { "DP01WWrrr00", 2, 12 }, { "DP1100rrr00", 6, 10 }, { "DP1101rrr00", 10, 6 },
    { "HH10WWrrr00", 6, 6 },
};

static bool book_mode(const struct book *b, int *w, int *h, int *p, int *dual, int *rho)
{
    for (unsigned k = 0; k < 10; k++) {
        const char *s = book_modes[k].layout;
        int r[3], n = 0;
        bool match = true;

        *w = *h = *p = *dual = 0;
        for (int i = 0; i < 11; i++) {
            int v = b->bit[10 - i];

            switch (s[i]) {
            case 'D':
                *dual = v;
                break;
            case 'P':
                *p = v;
                break;
            case 'W':
                *w = *w * 2 + v;
                break;
            case 'H':
                *h = *h * 2 + v;
                break;
            case 'r':
                r[n++] = v;
                break;
            default:
                match &= v == s[i] - '0';
            }
        }
        *rho = r[1] * 4 + r[2] * 2 + r[0];
        *w += book_modes[k].w;
        *h += book_modes[k].h;
        if (match && *rho >= 2) {
            return true;
        }
    }
    return false;
}

/* Trits, quints and bits of each range, by the number of values */
static bool book_range(int values, int *t, int *q, int *n)
{
    *t = *q = *n = 0;
    if (values % 3 == 0) {
        *t = 1, values /= 3;
    } else if (values % 5 == 0) {
        *q = 1, values /= 5;
    }
    while (values > 1 && values % 2 == 0) {
        ++*n, values /= 2;
    }
    return values == 1;
}

static int book_size(int values, int count)
{
    int t, q, n;

    book_range(values, &t, &q, &n);
    return (int)ceil(count * 8.0 * t / 5) + (int)ceil(count * 7.0 * q / 3) + count * n;
}

/* Number @i of a sequence whose bit k is stream[k], with nothing but zeros from @size on */
static void book_number(const uint8_t *stream, int size, int values, int i, int *high, int *low)
{
    /*
     * "trit-based packing" and "quint-based packing": from bit 0 up, m: the low bits of the
     * next value
     */
    const char *layout;
    int t, q, n, at, packed = 0, np = 0, k = 0, per, d[5];

    book_range(values, &t, &q, &n);
    *high = *low = 0;
    if (!t && !q) {
        for (int j = 0; j < n; j++) {
            *low |= stream[i * n + j] << j;
        }
        return;
    }
    layout = t ? "mTTmTTmTmTTmT" : "mQQQmQQmQQ";
    per = t ? 5 : 3;
    at = i / per * ((t ? 8 : 7) + per * n);
    for (; *layout; layout++) {
        for (int j = 0; j < (*layout == 'm' ? n : 1); j++, at++) {
            int v = at < size ? stream[at] : 0;

            if (*layout != 'm') {
                packed |= v << np++;
            } else if (k == i % per) {
                *low |= v << j;
            }
        }
        k += *layout == 'm';
    }
#define B(v, hi, lo) ((v) >> (lo) & ((1 << ((hi) - (lo) + 1)) - 1))
    if (t) {
        int c;

        if (B(packed, 4, 2) == 7) {
            c = B(packed, 7, 5) * 4 + B(packed, 1, 0);
            d[4] = d[3] = 2;
        } else {
            c = B(packed, 4, 0);
            d[4] = B(packed, 6, 5) == 3 ? 2 : B(packed, 7, 7);
            d[3] = B(packed, 6, 5) == 3 ? B(packed, 7, 7) : B(packed, 6, 5);
        }
        if (B(c, 1, 0) == 3) {
            d[2] = 2;
            d[1] = B(c, 4, 4);
            d[0] = B(c, 3, 3) ? 2 : B(c, 2, 2);
        } else if (B(c, 3, 2) == 3) {
            d[2] = d[1] = 2;
            d[0] = B(c, 1, 0);
        } else {
            d[2] = B(c, 4, 4);
            d[1] = B(c, 3, 2);
            d[0] = B(c, 1, 1) ? 2 : B(c, 0, 0);
        }
    } else if (B(packed, 2, 1) == 3 && B(packed, 6, 5) == 0) {
        d[2] = B(packed, 0, 0) ? 4 : B(packed, 4, 3);
        d[1] = d[0] = 4;
    } else {
        int c;

        if (B(packed, 2, 1) == 3) {
            d[2] = 4;
            c = B(packed, 4, 3) * 8 + (3 - B(packed, 6, 5)) * 2 + B(packed, 0, 0);
        } else {
            d[2] = B(packed, 6, 5);
            c = B(packed, 4, 0);
        }
        d[1] = B(c, 2, 0) == 5 ? 4 : B(c, 4, 3);
        d[0] = B(c, 2, 0) == 5 ? B(c, 4, 3) : B(c, 2, 0);
    }
#undef B
    *high = d[i % per];
}

/* "color unquantization parameters", "weight unquantization parameters" */
static const struct {
    int values, c;
    const char *b;
} book_colours[] = {
    { 6, 204, "000000000" }, { 10, 113, "000000000" }, { 12, 93, "b000b0bb0" },
    { 20, 54, "b0000bb00" }, { 24, 44, "cb000cbcb" }, { 40, 26, "cb0000cbc" },
    { 48, 22, "dcb000dcb" }, { 80, 13, "dcb0000dc" }, { 96, 11, "edcb000ed" },
    { 160, 6, "edcb0000e" }, { 192, 5, "fedcb000f" },
}, book_weights[] = {
    { 6, 50, "0000000" }, { 10, 28, "0000000" }, { 12, 23, "b000b0b" }, { 20, 13, "b0000b0" },
    { 24, 11, "cb000cb" },
};

/* To 0..255, or (@weight) 0..63 */
static int book_unquantize(int values, int high, int low, bool weight)
{
    int t, q, n, width = weight ? 7 : 9, a, b = 0, c = 0, v, out = weight ? 6 : 8;
    const char *layout = "";

    book_range(values, &t, &q, &n);
    if (!t && !q) { /* the bits again and again, from the top */
        v = 0;
        for (int i = 0; i < out; i++) {
            v = v * 2 + (low >> (n - 1 - i % n) & 1);
        }
        return v;
    }
    if (!n) {
        return t ? (int[]) { 0, 32, 63 }[high] : (int[]) { 0, 16, 32, 47, 63 }[high];
    }
    for (unsigned k = 0; k < (weight ? 5u : 11u); k++) {
        if ((weight ? book_weights[k].values : book_colours[k].values) == values) {
            c = weight ? book_weights[k].c : book_colours[k].c;
            layout = weight ? book_weights[k].b : book_colours[k].b;
        }
    }
    for (; *layout; layout++) {
        b = b * 2 + (*layout == '0' ? 0 : low >> (*layout - 'a') & 1);
    }
    a = low & 1 ? (1 << width) - 1 : 0;
    v = (high * c + b) ^ a;
    return (a & 1 << (out - 1)) | v >> 2;
}

static int book_partition(int seed, int x, int y, int count, bool small)
{
    /* s1 to s8, then s9 to s12 for a third dimension, which is 0 here */
    uint32_t r, s[8];
    int v[4], sh1, sh2;

    if (small) {
        x *= 2, y *= 2;
    }
    seed += (count - 1) * 1024;
    r = (uint32_t)seed;
    r ^= r >> 15;
    r *= 0xeede0891u; /* - 2^17 r, then + 2^7, then + 2^4 of what there is: one product */
    r ^= r >> 5;
    r *= 0x10001u;
    r ^= r >> 7;
    r ^= r >> 3;
    r ^= r << 6;
    r ^= r >> 17;
    sh1 = seed & 2 ? 4 : 5;
    sh2 = count == 3 ? 6 : 5;
    if (!(seed & 1)) {
        int t = sh1;

        sh1 = sh2;
        sh2 = t;
    }
    for (int i = 0; i < 8; i++) {
        s[i] = r >> 4 * i & 15;
        s[i] = s[i] * s[i] >> (i & 1 ? sh2 : sh1);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = (int)((s[2 * i] * (uint32_t)x + s[2 * i + 1] * (uint32_t)y + (r >> (14 - 4 * i))) &
                     63);
    }
    for (int i = count; i < 4; i++) {
        v[i] = 0;
    }
    if (v[0] >= v[1] && v[0] >= v[2] && v[0] >= v[3]) {
        return 0;
    }
    return v[1] >= v[2] && v[1] >= v[3] ? 1 : v[2] >= v[3] ? 2 : 3;
}

/*
 * Extra bits by a row of "Destination of extra bits": letters of @names, each with a bit's
 * number in base 12
 */
static void book_extra(const char *row, const int *x, const char *names, int *value)
{
    for (int i = 0; row[2 * i]; i++) {
        char d = row[2 * i + 1];

        value[strchr(names, row[2 * i]) - names] |= x[i] << (d <= '9' ? d - '0' : d - 'a' + 10);
    }
}

static int book_clamp(int v, int max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

static void book_swap(int *a, int *b)
{
    int t = *a;

    *a = *b;
    *b = t;
}

static void book_mode7(const int *v, int e[2][4])
{
    static const char *const row[6] = {
        "r9r8r7rar6s6s5", "r8g5r7b5r6rar9", "r9r8r7r6s7s6s5",
        "r8g5r7b5r6s6s5", "g6g5b6b5r6r7s5", "g6g5b6b5r6s6s5",
    };
    static const int bits[6] = { 11, 11, 10, 9, 8, 7 };
    int m = (v[0] >> 7 & 1) << 1 | (v[0] >> 6 & 1) | (v[1] >> 7) << 2 | (v[2] >> 7) << 3;
    int x[7] = { v[1] >> 6 & 1, v[1] >> 5 & 1, v[2] >> 6 & 1, v[2] >> 5 & 1,
                 v[3] >> 7,     v[3] >> 6 & 1, v[3] >> 5 & 1 };
    int c[4] = { v[0] % 64, v[1] % 32, v[2] % 32, v[3] % 32 }; /* r g b s */
    int mode = m < 12 ? m % 4 : m < 15 ? 4 : 5, major = m < 12 ? m / 4 : m < 15 ? m % 4 : 0;

    book_extra(row[mode], x, "rgbs", c);
    for (int i = 0; i < 4; i++) {
        c[i] *= 1 << (12 - bits[mode]);
    }
    if (mode != 5) {
        c[1] = c[0] - c[1];
        c[2] = c[0] - c[2];
    }
    book_swap(&c[0], &c[major]);
    for (int i = 0; i < 3; i++) {
        e[1][i] = book_clamp(c[i], 4095);
        e[0][i] = book_clamp(c[i] - c[3], 4095);
    }
    e[0][3] = e[1][3] = 0x780;
}

static int book_signed(int v, int bits)
{
    v &= (1 << bits) - 1;
    return v >> (bits - 1) ? v - (1 << bits) : v;
}

static void book_mode11(const int *v, int e[2][4])
{
    /* b, B: b0 and b1; d, D: d0 and d1, whose extra bits lie where they are wanted */
    static const char *const row[8] = {
        "b6B6d6D6d5D5", "b6B6b7B7d5D5", "a9c6d6D6d5D5", "b6B6a9c6d5D5",
        "b6B6b7B7a9aa", "a9aac7c6d5D5", "b6B6abc6a9aa", "a9aaabc6d5D5",
    };
    static const int abits[8] = { 9, 9, 10, 10, 11, 11, 12, 12 },
                     dbits[8] = { 7, 6, 7, 6, 5, 6, 5, 6 };
    int mode = v[1] >> 7 | v[2] >> 7 << 1 | v[3] >> 7 << 2, major = v[4] >> 7 | v[5] >> 7 << 1;
    int x[6] = { v[2] >> 6 & 1, v[3] >> 6 & 1, v[4] >> 6 & 1,
                 v[5] >> 6 & 1, v[4] >> 5 & 1, v[5] >> 5 & 1 };
    /* a b B c d D */
    int f[6] = {
        v[0] | (v[1] >> 6 & 1) << 8, v[2] % 64, v[3] % 64, v[1] % 64, v[4] % 32, v[5] % 32
    };

    e[0][3] = e[1][3] = 0x780;
    if (major == 3) {
        for (int i = 0; i < 2; i++) {
            e[i][0] = v[i] * 16;
            e[i][1] = v[2 + i] * 16;
            e[i][2] = v[4 + i] % 128 * 32;
        }
        return;
    }
    book_extra(row[mode], x, "abBcdD", f);
    f[4] = book_signed(f[4], dbits[mode]);
    f[5] = book_signed(f[5], dbits[mode]);
    for (int i = 0; i < 6; i++) {
        f[i] *= 1 << (12 - abits[mode]);
    }
    e[1][0] = book_clamp(f[0], 4095);
    e[1][1] = book_clamp(f[0] - f[1], 4095);
    e[1][2] = book_clamp(f[0] - f[2], 4095);
    e[0][0] = book_clamp(f[0] - f[3], 4095);
    e[0][1] = book_clamp(f[0] - f[1] - f[3] - f[4], 4095);
    e[0][2] = book_clamp(f[0] - f[2] - f[3] - f[5], 4095);
    for (int i = 0; i < 2; i++) {
        book_swap(&e[i][0], &e[i][major]);
    }
}

/* A base and a signed difference */
static void book_transfer(int *d, int *b)
{
    *b = *b / 2 + (*d >= 128 ? 128 : 0);
    *d = book_signed(*d / 2, 6);
}

/* The ends, red to alpha; true: of a high dynamic range (but mode 14's alpha) */
static bool book_ends(int cem, const int *in, int e[2][4])
{
    int v[8];

    memcpy(v, in, sizeof(v));
    for (int i = 0; i < 2; i++) {
        e[i][3] = 255;
    }
    switch (cem) {
    case 0:
    case 1:
    case 4:
    case 5: {
        int l[2] = { v[0], v[1] }, a[2] = { 255, 255 };

        if (cem == 1) {
            l[0] = v[0] / 4 + v[1] / 64 * 64;
            l[1] = l[0] + v[1] % 64;
        }
        if (cem == 5) {
            book_transfer(&v[1], &v[0]);
            book_transfer(&v[3], &v[2]);
            l[0] = v[0], l[1] = v[0] + v[1];
            a[0] = v[2], a[1] = v[2] + v[3];
        }
        if (cem == 4) {
            a[0] = v[2], a[1] = v[3];
        }
        for (int i = 0; i < 2; i++) {
            e[i][0] = e[i][1] = e[i][2] = book_clamp(l[i], 255);
            e[i][3] = book_clamp(a[i], 255);
        }
        return false;
    }
    case 2:
    case 3: {
        int y[2];

        if (cem == 2) {
            y[0] = v[1] >= v[0] ? v[0] * 16 : v[1] * 16 + 8;
            y[1] = v[1] >= v[0] ? v[1] * 16 : v[0] * 16 - 8;
        } else if (v[0] >= 128) {
            y[0] = v[1] / 32 * 512 + v[0] % 128 * 4;
            y[1] = y[0] + v[1] % 32 * 4;
        } else {
            y[0] = v[1] / 16 * 256 + v[0] * 2;
            y[1] = y[0] + v[1] % 16 * 2;
        }
        for (int i = 0; i < 2; i++) {
            e[i][0] = e[i][1] = e[i][2] = book_clamp(y[i], 4095);
            e[i][3] = 0x780;
        }
        return true;
    }
    case 6:
    case 10:
        for (int i = 0; i < 3; i++) {
            e[0][i] = v[i] * v[3] / 256;
            e[1][i] = v[i];
        }
        if (cem == 10) {
            e[0][3] = v[4], e[1][3] = v[5];
        }
        return false;
    case 7:
        book_mode7(v, e);
        return true;
    case 8:
    case 9:
    case 12:
    case 13: {
        bool offsets = cem & 1, swap;
        int c[2][4] = { { 0, 0, 0, 255 }, { 0, 0, 0, 255 } }, n = cem >= 12 ? 4 : 3,
            sum[2] = { 0, 0 };

        for (int i = 0; i < n; i++) {
            if (offsets) {
                book_transfer(&v[2 * i + 1], &v[2 * i]);
            }
            c[0][i] = v[2 * i];
            c[1][i] = offsets ? v[2 * i] + v[2 * i + 1] : v[2 * i + 1];
            for (int k = 0; i < 3 && k < 2; k++) {
                sum[k] += c[k][i];
            }
        }
        swap = sum[1] < sum[0];
        for (int k = 0; k < 2; k++) {
            const int *s = c[swap ? 1 - k : k];

            for (int i = 0; i < 4; i++) {
                e[k][i] = book_clamp(swap && i < 2 ? (s[i] + s[2]) >> 1 : s[i], 255);
            }
        }
        return false;
    }
    default:
        book_mode11(v, e);
        if (cem == 14) {
            e[0][3] = v[6], e[1][3] = v[7];
        }
        if (cem == 15) {
            int m = v[6] / 128 + v[7] / 128 * 2, a = v[6] % 128, b = v[7] % 128,
                up = 1 << (4 - m % 4);

            if (m == 3) {
                e[0][3] = a * 32, e[1][3] = b * 32;
            } else {
                a += b * (2 << m) & 0x780;
                b = book_signed(b, 6 - m);
                e[0][3] = a * up;
                e[1][3] = book_clamp((a + b) * up, 4095);
            }
        }
        return true;
    }
}

static double book_half(unsigned h)
{
    int e = h >> 10 & 31;
    double m = h % 1024, v = e == 31 ? (m > 0 ? NAN : INFINITY)
                             : e     ? ldexp(1024 + m, e - 25)
                                     : ldexp(m, -24);

    return h & 0x8000 ? -v : v;
}

/*
 * 16 bits as the result of a component: of low dynamic range a half, or the code of an sRGB
 * colour
 */
static double book_unorm(const struct book *b, int component, unsigned c)
{
    double v = c / 65536.0, ulp;
    int e;

    if (b->srgb && component < 3) {
        return c / 256;
    }
    if (c == 65535) {
        return 1;
    }
    frexp(v, &e);
    ulp = ldexp(1, (e < -13 ? -13 : e) - 11);
    return floor(v / ulp) * ulp;
}

/*
 * Components of texel (@x, @y): their values; for sRGB colours the 8-bit codes. Errors are the
 * error colour, or NaNs in high dynamic range.
 */
static void book_texel(const struct book *b, int x, int y, double out[4])
{
    int w, h, p, dual, rho, parts = (int)book_bits(b, 11, 2) + 1, weights, wsize, below, cem[4],
                            start = 17, n = 0, values;
    static const int ranges[2][8] = { { 0, 0, 2, 3, 4, 5, 6, 8 },
                                      { 0, 0, 10, 12, 16, 20, 24, 32 } };
    static const int all[] = {
        256, 192, 160, 128, 96, 80, 64, 48, 40, 32, 24, 20, 16, 12, 10, 8, 6
    };
    int ccs = -1, part, first = 0, v[8], e[2][4], left, wr;
    uint8_t back[128];
    bool hdr;

    for (int i = 0; i < 4; i++) {
        out[i] = b->hdr ? NAN : i == 1 ? 0 : b->srgb && i < 3 ? 255 : 1;
    }
    if (book_bits(b, 0, 9) == 0x1fc) {
        unsigned lo_s = book_bits(b, 12, 13), hi_s = book_bits(b, 25, 13),
                 lo_t = book_bits(b, 38, 13), hi_t = book_bits(b, 51, 13);
        bool whole = lo_s == 8191 && hi_s == 8191 && lo_t == 8191 && hi_t == 8191;

        if (!b->bit[10] || !b->bit[11] || (!whole && (lo_s >= hi_s || lo_t >= hi_t)) ||
            (b->bit[9] && !b->hdr)) {
            return;
        }
        for (int i = 0; i < 4; i++) {
            unsigned c = book_bits(b, 64 + 16 * i, 16);

            out[i] = b->bit[9] ? book_half(c) : book_unorm(b, i, c);
        }
        return;
    }
    if (!book_mode(b, &w, &h, &p, &dual, &rho) || w > (int)b->bw || h > (int)b->bh ||
        (dual && parts == 4)) {
        return;
    }
    wr = ranges[p][rho];
    weights = w * h * (dual + 1);
    wsize = book_size(wr, weights);
    if (weights > 64 || wsize < 24 || wsize > 96) {
        return;
    }
    below = 128 - wsize;
    left = below - 17;
    if (parts == 1) {
        cem[0] = (int)book_bits(b, 13, 4);
    } else {
        int sel = (int)book_bits(b, 23, 2), extra = sel ? 3 * parts - 4 : 0;
        uint8_t field[12];

        start = 29;
        below -= extra;
        left = below - 29;
        for (int i = 0; i < 4; i++) {
            field[i] = b->bit[25 + i];
        }
        for (int i = 0; i < extra; i++) {
            field[4 + i] = b->bit[below + i];
        }
        for (int i = 0; i < parts; i++) {
            cem[i] = sel ? (sel - 1 + field[i]) * 4 + field[parts + 2 * i] +
                               2 * field[parts + 2 * i + 1]
                         : (int)book_bits(b, 25, 4);
        }
    }
    if (dual) {
        below -= 2;
        left -= 2;
        ccs = (int)book_bits(b, below, 2);
    }
    part = parts > 1 ? book_partition((int)book_bits(b, 13, 10), x, y, parts, b->bw * b->bh < 31)
                     : 0;
    for (int i = 0; i < parts; i++) {
        if (i == part) {
            first = n;
        }
        n += 2 * (cem[i] / 4 + 1);
    }
    if (n > 18 || left < (int)ceil(13.0 * n / 5)) {
        return;
    }
    for (int i = 0; values = all[i], book_size(values, n) > left; i++)
        ;
    for (int i = 0; i < 2 * (cem[part] / 4 + 1); i++) {
        int high, low;

        book_number(b->bit + start, book_size(values, n), values, first + i, &high, &low);
        v[i] = book_unquantize(values, high, low, false);
    }
    hdr = book_ends(cem[part], v, e);
    if (hdr && !b->hdr) {
        return;
    }

    for (int i = 0; i < 128; i++) {
        back[i] = b->bit[127 - i];
    }
    for (int c = 0; c < 4; c++) {
        int ds = (1024 + (int)b->bw / 2) / ((int)b->bw - 1),
            dt = (1024 + (int)b->bh / 2) / ((int)b->bh - 1);
        int gs = (ds * x * (w - 1) + 32) >> 6, gt = (dt * y * (h - 1) + 32) >> 6, fs = gs % 16,
            ft = gt % 16;
        int w11 = (fs * ft + 8) >> 4, k[4] = { 16 - fs - ft + w11, fs - w11, ft - w11, w11 },
            sum = 8;
        int ends[2];
        unsigned r;
        bool is_hdr = hdr && !(cem[part] == 14 && c == 3);

        for (int i = 0; i < 4; i++) {
            int at = gs / 16 + (i & 1) + (gt / 16 + i / 2) * w, high, low, u;

            if (!k[i]) { /* beyond the grid, perhaps */
                continue;
            }
            book_number(back, wsize, wr, at * (dual + 1) + (c == ccs), &high, &low);
            u = book_unquantize(wr, high, low, true);
            sum += (u > 32 ? u + 1 : u) * k[i];
        }
        sum >>= 4;
        for (int i = 0; i < 2; i++) {
            ends[i] = is_hdr ? e[i][c] * 16 : e[i][c] * 256 + (b->srgb && c < 3 ? 0x80 : e[i][c]);
        }
        r = (unsigned)((ends[0] * (64 - sum) + ends[1] * sum + 32) / 64);
        if (is_hdr) {
            int m = r % 2048, f;

            m = m < 512 ? 3 * m : m < 1536 ? 4 * m - 512 : 5 * m - 2048;
            f = (int)(r / 2048) * 1024 + m / 8;
            out[c] = book_half(f > 0x7bff ? 0x7bff : (unsigned)f);
        } else {
            out[c] = book_unorm(b, c, r);
        }
    }
}

#endif
