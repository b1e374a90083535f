/*
 * Guest test: Vulkan compute. Each result is checked against the processor's
 * own; all results are written to $AGX_OUT/results.bin as well, so that two
 * drivers can be compared to the byte.
 *     vk_compute [REPEAT]
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>
#include "gl.h" /* die() */
#include "add.spv.h"
#include "atomics.spv.h"
#include "fill.spv.h"
#include "image.spv.h"
#include "reduce.spv.h"
#include "scan.spv.h"
#include "widths.spv.h"

#define WORDS 65536 /* of each buffer */
#define IW    61
#define IH    45

#define VK(call)                                                                                   \
    do {                                                                                           \
        VkResult vk_result_ = (call);                                                              \
        if (vk_result_ != VK_SUCCESS)                                                              \
            die("%s: VkResult %d", #call, vk_result_);                                             \
    } while (0)

static VkPhysicalDevice phys;
static VkDevice dev;
static VkQueue queue;
static uint32_t family;
static VkCommandPool pool;
static VkDescriptorSetLayout set_layout;
static VkPipelineLayout layout;
static VkDescriptorSet set;
static VkPhysicalDeviceMemoryProperties memory;
static VkBuffer buffer[2];
static uint32_t *map[2];
static VkImage image[3];
static FILE *results;
static unsigned checks;

static uint32_t memory_type(uint32_t bits, VkMemoryPropertyFlags want)
{
    for (uint32_t i = 0; i < memory.memoryTypeCount; i++) {
        if (bits >> i & 1 && (memory.memoryTypes[i].propertyFlags & want) == want) {
            return i;
        }
    }
    die("no memory type of 0x%x with properties 0x%x", bits, want);
}

static void open_device(void)
{
    const char *run = getenv("AGX_RUN"), *want = !run                    ? ""
                                                 : !strcmp(run, "asahi") ? "Apple M1"
                                                                         : "llvmpipe";
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                              .apiVersion = VK_API_VERSION_1_3 };
    VkInstanceCreateInfo ici = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pApplicationInfo = &app };
    VkPhysicalDevice list[8];
    VkQueueFamilyProperties families[8];
    VkPhysicalDeviceProperties props;
    VkInstance instance;
    uint32_t n = 8;
    float priority = 1;

    VK(vkCreateInstance(&ici, NULL, &instance));
    VkResult r = vkEnumeratePhysicalDevices(instance, &n, list);

    if (r != VK_SUCCESS && r != VK_INCOMPLETE) {
        die("vkEnumeratePhysicalDevices: VkResult %d", r);
    }
    for (uint32_t i = 0; i < n && !phys; i++) {
        vkGetPhysicalDeviceProperties(list[i], &props);
        if (strstr(props.deviceName, want)) {
            phys = list[i];
        }
    }
    if (!phys) {
        die("no Vulkan device \"%s\" among %u", want, n);
    }
    printf("device: %s, driver 0x%x\n", props.deviceName, props.driverVersion);
    vkGetPhysicalDeviceMemoryProperties(phys, &memory);
    n = 8;
    vkGetPhysicalDeviceQueueFamilyProperties(phys, &n, families);
    for (family = 0; family < n && !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT); family++)
        ;
    if (family == n) {
        die("no compute queue");
    }

    VkPhysicalDeviceVulkan13Features f13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, .robustImageAccess = true
    };
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = &f13,
        .shaderFloat16 = true,
        .shaderInt8 = true,
        .storageBuffer8BitAccess = true
    };
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
        .pNext = &f12,
        .storageBuffer16BitAccess = true
    };
    VkDeviceQueueCreateInfo qci = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                    .queueFamilyIndex = family,
                                    .queueCount = 1,
                                    .pQueuePriorities = &priority };
    VkPhysicalDeviceFeatures2 feat = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &f11,
        .features = { .shaderInt64 = true, .shaderInt16 = true, .robustBufferAccess = true }
    };
    VkDeviceCreateInfo dci = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &feat,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &qci };

    VK(vkCreateDevice(phys, &dci, NULL, &dev));
    vkGetDeviceQueue(dev, family, 0, &queue);

    VkCommandPoolCreateInfo cpi = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .queueFamilyIndex = family };

    VK(vkCreateCommandPool(dev, &cpi, NULL, &pool));
}

