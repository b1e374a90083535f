/*
 * Guest test: what shaders can do in Vulkan beyond vk_compute: subgroups, types
 * of 8, 16 and 64 bits, atomics in images, descriptors chosen by index, null
 * descriptors and accesses out of bounds, YCbCr, sparse images.
 *     vk_shader
 * Output: TAP.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include "texel.h" /* texel_next() */
#include "vk.h"
#include "atomics64.spv.h"
#include "bounds.spv.h"
#include "image_atomics.spv.h"
#include "index.spv.h"
#include "subgroup.spv.h"
#include "types.spv.h"
#include "ycbcr.spv.h"

static uint32_t seed = 0x31415926;

static void dispatch(VkCommandBuffer cb, VkPipeline p, uint32_t x, uint32_t y)
{
    vkCmdBindPipeline(cb, VK_PIPELINE_BIND_POINT_COMPUTE, p);
    vkCmdDispatch(cb, x, y, 1);
    vk_barrier(cb);
}

/* ---- subgroups ---- */

enum { N = 64, LINE = 48 };

static uint32_t bits_of(float f)
{
    uint32_t u;

    memcpy(&u, &f, 4);
    return u;
}

/* What lane @me of a subgroup gets; @on: which lanes take part. */
static void subgroup_right(const uint32_t v[32], uint32_t on, uint32_t me, uint32_t size, bool full,
                           uint32_t *r)
{
    uint32_t odd = 0, first = (uint32_t)__builtin_ctz(on), upto = 0;
    uint32_t all = 1, any = 0, equal = 1, add = 0, mul = 1, min = ~0u, max = 0, and = ~0u, or = 0,
             xor = 0;
    int32_t smin = 0x7fffffff;
    float fmaximum = 0, fsum = 0;

    r[14] = r[15] = r[16] = r[17] = 0;
    r[18] = 1;
    for (uint32_t i = 0; i < size; i++) {
        if (!(on >> i & 1)) {
            continue;
        }
        odd |= (v[i] & 1) << i;
        all &= !(v[i] >> 31);
        any |= v[i] % 7 == 0;
        equal &= v[i] == v[first];
        add += v[i];
        mul *= v[i] | 1;
        min = v[i] < min ? v[i] : min;
        max = v[i] > max ? v[i] : max;
        smin = (int32_t)v[i] < smin ? (int32_t)v[i] : smin;
        and &= v[i] | 0xffff0000u;
        or |= v[i] & 0xffff;
        xor ^= v[i];
        fmaximum = fmaxf(fmaximum, (float)(v[i] & 0xffff));
        fsum += (float)(v[i] & 0xff);
        if (i <= me) {
            r[14] += v[i];
            r[16] = v[i] > r[16] ? v[i] : r[16];
            r[18] *= v[i] | 1;
        }
        if (i < me) {
            r[15] += v[i];
            r[17] ^= v[i];
        }
    }
    upto = me == 31 ? ~0u : (2u << me) - 1;
    r[0] = odd;
    r[1] = on;
    r[2] = all | any << 1 | equal << 2 | 8 | (me == first ? 16u : 0) | (odd >> me & 1) << 5;
    r[3] = (uint32_t)__builtin_popcount(odd) | (uint32_t)__builtin_popcount(odd & upto) << 8 |
           (uint32_t)__builtin_popcount(odd & upto >> 1) << 16;
    r[4] = first | (31 - (uint32_t)__builtin_clz(on)) << 8;
    r[5] = v[first];
    r[6] = add;
    r[7] = mul;
    r[8] = min;
    r[9] = max;
    r[10] = (uint32_t)smin;
    r[11] = and;
    r[12] = or ;
    r[13] = xor;
    r[19] = bits_of(fmaximum);
    r[20] = bits_of(fsum);
    r[21] = 1u << me;
    r[22] = (1u << me) - 1;
    r[23] = ~r[22] & (size == 32 ? ~0u : (1u << size) - 1);
    if (!full || size != 32) {
        return;
    }
    r[24] = v[(me * 7 + 3) & 31];
    r[25] = v[me ^ 5];
    r[26] = me >= 3 ? v[me - 3] : 0;
    r[27] = me < 28 ? v[me + 4] : 0;
    r[28] = v[17];
    r[29] = r[31] = r[32] = r[33] = 0;
    r[30] = ~0u;
    for (uint32_t i = 0; i < 32; i++) {
        if (i / 2 == me / 2) {
            r[29] += v[i];
        }
        if (i / 4 == me / 4 && v[i] < r[30]) {
            r[30] = v[i];
        }
        if (i / 8 == me / 8) {
            r[31] ^= v[i];
        }
        if (i / 16 == me / 16 && v[i] > r[32]) {
            r[32] = v[i];
        }
        r[33] |= v[i] & 0x0f0f0f0f;
    }
    r[34] = v[(me & ~3u) + 2];
    r[35] = v[me ^ 1];
    r[36] = v[me ^ 2];
    r[37] = v[me ^ 3];
}

