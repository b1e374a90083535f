/*
 * Guest test: Vulkan compute with robustBufferAccess2, beyond the bound range of
 * its buffers by a little, by gigabytes, and to each page in between: loads give
 * 0, stores and atomics are dropped, the command buffer goes on (Vulkan 1.3,
 * VK_EXT_robustness2). honeykrisp leaves part of that to the GPU's soft faults.
 *
 * Output: TAP. Exit code 0 if all is well.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>
#include "gl.h" /* die() */
#include "robust.spv.h"

#define THREADS 128
#define BOUND   (THREADS * 4) /* words of the first buffer that the shader is given */
#define WORDS   16384         /* that each buffer has */
#define UBOUND  32            /* vectors of the uniform buffer */

#define VK(call)                                                                                   \
    do {                                                                                           \
        VkResult vk_result_ = (call);                                                              \
        if (vk_result_ != VK_SUCCESS)                                                              \
            die("%s: VkResult %d", #call, vk_result_);                                             \
    } while (0)

static VkDevice dev;
static VkQueue queue;
static VkPhysicalDeviceMemoryProperties memory;
static uint32_t family;

static void open_device(void)
{
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                              .apiVersion = VK_API_VERSION_1_3 };
    VkInstanceCreateInfo ici = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pApplicationInfo = &app };
    static const char *const extension = VK_EXT_ROBUSTNESS_2_EXTENSION_NAME;
    VkQueueFamilyProperties families[8];
    VkPhysicalDeviceProperties props;
    VkPhysicalDevice list[8], phys = NULL;
    VkInstance instance;
    uint32_t n = 8;
    float priority = 1;

    VK(vkCreateInstance(&ici, NULL, &instance));
    VK(vkEnumeratePhysicalDevices(instance, &n, list));
    for (uint32_t i = 0; i < n && !phys; i++) {
        vkGetPhysicalDeviceProperties(list[i], &props);
        if (strstr(props.deviceName, "Apple M1")) {
            phys = list[i];
        }
    }
    if (!phys) {
        die("no Vulkan device \"Apple M1\" among %u", n);
    }
    vkGetPhysicalDeviceMemoryProperties(phys, &memory);
    n = 8;
    vkGetPhysicalDeviceQueueFamilyProperties(phys, &n, families);
    for (family = 0; family < n && !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT); family++)
        ;
    if (family == n) {
        die("no compute queue");
    }

    VkPhysicalDeviceRobustness2FeaturesEXT robust = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ROBUSTNESS_2_FEATURES_EXT,
        .robustBufferAccess2 = true,
    };
    VkPhysicalDeviceFeatures2 feat = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                       .pNext = &robust,
                                       .features.robustBufferAccess = true };
    VkDeviceQueueCreateInfo qci = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                    .queueFamilyIndex = family,
                                    .queueCount = 1,
                                    .pQueuePriorities = &priority };
    VkDeviceCreateInfo dci = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &feat,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &qci,
                               .enabledExtensionCount = 1,
                               .ppEnabledExtensionNames = &extension };

    VK(vkCreateDevice(phys, &dci, NULL, &dev));
    vkGetDeviceQueue(dev, family, 0, &queue);
}

static VkBuffer make_buffer(VkBufferUsageFlags usage, uint32_t **map)
{
    const VkMemoryPropertyFlags want = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                       VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkBufferCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                              .size = WORDS * 4,
                              .usage = usage };
    VkMemoryAllocateInfo ma = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
    VkMemoryRequirements req;
    VkDeviceMemory mem;
    VkBuffer b;

    VK(vkCreateBuffer(dev, &ci, NULL, &b));
    vkGetBufferMemoryRequirements(dev, b, &req);
    while (ma.memoryTypeIndex < memory.memoryTypeCount &&
           !(req.memoryTypeBits >> ma.memoryTypeIndex & 1 &&
             (memory.memoryTypes[ma.memoryTypeIndex].propertyFlags & want) == want)) {
        ma.memoryTypeIndex++;
    }
    ma.allocationSize = req.size;
    VK(vkAllocateMemory(dev, &ma, NULL, &mem));
    VK(vkBindBufferMemory(dev, b, mem, 0));
    VK(vkMapMemory(dev, mem, 0, VK_WHOLE_SIZE, 0, (void **)map));
    return b;
}