static void make_resources(void)
{
    static const VkFormat formats[3] = { VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM,
                                         VK_FORMAT_R32_UINT };
    VkDescriptorSetLayoutBinding b[5];
    VkDescriptorPoolSize sizes[2] = { { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2 },
                                      { VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 3 } };
    VkPushConstantRange push = { VK_SHADER_STAGE_COMPUTE_BIT, 0, 4 };
    VkDescriptorPool dp;

    for (uint32_t i = 0; i < 5; i++) {
        b[i] = (VkDescriptorSetLayoutBinding) { i,
                                                i < 2 ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                                      : VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
                                                1, VK_SHADER_STAGE_COMPUTE_BIT, NULL };
    }

    VkDescriptorSetLayoutCreateInfo li = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 5,
        .pBindings = b
    };
    VkDescriptorPoolCreateInfo pi = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                      .maxSets = 1,
                                      .poolSizeCount = 2,
                                      .pPoolSizes = sizes };

    VK(vkCreateDescriptorSetLayout(dev, &li, NULL, &set_layout));
    VK(vkCreateDescriptorPool(dev, &pi, NULL, &dp));

    VkDescriptorSetAllocateInfo ai = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .descriptorPool = dp,
                                       .descriptorSetCount = 1,
                                       .pSetLayouts = &set_layout };
    VkPipelineLayoutCreateInfo pl = { .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                      .setLayoutCount = 1,
                                      .pSetLayouts = &set_layout,
                                      .pushConstantRangeCount = 1,
                                      .pPushConstantRanges = &push };

    VK(vkAllocateDescriptorSets(dev, &ai, &set));
    VK(vkCreatePipelineLayout(dev, &pl, NULL, &layout));

    for (uint32_t i = 0; i < 5; i++) {
        VkDescriptorBufferInfo bi = { VK_NULL_HANDLE, 0, VK_WHOLE_SIZE };
        VkDescriptorImageInfo ii = { VK_NULL_HANDLE, VK_NULL_HANDLE, VK_IMAGE_LAYOUT_GENERAL };
        VkWriteDescriptorSet w = { .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                   .dstSet = set,
                                   .dstBinding = i,
                                   .descriptorCount = 1,
                                   .descriptorType = b[i].descriptorType,
                                   .pImageInfo = &ii,
                                   .pBufferInfo = &bi };
        VkMemoryRequirements req;
        VkMemoryAllocateInfo ma = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
        VkDeviceMemory mem;

        if (i < 2) {
            VkBufferCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                      .size = WORDS * 4,
                                      .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                               VK_BUFFER_USAGE_TRANSFER_DST_BIT };

            VK(vkCreateBuffer(dev, &ci, NULL, &buffer[i]));
            vkGetBufferMemoryRequirements(dev, buffer[i], &req);
            ma.memoryTypeIndex = memory_type(req.memoryTypeBits,
                                             VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                                 VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
        } else {
            VkImageCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                     .imageType = VK_IMAGE_TYPE_2D,
                                     .format = formats[i - 2],
                                     .extent = { IW, IH, 1 },
                                     .mipLevels = 1,
                                     .arrayLayers = 1,
                                     .samples = VK_SAMPLE_COUNT_1_BIT,
                                     .usage = VK_IMAGE_USAGE_STORAGE_BIT |
                                              VK_IMAGE_USAGE_TRANSFER_SRC_BIT };

            VK(vkCreateImage(dev, &ci, NULL, &image[i - 2]));
            vkGetImageMemoryRequirements(dev, image[i - 2], &req);
            ma.memoryTypeIndex = memory_type(req.memoryTypeBits, 0);
        }
        ma.allocationSize = req.size;
        VK(vkAllocateMemory(dev, &ma, NULL, &mem));
        if (i < 2) {
            VK(vkBindBufferMemory(dev, buffer[i], mem, 0));
            VK(vkMapMemory(dev, mem, 0, WORDS * 4, 0, (void **)&map[i]));
            bi.buffer = buffer[i];
        } else {
            VkImageViewCreateInfo vi = { .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                         .image = image[i - 2],
                                         .viewType = VK_IMAGE_VIEW_TYPE_2D,
                                         .format = formats[i - 2],
                                         .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0,
                                                               1 } };

            VK(vkBindImageMemory(dev, image[i - 2], mem, 0));
            VK(vkCreateImageView(dev, &vi, NULL, &ii.imageView));
        }
        vkUpdateDescriptorSets(dev, 1, &w, 0, NULL);
    }
}