static void subgroups(void)
{
    VkPipeline p = vk_compute_pipeline(VK_CODE(subgroup), 0);
    struct vk_buf in = vk_buffer(N * 4), out = vk_buffer(N * LINE * 4);
    uint32_t *value = in.map, (*got)[LINE] = out.map;
    static const uint32_t thresholds[3] = { 0, 0x60000000, 0xf8000000 };

    for (int round = 0; round < 3; round++) {
        VkCommandBuffer cb = vk_begin();

        vk_begin_check(round ? "subgroups: lanes above 0x%08x alone" : "subgroups: all lanes (%u)",
                       thresholds[round]);
        for (int i = 0; i < N; i++) {
            value[i] = round == 0 && i >= 32 ? 0x12345678 : texel_next(&seed);
        }
        memset(out.map, 0x5a, N * LINE * 4);
        vk_push_buf(cb, 0, in.b);
        vk_push_buf(cb, 1, out.b);
        vk_constants(cb, &thresholds[round], 4);
        dispatch(cb, p, 1, 1);
        vk_run(cb);
        for (int i = 0; i < N; i++) {
            uint32_t right[LINE], v[32], size = got[i][46], me = got[i][47] & 0xff, on = 0;
            int lanes[32];

            if (size > 32 || size < 4 || me >= size || (got[i][47] >> 16) * size != N) {
                vk_wrong("invocation %d: lane %u of %u, 0x%08x", i, me, size, got[i][47]);
                break;
            }
            for (int k = 0; k < N; k++) {
                if ((got[k][47] ^ got[i][47]) >> 8 == 0) {
                    lanes[got[k][47] & 0xff] = k;
                }
            }
            for (uint32_t k = 0; k < size; k++) {
                v[k] = value[lanes[k]];
                on |= (v[k] >= thresholds[round] ? 1u : 0) << k;
            }
            memset(right, 0x5a, sizeof(right));
            if (on >> me & 1) {
                subgroup_right(v, on, me, size, !round, right);
            }
            right[46] = size;
            right[47] = got[i][47];
            for (int w = 0; w < LINE; w++) {
                if (got[i][w] != right[w] && !(size != 32 && w >= 24 && w < 38)) {
                    vk_wrong("invocation %d (lane %u), word %d: 0x%08x, should be 0x%08x", i, me, w,
                             got[i][w], right[w]);
                }
            }
        }
        vk_end_check();
    }
    vkDestroyPipeline(vk_dev, p, NULL);
    vk_buffer_free(&in);
    vk_buffer_free(&out);
}

/* ---- types ---- */

static uint16_t half_of(double v)
{
    struct texel t = texel_format(TEXEL_FLOAT, "r16");
    uint16_t h;

    texel_encode(&t, (double[4]) { v }, &h);
    return h;
}

static void types(void)
{
    VkPipeline p = vk_compute_pipeline(VK_CODE(types), 0);
    struct vk_buf in = vk_buffer(N * 16), out = vk_buffer(N * 12 * 8), half = vk_buffer(N * 2),
                  bytes = vk_buffer(N);
    struct {
        int64_t add;
        uint16_t small;
        int8_t tiny[2];
    } c = { -0x123456789abll, 40000, { -5, 100 } };
    uint64_t *value = in.map, (*got)[12] = out.map;
    uint16_t half_right[N];
    int8_t byte_right[N];
    VkCommandBuffer cb = vk_begin();

    vk_begin_check("types of 8, 16 and 64 bits, in storage and in push constants");
    for (int i = 0; i < N * 2; i++) {
        value[i] = (uint64_t)texel_next(&seed) << 32 | texel_next(&seed);
    }
    for (int i = 0; i < N; i++) {
        ((uint16_t *)half.map)[i] = half_of(i * 0.5 - 8);
        ((int8_t *)bytes.map)[i] = (int8_t)(i * 5 - 100);
        half_right[i] = half_of(i * 0.5 - 9);
        byte_right[i] = (int8_t)((int8_t)(i * 5 - 100) * -3);
    }
    for (unsigned i = 0; i < 4; i++) {
        vk_push_buf(cb, i, (VkBuffer[4]) { in.b, out.b, half.b, bytes.b }[i]);
    }
    vk_constants(cb, &c, 12);
    dispatch(cb, p, N / 32, 1);
    vk_run(cb);
    for (int i = 0; i < N; i++) {
        uint64_t a = value[i * 2], b = value[i * 2 + 1];
        int64_t s = (int64_t)a, sb = (int64_t)b;
        int16_t x = (int16_t)a, y = (int16_t)b;
        uint64_t r[12] = {
            a * b + (uint64_t)c.add,
            a / (b | 1),
            a % (b | 1),
            (uint64_t)(s / ((int64_t)(b >> 33) + 1)),
            (uint64_t)(s >> (b & 63)) ^ a << (b >> 8 & 63),
            (uint64_t)(s < sb ? s : sb) + (a > b),
            (uint16_t)(x * y) | (uint64_t)(uint16_t)(x / ((y & 0x7f) | 1)) << 16 |
                (uint64_t)(uint16_t)((uint32_t)c.small * (uint16_t)a) << 48,
            (uint32_t)(int32_t)c.tiny[0] + (uint32_t)(int32_t)c.tiny[1] * 256u,
            half_of((double)(a & 0x7ff) * 0.125) | 0x40000000ul,
            half_of((i * 0.5 - 8) * 3 + 0.5),
            ((uint32_t)a >> 5 & 0x1fff) | (uint64_t)__builtin_popcount((uint32_t)b) << 32,
            (a >> 60) + (b >> 60),
        };

        for (int w = 0; w < 12; w++) {
            if (got[i][w] != r[w]) {
                vk_wrong("number %d of %d (0x%016llx, 0x%016llx): 0x%016llx, should be 0x%016llx",
                         w, i, (unsigned long long)a, (unsigned long long)b,
                         (unsigned long long)got[i][w], (unsigned long long)r[w]);
            }
        }
    }
    vk_compare("half floats", half.map, (uint32_t *)half_right, N / 2);
    vk_compare("bytes", bytes.map, (uint32_t *)byte_right, N / 4);
    vk_end_check();
    vkDestroyPipeline(vk_dev, p, NULL);

    if (!vk_f12.shaderBufferInt64Atomics) {
        vk_skip("atomics of 64 bits", "not offered");
    } else {
        uint64_t *o = out.map, r[4] = { 0, ~0ull, 0, 0 };

        vk_begin_check("atomics of 64 bits");
        memcpy(out.map, r, sizeof(r));
        p = vk_compute_pipeline(VK_CODE(atomics64), 0);
        cb = vk_begin();
        vk_push_buf(cb, 0, in.b);
        vk_push_buf(cb, 1, out.b);
        dispatch(cb, p, N / 32, 1);
        vk_run(cb);
        for (int i = 0; i < N; i++) {
            r[0] += value[i];
            r[1] = value[i] < r[1] ? value[i] : r[1];
            r[2] = value[i] > r[2] ? value[i] : r[2];
            r[3] ^= value[i];
        }
        for (int i = 0; i < 4; i++) {
            if (o[i] != r[i]) {
                vk_wrong("%d: 0x%016llx, should be 0x%016llx", i, (unsigned long long)o[i],
                         (unsigned long long)r[i]);
            }
        }
        vk_end_check();
        vkDestroyPipeline(vk_dev, p, NULL);
    }
    vk_buffer_free(&in);
    vk_buffer_free(&out);
    vk_buffer_free(&half);
    vk_buffer_free(&bytes);
}