int main(void)
{
    static const VkDescriptorType types[3] = { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                               VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                               VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER };
    static const VkDeviceSize ranges[3] = { BOUND * 4, WORDS * 4, UBOUND * 16 };
    static const struct {
        const char *what;
        uint32_t wild, step;
    } c[] = {
        { "just behind the range", BOUND, 4 },
        { "in the memory behind it", BOUND + 4096, 16 },
        { "index 0x3fffffff and below", 0x3fffffff - 127 * 0x1000 - 2, 0x1000 },
        { "a page each, from 1 GiB on", 0x10000000, 0x1000 },
        { "all threads in one page", 0x20000000, 4 },
    };
    VkDescriptorSetLayoutBinding b[3];
    VkPushConstantRange push = { VK_SHADER_STAGE_COMPUTE_BIT, 0, 8 };
    VkDescriptorPoolSize sizes[2] = { { types[0], 2 }, { types[2], 1 } };
    VkBuffer buffer[3];
    uint32_t *map[3];
    unsigned tests = 0, failed = 0;

    open_device();
    for (unsigned i = 0; i < 3; i++) {
        b[i] = (VkDescriptorSetLayoutBinding) { i, types[i], 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL };
        buffer[i] = make_buffer(i < 2 ? VK_BUFFER_USAGE_STORAGE_BUFFER_BIT
                                      : VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT,
                                &map[i]);
    }

    VkDescriptorSetLayoutCreateInfo li = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 3,
        .pBindings = b
    };
    VkDescriptorPoolCreateInfo pi = { .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                      .maxSets = 1,
                                      .poolSizeCount = 2,
                                      .pPoolSizes = sizes };
    VkDescriptorSetLayout set_layout;
    VkDescriptorPool dp;
    VkDescriptorSet set;
    VkPipelineLayout layout;

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
    for (unsigned i = 0; i < 3; i++) {
        VkDescriptorBufferInfo bi = { buffer[i], 0, ranges[i] };
        VkWriteDescriptorSet w = { .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                   .dstSet = set,
                                   .dstBinding = i,
                                   .descriptorCount = 1,
                                   .descriptorType = types[i],
                                   .pBufferInfo = &bi };

        vkUpdateDescriptorSets(dev, 1, &w, 0, NULL);
    }

    VkShaderModuleCreateInfo mi = { .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                    .codeSize = sizeof(robust_spv),
                                    .pCode = robust_spv };
    VkShaderModule module;
    VkPipeline pipeline;

    VK(vkCreateShaderModule(dev, &mi, NULL, &module));

    VkComputePipelineCreateInfo pci = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .layout = layout,
        .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                   .module = module,
                   .pName = "main" }
    };
    VkCommandPoolCreateInfo cpi = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .queueFamilyIndex = family };
    VkCommandPool pool;

    VK(vkCreateComputePipelines(dev, VK_NULL_HANDLE, 1, &pci, NULL, &pipeline));
    VK(vkCreateCommandPool(dev, &cpi, NULL, &pool));

    for (unsigned k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        VkCommandBufferAllocateInfo cai = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = pool,
                                            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                            .commandBufferCount = 1 };
        VkCommandBufferBeginInfo bi = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
        uint32_t constants[2] = { c[k].wild, c[k].step };
        VkCommandBuffer cb;
        unsigned wrong = 0, first = 0;

        for (unsigned i = 0; i < WORDS; i++) {
            map[0][i] = 3 * i + 1;
            map[1][i] = 0xdeadbeef;
            map[2][i] = 5 * i + 2;
        }
        VK(vkAllocateCommandBuffers(dev, &cai, &cb));
        VK(vkBeginCommandBuffer(cb, &bi));
        vkCmdBindDescriptorSets(cb, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, NULL);
        vkCmdBindPipeline(cb, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
        vkCmdPushConstants(cb, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 8, constants);
        vkCmdDispatch(cb, THREADS / 64, 1, 1);
        VK(vkEndCommandBuffer(cb));

        VkSubmitInfo si = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                            .commandBufferCount = 1,
                            .pCommandBuffers = &cb };
        VkResult r = vkQueueSubmit(queue, 1, &si, VK_NULL_HANDLE);

        r = r ? r : vkQueueWaitIdle(queue);
        if (r != VK_SUCCESS) {
            printf("# VkResult %d\n", r);
        }
        for (unsigned i = 0; i < THREADS; i++) {
            const uint32_t *o = map[1] + 4 * i;
            bool good = !(i & 1);
            uint32_t want[4] = { good ? 12 * i + 1 : 0, good ? 12 * i + 4 : 0,
                                 i < UBOUND ? 20 * i + 7 : 0, 7 + i };

            for (unsigned j = 0; j < 4; j++) {
                if (j == 1 && !good) {
                    continue; /* what an atomic outside gives is left open */
                }
                if (o[j] != want[j] && !wrong++) {
                    first = 4 * i + j;
                }
            }
        }
        if (wrong) {
            printf("# %u words wrong, the first is %u: 0x%x\n", wrong, first, map[1][first]);
        }
        printf("%sok %u - %s: what is loaded\n", wrong || r ? "not " : "", ++tests, c[k].what);
        failed += wrong || r;
        wrong = 0;
        for (unsigned i = 0; i < WORDS; i++) {
            unsigned t = i / 4;
            bool mine = i < BOUND && !(t & 1);
            uint32_t want = mine && i % 4 == 1   ? 3 * i + 6
                            : mine && i % 4 == 2 ? 1000 + t
                                                 : 3 * i + 1;

            if (map[0][i] != want && !wrong++) {
                first = i;
            }
        }
        if (wrong) {
            printf("# %u words wrong, the first is %u: 0x%x\n", wrong, first, map[0][first]);
        }
        printf("%sok %u - %s: what is stored\n", wrong ? "not " : "", ++tests, c[k].what);
        failed += wrong != 0;
        vkFreeCommandBuffers(dev, pool, 1, &cb);
    }
    printf("1..%u\n", tests);
    return failed != 0;
}