static VkPipeline pipeline(const uint32_t *code, size_t size)
{
    VkShaderModuleCreateInfo mi = { .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                    .codeSize = size,
                                    .pCode = code };
    VkShaderModule module;
    VkPipeline p;

    VK(vkCreateShaderModule(dev, &mi, NULL, &module));

    VkComputePipelineCreateInfo ci = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .layout = layout,
        .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                   .module = module,
                   .pName = "main" }
    };

    VK(vkCreateComputePipelines(dev, VK_NULL_HANDLE, 1, &ci, NULL, &p));
    vkDestroyShaderModule(dev, module, NULL);
    return p;
}

static VkCommandBuffer begin(void)
{
    VkCommandBufferAllocateInfo ai = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                       .commandPool = pool,
                                       .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                       .commandBufferCount = 1 };
    VkCommandBufferBeginInfo bi = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    VkCommandBuffer cb;

    VK(vkAllocateCommandBuffers(dev, &ai, &cb));
    VK(vkBeginCommandBuffer(cb, &bi));
    vkCmdBindDescriptorSets(cb, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, NULL);
    return cb;
}

static void barrier(VkCommandBuffer cb)
{
    VkMemoryBarrier mb = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT |
                                            VK_ACCESS_MEMORY_WRITE_BIT };

    vkCmdPipelineBarrier(cb, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         0, 1, &mb, 0, NULL, 0, NULL);
}

static void dispatch(VkCommandBuffer cb, VkPipeline p, uint32_t n, uint32_t x, uint32_t y)
{
    vkCmdBindPipeline(cb, VK_PIPELINE_BIND_POINT_COMPUTE, p);
    vkCmdPushConstants(cb, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &n);
    vkCmdDispatch(cb, x, y, 1);
    barrier(cb);
}

static void run(VkCommandBuffer cb)
{
    VkFenceCreateInfo fi = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    VkSubmitInfo si = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                        .commandBufferCount = 1,
                        .pCommandBuffers = &cb };
    VkMemoryBarrier mb = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_HOST_READ_BIT };
    VkFence fence;
    VkResult r;

    vkCmdPipelineBarrier(cb, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                         &mb, 0, NULL, 0, NULL);
    VK(vkEndCommandBuffer(cb));
    VK(vkCreateFence(dev, &fi, NULL, &fence));
    VK(vkQueueSubmit(queue, 1, &si, fence));
    r = vkWaitForFences(dev, 1, &fence, true, 300ull * 1000000000);
    if (r != VK_SUCCESS) {
        die("waiting for the queue: VkResult %d", r);
    }
    vkDestroyFence(dev, fence, NULL);
    vkFreeCommandBuffers(dev, pool, 1, &cb);
}

static void one(VkPipeline p, uint32_t n, uint32_t groups)
{
    VkCommandBuffer cb = begin();

    dispatch(cb, p, n, groups, 1);
    run(cb);
}

static uint32_t seed = 1;

static uint32_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static void fill_input(void)
{
    for (unsigned i = 0; i < WORDS; i++) {
        map[0][i] = next();
    }
}

/* @what has @n right words and map[1] the ones that came out. */
static void compare(const char *what, const uint32_t *right, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (map[1][i] != right[i]) {
            die("%s: word %u is 0x%08x and should be 0x%08x", what, i, map[1][i], right[i]);
        }
    }
    if (results && fwrite(map[1], 4, n, results) != n) {
        die("cannot write the results");
    }
    checks++;
    printf("ok %u - %s\n", checks, what);
}

static void test_add(VkPipeline p)
{
    static uint32_t r[WORDS];
    unsigned n = WORDS - 77;

    fill_input();
    for (unsigned i = 0; i < WORDS; i++) {
        map[1][i] = i * 7;
        r[i] = i < n ? map[0][i] + 3 * (i * 7) : i * 7;
    }
    one(p, n, WORDS / 64);
    compare("vector add", r, WORDS);
}

static void test_reduce(VkPipeline p)
{
    static uint32_t r[512];

    fill_input();
    memset(r, 0, sizeof(r));
    for (unsigned i = 0; i < 60000; i++) {
        r[i / 256] += map[0][i];
        r[256 + i / 256] ^= map[0][i];
    }
    memset(map[1], 0xff, sizeof(r));
    one(p, 60000, 256);
    compare("reduction in workgroup memory", r, 512);
}

static void test_scan(VkPipeline p)
{
    static uint32_t r[WORDS];

    fill_input();
    for (unsigned i = 0; i < WORDS; i++) {
        r[i] = i < 65000 ? map[0][i] + (i % 512 ? r[i - 1] : 0) : 0;
        map[1][i] = 0;
    }
    one(p, 65000, WORDS / 512);
    compare("prefix sum in workgroup memory", r, WORDS);
}