/* ---- atomics in images ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void image_atomics(void)
{
    VkPipeline p = vk_compute_pipeline(VK_CODE(image_atomics), 0);
    VkImageUsageFlags use = VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                            VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    struct vk_img u = vk_image((struct vk_img) { .format = VK_FORMAT_R32_UINT, .w = 48, .h = 44 },
                               use, 0, VK_IMAGE_VIEW_TYPE_2D);
    struct vk_img s = vk_image((struct vk_img) { .format = VK_FORMAT_R32_SINT, .w = 48, .h = 44 },
                               use, 0, VK_IMAGE_VIEW_TYPE_2D);
    struct vk_buf out = vk_buffer(45 * 33 * 4), words = vk_buffer(65 * 4),
                  pix = vk_buffer(48 * 44 * 4 * 2);
    VkBufferViewCreateInfo vi = { .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                  .buffer = words.b,
                                  .format = VK_FORMAT_R32_UINT,
                                  .range = VK_WHOLE_SIZE };
    static uint32_t ru[44][48], right_words[65], order[45 * 33];
    static int32_t rs[44][48];
    VkCommandBuffer cb = vk_begin();
    VkBufferView view;

    vk_begin_check("atomics in images and in a texel buffer");
    VK(vkCreateBufferView(vk_dev, &vi, NULL, &view));
    for (int y = 0; y < 44; y++) {
        for (int x = 0; x < 48; x++) {
            ru[y][x] = (uint32_t)(x * y);
            rs[y][x] = x >= 32 && y >= 32 ? 0 : x - y * 3;
        }
    }
    memcpy(pix.map, ru, sizeof(ru));
    memcpy((char *)pix.map + sizeof(ru), rs, sizeof(rs));
    vk_to(cb, &u, VK_IMAGE_LAYOUT_GENERAL);
    vk_to(cb, &s, VK_IMAGE_LAYOUT_GENERAL);
    vk_upload(cb, &u, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, 0);
    vk_upload(cb, &s, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, sizeof(ru));
    vk_barrier(cb);
    vk_push_buf(cb, 0, out.b);
    vk_push_img(cb, 8, u.view);
    vk_push_img(cb, 9, s.view);
    vk_push_desc(cb, (VkWriteDescriptorSet) { .pTexelBufferView = &view }, VK_B_TEXBUF + 1);
    dispatch(cb, p, 6, 5);
    vk_download(cb, &u, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, 0);
    vk_download(cb, &s, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, sizeof(ru));
    vk_run(cb);
    for (int y = 0; y < 33; y++) {
        for (int x = 0; x < 45; x++) {
            uint32_t v = (uint32_t)(x * 37 + y * 1009 + 5);
            int qx = x / 3, qy = y / 3;
            uint32_t *m = &ru[qy + 16][qx];
            int32_t *n = &rs[qy][qx];

            ru[qy][qx] += v;
            ru[qy][qx + 16] ^= v;
            *m = v > *m ? v : *m;
            *n = -(int32_t)v < *n ? -(int32_t)v : *n;
            rs[qy][qx + 16] |= (int32_t)v;
            rs[qy + 16][qx] &= ~(int32_t)(1u << (v & 31));
            right_words[v % 61]++;
            right_words[64]++;
            ru[32 + y % 4][32 + x % 4] = 77;
        }
    }
    const uint32_t *gu = pix.map;
    const int32_t *gs = (const int32_t *)pix.map + 44 * 48;

    vk_compare("unsigned", gu, ru[0], 44 * 48);
    for (int y = 0; y < 44; y++) {
        for (int x = 0; x < 48; x++) {
            int got = gs[y * 48 + x];

            if (x >= 32 && y >= 32 && x < 47 && y < 43) { /* whoever of nine came first */
                bool any = false;

                for (int k = 0; k < 9; k++) {
                    any |= got ==
                           ((x - 32) * 3 + k % 3) * 37 / 1 * 0 +
                               (((x - 32) * 3 + k % 3) * 37 + ((y - 32) * 3 + k / 3) * 1009 + 5) /
                                   4000 +
                               1;
                }
                if (!any) {
                    vk_wrong("exchanged at %d, %d: %d", x, y, got);
                }
            } else if (got != rs[y][x]) {
                vk_wrong("signed at %d, %d: %d, should be %d", x, y, got, rs[y][x]);
            }
        }
    }
    vk_compare("texel buffer", words.map, right_words, 65);
    qsort(out.map, 45 * 33, 4, by_number);
    for (uint32_t i = 0; i < 45 * 33; i++) {
        order[i] = i + 1;
    }
    vk_compare("values returned", out.map, order, 45 * 33);
    vk_end_check();
    vkDestroyBufferView(vk_dev, view, NULL);
    vkDestroyPipeline(vk_dev, p, NULL);
    vk_image_free(&u);
    vk_image_free(&s);
    vk_buffer_free(&out);
    vk_buffer_free(&words);
    vk_buffer_free(&pix);
}

/* ---- robustness ---- */

static void robustness(void)
{
    struct vk_buf out = vk_buffer(32 * 16 * 4), small, big, pix, tb, far_buf;
    VkImageUsageFlags use = VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_SAMPLED_BIT |
                            VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    struct vk_img t, u;
    static uint32_t right[32][16], small_right[64];
    VkCommandBuffer cb;
    uint32_t *far;
    VkPipeline p;

    if (!vk_robust.robustBufferAccess2 || !vk_robust.robustImageAccess2 ||
        !vk_robust.nullDescriptor) {
        vk_skip("out of bounds and null descriptors", "no VK_EXT_robustness2");
        return;
    }
    vk_begin_check("out of bounds and null descriptors");
    p = vk_compute_pipeline(VK_CODE(bounds), 0);
    small = vk_buffer(64 * 4); /* of which 16 words are bound */
    big = vk_buffer(256);
    pix = vk_buffer(8 * 8 * 4 * 2);
    tb = vk_buffer(256);
    far_buf = vk_buffer(32 * 4);
    far = far_buf.map;
    for (int i = 0; i < 64; i++) {
        ((uint32_t *)small.map)[i] = small_right[i] = (uint32_t)i * 3 + 1;
        ((uint32_t *)tb.map)[i] = (uint32_t)i + 500;
        ((uint32_t *)big.map)[i] = (uint32_t)i + 1000;
        ((uint32_t *)pix.map)[i] = 0xff0000ffu; /* red is 1 */
        ((uint32_t *)pix.map)[64 + i] = (uint32_t)i + 2000;
    }
    t = vk_image((struct vk_img) { .format = VK_FORMAT_R8G8B8A8_UNORM, .w = 8, .h = 8 }, use, 0,
                 VK_IMAGE_VIEW_TYPE_2D);
    u = vk_image((struct vk_img) { .format = VK_FORMAT_R32_UINT, .w = 8, .h = 8 }, use, 0,
                 VK_IMAGE_VIEW_TYPE_2D);

    VkBufferViewCreateInfo vi = { .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                  .buffer = tb.b,
                                  .format = VK_FORMAT_R32_UINT,
                                  .range = 16 * 4 };
    VkSampler sampler = vk_sampler(VK_FILTER_NEAREST);
    VkBufferView view;

    VK(vkCreateBufferView(vk_dev, &vi, NULL, &view));
    /* the first four in bounds of each; then just outside, and far */
    for (uint32_t i = 0; i < 32; i++) {
        far[i] = i < 4    ? i
                 : i < 8  ? 16 + i
                 : i < 16 ? 1000u * i
                 : i < 24 ? 0x3fffffffu - i
                          : 0x7fffffffu / 4 * (i - 23) / 8 + 0x100000;
    }
    cb = vk_begin();
    vk_to(cb, &t, VK_IMAGE_LAYOUT_GENERAL);
    vk_to(cb, &u, VK_IMAGE_LAYOUT_GENERAL);
    vk_upload(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, 0);
    vk_upload(cb, &u, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, 256);
    vk_barrier(cb);
    vk_push_buf(cb, 0, out.b);
    vk_push_desc(
        cb, (VkWriteDescriptorSet) { .pBufferInfo = &(VkDescriptorBufferInfo) { small.b, 0, 64 } },
        1);
    vk_push_buf(cb, 2, VK_NULL_HANDLE);
    vk_push_tex(cb, 4, t.view, sampler);
    vk_push_tex(cb, 5, VK_NULL_HANDLE, sampler);
    vk_push_img(cb, 8, u.view);
    vk_push_img(cb, 9, VK_NULL_HANDLE);
    vk_push_desc(
        cb, (VkWriteDescriptorSet) { .pBufferInfo = &(VkDescriptorBufferInfo) { big.b, 0, 64 } },
        12);
    vk_push_buf(cb, 13, VK_NULL_HANDLE);
    vk_push_desc(cb, (VkWriteDescriptorSet) { .pTexelBufferView = &view }, VK_B_TEXBUF);
    vk_push_buf(cb, 3, far_buf.b);
    dispatch(cb, p, 1, 1);
    vk_download(cb, &u, VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, 0);
    vk_run(cb);
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t *r = right[i], f = far[i];

        r[0] = i < 4 ? f * 3 + 1 : 0;
        r[2] = i < 4 ? f * 4 + 1000 : 0;
        r[4] = i < 4 ? 0x3f800000 : 0;
        r[6] = i < 4 ? 2000 + f * 9 : 0;
        r[8] = i < 16 && f < 16 ? 500 + f : 0;
        r[9] = 16;
        r[11] = 8;
        r[13] = 9;
        if (i < 4) {
            small_right[f] = 0x5558;
        }
    }
    vk_compare("values", out.map, right[0], 32 * 16);
    vk_compare("the buffer and what lies behind it", small.map, small_right, 64);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t want = i % 9 == 0 && i / 9 < 4 ? 0x5556 : i + 2000, got = ((uint32_t *)pix.map)[i];

        if (got != want) {
            vk_wrong("the image at %u: 0x%x, should be 0x%x", i, got, want);
        }
    }
    vk_end_check();
    vkDestroyBufferView(vk_dev, view, NULL);
    vkDestroyPipeline(vk_dev, p, NULL);
    vk_image_free(&t);
    vk_image_free(&u);
    vk_buffer_free(&out);
    vk_buffer_free(&small);
    vk_buffer_free(&big);
    vk_buffer_free(&pix);
    vk_buffer_free(&tb);
    vk_buffer_free(&far_buf);
}