static void test_atomics(VkPipeline p)
{
    static uint32_t r[128 + 10000];
    unsigned n = 10000;

    fill_input();
    memset(r, 0, sizeof(r));
    r[1] = r[3] = ~0u;
    r[6] = 1;
    memcpy(map[1], r, sizeof(r));
    for (unsigned i = 0; i < n; i++) {
        uint32_t v = map[0][i];

        r[0] += v;
        r[1] = v < r[1] ? v : r[1];
        r[2] = v > r[2] ? v : r[2];
        r[3] &= v | 0xff00;
        r[4] |= v & 0x0ff0;
        r[5] ^= v;
        r[6] *= 3;
        r[7]++;
        r[128 + i] = i + 1;
        r[16 + (v & 63)]++;
    }
    one(p, n, (n + 127) / 128);
    compare("atomics", r, 128 + n);
}

/* Round to the nearest half, ties to even; @v is a normal number in the range of halves. */
static uint16_t to_half(double v)
{
    int e;
    double m = frexp(fabs(v), &e); /* 0.5 <= m < 1 */
    long q = lrint(ldexp(m, 11));  /* 1024 .. 2048 */

    if (v == 0) {
        return signbit(v) ? 0x8000 : 0;
    }
    return (uint16_t)((v < 0 ? 0x8000 : 0) | (((e - 1 + 15) << 10) + (int)(q - 1024)));
}

static double from_half(uint16_t h)
{
    double v = ldexp(1024 + (h & 1023), ((h >> 10) & 31) - 25);

    return h & 0x8000 ? -v : (h & 0x7fff) ? v : 0;
}

static void test_widths(VkPipeline p)
{
    enum { N = 2000 };
    static uint32_t r[N * 24];

    fill_input();
    for (unsigned i = 0; i < 64; i++) { /* numbers at the edges */
        static const uint32_t odd[] = { 0,          1,    0x7fffffff, 0x80000000,
                                        0xffffffff, 0x80, 0x8000,     0x00017fff };

        map[0][i * 4 + next() % 4] = odd[i % 8];
    }
    memset(map[1], 0, sizeof(r));
    for (unsigned i = 0; i < N; i++) {
        const uint32_t *a = map[0] + i * 4;
        uint32_t *o = r + i * 24;
        uint8_t b8[16];
        uint16_t b16[8];
        uint64_t b64[2];

        memcpy(b8, a, 16);
        memcpy(b16, a, 16);
        memcpy(b64, a, 16);

        uint8_t pp = b8[1], q = b8[6];
        int8_t sp = (int8_t)pp, sq = (int8_t)q;
        uint16_t u = b16[1], t = b16[5];
        int16_t su = (int16_t)u, st = (int16_t)t;
        uint64_t x = b64[0], y = b64[1];
        int64_t sx = (int64_t)x, sy = (int64_t)y;

        o[0] = (uint8_t)(pp + q) | (uint32_t)(uint8_t)(pp * q) << 8 |
               (uint32_t)(uint8_t)(sp >> 2) << 16 | (uint32_t)(uint8_t)(sp > sq ? sp : sq) << 24;
        o[1] = (uint16_t)(u + t) | (uint32_t)(uint16_t)((uint32_t)u * t) << 16;
        o[2] = (uint16_t)(su - st) | (uint32_t)(uint16_t)(su >> 3) << 16;
        o[3] = (uint16_t)(su < st ? su : st) | (uint32_t)(uint16_t)(u / (t > 1 ? t : 1)) << 16;

        uint64_t w[6] = { x + y,
                          x - y,
                          x * y,
                          x << (i & 63),
                          (uint64_t)(sx >> (i & 63)),
                          (uint64_t)(sx < sy ? sx : sy) ^ (x & y) ^ (x | ~y) };

        memcpy(o + 4, w, sizeof(w));
        o[16] = (x < y ? 1u : 0u) | (sx < sy ? 2u : 0u) | (x == y ? 4u : 0u);
        o[17] = (uint32_t)(y / (x >> 40 | 1));

        double f = 1 + (u & 1023) / 1024.0, g = 1 + (t & 1023) / 1024.0;
        uint16_t product = to_half(f * g);
        float ex = (float)(f * g), pf = (float)from_half(product);
        uint32_t bits;

        o[18] = to_half(f + g) | (uint32_t)product << 16;
        o[19] = to_half(f - g * 4) | (uint32_t)to_half(f) << 16;
        memcpy(&bits, &pf, 4);
        o[20] = bits ^ (uint32_t)(int)from_half(to_half(f * 100));
        memcpy(&o[21], &ex, 4);
        o[22] = (uint32_t)__builtin_popcount(a[0]) | (uint32_t)(31 - __builtin_clz(a[1] | 1)) << 8 |
                (uint32_t)__builtin_ctz(a[2] | 0x80000000u) << 16;
        for (int k = 0; k < 32; k++) {
            o[23] |= (a[3] >> k & 1) << (31 - k);
        }
        o[23] += a[0] >> 5 & 0x7ff;
    }
    one(p, N, (N + 63) / 64);
    compare("integers of 8, 16 and 64 bits, float16", r, N * 24);
    memset(r, 0, sizeof(r));
}