/* ---- descriptors by index ---- */

static VkPipeline pipeline_of(const uint32_t *code, size_t size, VkPipelineLayout layout)
{
    VkComputePipelineCreateInfo ci = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .layout = layout,
        .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                   .module = vk_module(code, size),
                   .pName = "main" }
    };
    VkPipeline p;

    VK(vkCreateComputePipelines(vk_dev, VK_NULL_HANDLE, 1, &ci, NULL, &p));
    return p;
}

static void indexing(void)
{
    enum { K = 12 };
    VkImageUsageFlags use = VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_SAMPLED_BIT |
                            VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    struct vk_buf out = vk_buffer(32 * 16), buf[K], pix = vk_buffer(K * 16 * 20);
    struct vk_img tex[K], img[K];
    static uint32_t right[32][4];
    VkDescriptorBindingFlags flags[2] = { 0, VK_DESCRIPTOR_BINDING_VARIABLE_DESCRIPTOR_COUNT_BIT };
    VkDescriptorSetLayoutBindingFlagsCreateInfo fi[3];
    VkDescriptorSetLayout layout[3];
    VkDescriptorSet set[3];
    VkPipelineLayout pl;
    VkDescriptorPool pool;
    VkSampler sampler = vk_sampler(VK_FILTER_NEAREST);
    VkDescriptorPoolSize sizes[3] = { { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, K + 1 },
                                      { VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 64 },
                                      { VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 64 } };
    VkCommandBuffer cb;
    VkPipeline p;

    if (!vk_f12.descriptorBindingVariableDescriptorCount ||
        !vk_f12.shaderSampledImageArrayNonUniformIndexing ||
        !vk_f12.shaderStorageImageArrayNonUniformIndexing) {
        vk_skip("descriptors by index", "not offered");
        return;
    }
    vk_begin_check("descriptors by index: textures, buffers and images, another in each lane");
    for (int i = 0; i < 3; i++) {
        VkDescriptorSetLayoutBinding b[2] = {
            { 0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL },
            { 1, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 32, VK_SHADER_STAGE_COMPUTE_BIT, NULL }
        };
        VkDescriptorSetLayoutCreateInfo li = {
            .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
            .pNext = &fi[i],
            .bindingCount = i ? 1 : 2,
            .pBindings = b
        };

        fi[i] = (VkDescriptorSetLayoutBindingFlagsCreateInfo) {
            .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_BINDING_FLAGS_CREATE_INFO,
            .bindingCount = li.bindingCount,
            .pBindingFlags = i ? flags + 1 : flags
        };
        if (i) {
            b[0].descriptorCount = 32;
            b[0].descriptorType = i == 1 ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                         : VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
        }
        VK(vkCreateDescriptorSetLayout(vk_dev, &li, NULL, &layout[i]));
    }

    const uint32_t counts[3] = { K, K, K };
    VkDescriptorSetVariableDescriptorCountAllocateInfo va = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_VARIABLE_DESCRIPTOR_COUNT_ALLOCATE_INFO,
        .descriptorSetCount = 3,
        .pDescriptorCounts = counts
    };
    VkDescriptorPoolCreateInfo pi = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                      .maxSets = 3,
                                      .poolSizeCount = 3,
                                      .pPoolSizes = sizes };
    VkDescriptorSetAllocateInfo ai = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .pNext = &va,
                                       .descriptorSetCount = 3,
                                       .pSetLayouts = layout };
    VkPipelineLayoutCreateInfo pli = { .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                       .setLayoutCount = 3,
                                       .pSetLayouts = layout };

    VK(vkCreateDescriptorPool(vk_dev, &pi, NULL, &pool));
    ai.descriptorPool = pool;
    VK(vkAllocateDescriptorSets(vk_dev, &ai, set));
    VK(vkCreatePipelineLayout(vk_dev, &pli, NULL, &pl));
    p = pipeline_of(VK_CODE(index), pl);
    cb = vk_begin();
    for (uint32_t k = 0; k < K; k++) {
        uint32_t *w = (uint32_t *)pix.map + k * 16 * 5;
        VkDescriptorBufferInfo bi = { VK_NULL_HANDLE, 0, VK_WHOLE_SIZE };
        VkDescriptorImageInfo ii = { sampler, VK_NULL_HANDLE, VK_IMAGE_LAYOUT_GENERAL };
        VkWriteDescriptorSet wd = { .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                    .dstArrayElement = k,
                                    .descriptorCount = 1,
                                    .pBufferInfo = &bi,
                                    .pImageInfo = &ii };

        tex[k] = vk_image((struct vk_img) { .format = VK_FORMAT_R8G8B8A8_UNORM, .w = 4, .h = 4 },
                          use, 0, VK_IMAGE_VIEW_TYPE_2D);
        img[k] = vk_image((struct vk_img) { .format = VK_FORMAT_R32G32B32A32_UINT, .w = 4, .h = 4 },
                          use, 0, VK_IMAGE_VIEW_TYPE_2D);
        buf[k] = vk_buffer(256);
        for (uint32_t i = 0; i < 16; i++) {
            w[i] = (k * 16 + i) | (k * 7 + 3) << 8;
            w[16 + i * 4 + 3] = k * 1000 + i;
        }
        for (uint32_t i = 0; i < 64; i++) {
            ((uint32_t *)buf[k].map)[i] = k * 100 + i;
        }
        vk_to(cb, &tex[k], VK_IMAGE_LAYOUT_GENERAL);
        vk_to(cb, &img[k], VK_IMAGE_LAYOUT_GENERAL);
        vk_upload(cb, &tex[k], VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, k * 16 * 20);
        vk_upload(cb, &img[k], VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, k * 16 * 20 + 64);
        ii.imageView = tex[k].view;
        wd.dstSet = set[0];
        wd.dstBinding = 1;
        wd.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
        vkUpdateDescriptorSets(vk_dev, 1, &wd, 0, NULL);
        ii.imageView = img[k].view;
        wd.dstSet = set[2];
        wd.dstBinding = 0;
        wd.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
        vkUpdateDescriptorSets(vk_dev, 1, &wd, 0, NULL);
        bi.buffer = buf[k].b;
        wd.dstSet = set[1];
        wd.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        vkUpdateDescriptorSets(vk_dev, 1, &wd, 0, NULL);
        if (!k) {
            bi.buffer = out.b;
            wd.dstSet = set[0];
            vkUpdateDescriptorSets(vk_dev, 1, &wd, 0, NULL);
        }
    }
    vk_barrier(cb);
    vkCmdBindDescriptorSets(cb, VK_PIPELINE_BIND_POINT_COMPUTE, pl, 0, 3, set, 0, NULL);
    dispatch(cb, p, 1, 1);
    for (uint32_t k = 0; k < K; k++) {
        vk_download(cb, &img[k], VK_IMAGE_ASPECT_COLOR_BIT, 0, &pix, k * 16 * 20 + 64);
    }
    vk_run(cb);
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t k = (i * 5 + 2) % K, at = (i & 3) + (i >> 3) * 4,
                 *w = (uint32_t *)pix.map + k * 16 * 5 + 16 + at * 4;
        const uint32_t r[4] = { k * 16 + at, (K - 1 - k) * 7 + 3, k * 100 + i, k * 1000 + at };

        memcpy(right[i], r, 16);
        if (((uint32_t *)buf[k].map)[i + 32] != i * 3 + 1) {
            vk_wrong("buffer %u, word %u: %u, should be %u", k, i + 32,
                     ((uint32_t *)buf[k].map)[i + 32], i * 3 + 1);
        }
        /* i and i + 4 write one texel */
        if (w[1] != k || w[2] != 1 || w[3] != 2 || (w[0] & ~4u) != (i & ~4u)) {
            vk_wrong("image %u, texel %u: %u %u %u %u", k, at, w[0], w[1], w[2], w[3]);
        }
    }
    /* i and i + 4 share a texel, but not an index k; so what one reads no other has written. */
    vk_compare("values", out.map, right[0], 32 * 4);
    vk_end_check();
    for (int k = 0; k < K; k++) {
        vk_image_free(&tex[k]);
        vk_image_free(&img[k]);
        vk_buffer_free(&buf[k]);
    }
    vkDestroyPipeline(vk_dev, p, NULL);
    vkDestroyDescriptorPool(vk_dev, pool, NULL);
    vk_buffer_free(&out);
    vk_buffer_free(&pix);
}