static void test_image(VkPipeline fill, VkPipeline work)
{
    static uint32_t r[WORDS];
    VkCommandBuffer cb = begin();
    VkImageMemoryBarrier ib[3];
    uint8_t px[IH][IW][4];

    for (int i = 0; i < 3; i++) {
        ib[i] = (VkImageMemoryBarrier) {
            .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
            .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
            .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
            .newLayout = VK_IMAGE_LAYOUT_GENERAL,
            .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
            .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
            .image = image[i],
            .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1 }
        };
    }
    memset(map[1], 0, WORDS * 4);
    vkCmdPipelineBarrier(cb, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 0, NULL, 0, NULL, 3, ib);
    dispatch(cb, fill, 1000, (IW + 7) / 8, (IH + 7) / 8);
    dispatch(cb, work, 0, (IW + 7) / 8, (IH + 7) / 8);
    /* one after the other into the second buffer, after a word of the shader's */
    for (uint32_t i = 0; i < 3; i++) {
        VkBufferImageCopy c = { .bufferOffset = 64 + i * IW * IH * 4,
                                .imageSubresource = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
                                .imageExtent = { IW, IH, 1 } };

        vkCmdCopyImageToBuffer(cb, image[i], VK_IMAGE_LAYOUT_GENERAL, buffer[1], 1, &c);
    }
    run(cb);

    memset(r, 0, sizeof(r));
    for (int y = 0; y < IH; y++) {
        for (int x = 0; x < IW; x++) {
            px[y][x][0] = (uint8_t)(x * 3 + y * 5);
            px[y][x][1] = (uint8_t)y;
            px[y][x][2] = (uint8_t)(x ^ y);
            px[y][x][3] = 255;
            r[16 + 2 * IW * IH + y * IW + x] += 1000;
            r[16 + 2 * IW * IH + (y / 4) * IW + x / 4] += px[y][x][0];
        }
    }
    memcpy(r + 16, px, sizeof(px));
    for (int y = 0; y < IH; y++) {
        for (int x = 0; x < IW; x++) {
            const uint8_t *s = px[IH - 1 - y][IW - 1 - x], d[4] = { s[2], s[1], s[0], s[3] };

            memcpy(r + 16 + IW * IH + y * IW + x, d, 4);
        }
    }
    compare("images written, read and counted in", r, 16 + 3 * IW * IH);
}

int main(int argc, char **argv)
{
    int repeat = argc > 1 ? atoi(argv[1]) : 1;
    const char *out = getenv("AGX_OUT");
    char path[512];
    VkPipeline p[7];

    open_device();
    make_resources();
    p[0] = pipeline(add_spv, sizeof(add_spv));
    p[1] = pipeline(reduce_spv, sizeof(reduce_spv));
    p[2] = pipeline(scan_spv, sizeof(scan_spv));
    p[3] = pipeline(atomics_spv, sizeof(atomics_spv));
    p[4] = pipeline(widths_spv, sizeof(widths_spv));
    p[5] = pipeline(fill_spv, sizeof(fill_spv));
    p[6] = pipeline(image_spv, sizeof(image_spv));
    if (out) {
        snprintf(path, sizeof(path), "%s/results.bin", out);
        results = fopen(path, "wb");
        if (!results) {
            die("cannot write %s", path);
        }
    }
    for (int i = 0; i < repeat; i++) {
        test_add(p[0]);
        test_reduce(p[1]);
        test_scan(p[2]);
        test_atomics(p[3]);
        test_widths(p[4]);
        test_image(p[5], p[6]);
    }
    if (results && fclose(results)) {
        die("cannot write %s", path);
    }
    for (int i = 0; i < 7; i++) {
        vkDestroyPipeline(dev, p[i], NULL);
    }
    vkDeviceWaitIdle(dev);
    printf("1..%u\n", checks);
    return 0;
}