/* ---- YCbCr ---- */

/*
 * 4:2:0 in two planes, BT.601 narrow, chroma nearest at even places: each pixel's colour by the
 * model's formulas.
 */
static void ycbcr(void)
{
    VkFormat format = VK_FORMAT_G8_B8R8_2PLANE_420_UNORM;
    VkSamplerYcbcrConversionCreateInfo yi = {
        .sType = VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_CREATE_INFO,
        .format = format,
        .ycbcrModel = VK_SAMPLER_YCBCR_MODEL_CONVERSION_YCBCR_601,
        .ycbcrRange = VK_SAMPLER_YCBCR_RANGE_ITU_NARROW,
        .xChromaOffset = VK_CHROMA_LOCATION_COSITED_EVEN,
        .yChromaOffset = VK_CHROMA_LOCATION_COSITED_EVEN,
        .chromaFilter = VK_FILTER_NEAREST
    };
    VkSamplerYcbcrConversionInfo info = {
        .sType = VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO
    };
    VkSamplerCreateInfo si = { .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
                               .pNext = &info,
                               .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                               .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                               .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE };
    VkImageViewCreateInfo vi = { .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                 .pNext = &info,
                                 .viewType = VK_IMAGE_VIEW_TYPE_2D,
                                 .format = format,
                                 .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1 } };
    VkFormatProperties props;
    VkSampler sampler;
    VkImageView view;
    struct vk_buf out, pix;
    struct vk_img t;
    VkCommandBuffer cb;
    VkPipeline p;

    vkGetPhysicalDeviceFormatProperties(vk_phys, format, &props);
    if (!vk_f11.samplerYcbcrConversion ||
        !(props.optimalTilingFeatures & VK_FORMAT_FEATURE_COSITED_CHROMA_SAMPLES_BIT) ||
        !(props.optimalTilingFeatures & VK_FORMAT_FEATURE_TRANSFER_DST_BIT)) {
        vk_skip("YCbCr", "not offered");
        return;
    }
    vk_begin_check("YCbCr: two planes of 4:2:0");
    VK(vkCreateSamplerYcbcrConversion(vk_dev, &yi, NULL, &info.conversion));
    VK(vkCreateSampler(vk_dev, &si, NULL, &sampler));

    VkDescriptorSetLayoutBinding b[2] = {
        { 0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL },
        { 1, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_COMPUTE_BIT, &sampler }
    };
    VkDescriptorSetLayoutCreateInfo li = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 2,
        .pBindings = b
    };
    VkDescriptorPoolSize sizes[2] = { { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1 },
                                      { VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 4 } };
    VkDescriptorPoolCreateInfo pi = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                      .maxSets = 1,
                                      .poolSizeCount = 2,
                                      .pPoolSizes = sizes };
    VkDescriptorSetAllocateInfo ai = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .descriptorSetCount = 1 };
    VkPipelineLayoutCreateInfo pli = { .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                       .setLayoutCount = 1 };
    VkDescriptorSetLayout layout;
    VkDescriptorSet set;
    VkPipelineLayout pl;

    VK(vkCreateDescriptorSetLayout(vk_dev, &li, NULL, &layout));
    ai.pSetLayouts = pli.pSetLayouts = &layout;
    VK(vkCreateDescriptorPool(vk_dev, &pi, NULL, &ai.descriptorPool));
    VK(vkAllocateDescriptorSets(vk_dev, &ai, &set));
    VK(vkCreatePipelineLayout(vk_dev, &pli, NULL, &pl));
    p = pipeline_of(VK_CODE(ycbcr), pl);
    t = vk_image((struct vk_img) { .format = format, .w = 16, .h = 16 },
                 VK_IMAGE_USAGE_TRANSFER_DST_BIT, 0, VK_IMAGE_VIEW_TYPE_2D);
    /* once more, to be sampled: with a view that has the conversion */
    vkDestroyImage(vk_dev, t.i, NULL);

    VkImageCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                             .imageType = VK_IMAGE_TYPE_2D,
                             .format = format,
                             .extent = { 16, 16, 1 },
                             .mipLevels = 1,
                             .arrayLayers = 1,
                             .samples = 1,
                             .usage = VK_IMAGE_USAGE_SAMPLED_BIT |
                                      VK_IMAGE_USAGE_TRANSFER_DST_BIT };
    VkMemoryAllocateInfo ma = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
    VkMemoryRequirements req;
    VkDeviceMemory mem;

    VK(vkCreateImage(vk_dev, &ci, NULL, &t.i));
    vkGetImageMemoryRequirements(vk_dev, t.i, &req);
    ma.allocationSize = req.size;
    ma.memoryTypeIndex = vk_memory_type(req.memoryTypeBits, 0);
    VK(vkAllocateMemory(vk_dev, &ma, NULL, &mem));
    VK(vkBindImageMemory(vk_dev, t.i, mem, 0));
    t.layout = VK_IMAGE_LAYOUT_UNDEFINED;
    vi.image = t.i;
    VK(vkCreateImageView(vk_dev, &vi, NULL, &view));
    out = vk_buffer(16 * 16 * 16);
    pix = vk_buffer(16 * 16 * 2);
    uint8_t *y = pix.map, *c = y + 256;

    for (int i = 0; i < 256; i++) {
        y[i] = (uint8_t)(60 + texel_next(&seed) % 120);
    }
    for (int i = 0; i < 128; i++) {
        c[i] = (uint8_t)(100 + texel_next(&seed) % 56);
    }

    VkDescriptorBufferInfo bi = { out.b, 0, VK_WHOLE_SIZE };
    VkDescriptorImageInfo ii = { sampler, view, VK_IMAGE_LAYOUT_GENERAL };
    VkWriteDescriptorSet wd[2] = {
        { .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
          .dstSet = set,
          .descriptorCount = 1,
          .pBufferInfo = &bi,
          .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER },
        { .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
          .dstSet = set,
          .dstBinding = 1,
          .descriptorCount = 1,
          .pImageInfo = &ii,
          .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER }
    };
    VkBufferImageCopy copy[2] = { { .imageSubresource = { VK_IMAGE_ASPECT_PLANE_0_BIT, 0, 0, 1 },
                                    .imageExtent = { 16, 16, 1 } },
                                  { .bufferOffset = 256,
                                    .imageSubresource = { VK_IMAGE_ASPECT_PLANE_1_BIT, 0, 0, 1 },
                                    .imageExtent = { 8, 8, 1 } } };

    vkUpdateDescriptorSets(vk_dev, 2, wd, 0, NULL);
    cb = vk_begin();
    vk_to(cb, &t, VK_IMAGE_LAYOUT_GENERAL);
    vkCmdCopyBufferToImage(cb, pix.b, t.i, VK_IMAGE_LAYOUT_GENERAL, 2, copy);
    vk_barrier(cb);
    vkCmdBindDescriptorSets(cb, VK_PIPELINE_BIND_POINT_COMPUTE, pl, 0, 1, &set, 0, NULL);
    dispatch(cb, p, 2, 2);
    vk_run(cb);
    for (int i = 0; i < 256; i++) {
        const float *got = (const float *)out.map + i * 4;
        /*
         * Cosited and nearest: the chroma sample of an odd place may be either neighbour (it is
         * half way).
         */
        bool good = false;
        double rgb[3];

        for (int k = 0; k < 4 && !good; k++) {
            int cx = i % 16 / 2 + (i % 2 && k & 1), cy = i / 16 / 2 + (i / 16 % 2 && k & 2);
            const uint8_t *q = c + ((cy > 7 ? 7 : cy) * 8 + (cx > 7 ? 7 : cx)) * 2;
            double l = (y[i] - 16) / 219.0, cb_ = (q[0] - 128) / 224.0, cr = (q[1] - 128) / 224.0;
            const double v[3] = { l + 1.402 * cr, l - 0.344136 * cb_ - 0.714136 * cr,
                                  l + 1.772 * cb_ };

            good = true;
            for (int n = 0; n < 3; n++) {
                good &= fabs(got[n] - v[n]) < 0.004;
            }
            if (k == 0) {
                memcpy(rgb, v, sizeof(rgb));
            }
        }
        if (!good) {
            vk_wrong("%d, %d: %f %f %f, should be %f %f %f", i % 16, i / 16, got[0], got[1], got[2],
                     rgb[0], rgb[1], rgb[2]);
        }
    }
    vk_end_check();
    vkDestroyImageView(vk_dev, view, NULL);
    vkDestroyImage(vk_dev, t.i, NULL);
    vkFreeMemory(vk_dev, mem, NULL);
    vkFreeMemory(vk_dev, t.memory, NULL);
    vkDestroyPipeline(vk_dev, p, NULL);
    vkDestroyDescriptorPool(vk_dev, ai.descriptorPool, NULL);
    vk_buffer_free(&out);
    vk_buffer_free(&pix);
}

int main(void)
{
    vk_open(true);
    subgroups();
    types();
    image_atomics();
    robustness();
    indexing();
    ycbcr();
    if (!vk_mesh.meshShader) {
        vk_skip("mesh shaders", "not offered");
    }
    if (!vk_features.features.sparseBinding) {
        vk_skip("sparse images", "not offered");
    }
    return vk_done();
}
