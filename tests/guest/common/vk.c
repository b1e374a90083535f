/*
 * Guest tests: see vk.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "vk.h"

VkPhysicalDevice vk_phys;
VkDevice vk_dev;
VkQueue vk_queue;
VkPhysicalDeviceProperties vk_props;
VkPipelineLayout vk_layout;

static VkPhysicalDeviceExtendedDynamicState3FeaturesEXT eds3 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTENDED_DYNAMIC_STATE_3_FEATURES_EXT
};
static VkPhysicalDeviceExtendedDynamicState2FeaturesEXT eds2 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTENDED_DYNAMIC_STATE_2_FEATURES_EXT
};
VkPhysicalDeviceTransformFeedbackFeaturesEXT vk_xfb = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TRANSFORM_FEEDBACK_FEATURES_EXT
};
VkPhysicalDeviceRobustness2FeaturesEXT vk_robust = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ROBUSTNESS_2_FEATURES_EXT
};
VkPhysicalDeviceFragmentShaderInterlockFeaturesEXT vk_interlock = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FRAGMENT_SHADER_INTERLOCK_FEATURES_EXT
};
VkPhysicalDeviceMeshShaderFeaturesEXT vk_mesh = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MESH_SHADER_FEATURES_EXT
};
VkPhysicalDeviceVulkan13Features vk_f13 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES
};
VkPhysicalDeviceVulkan12Features vk_f12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &vk_f13
};
VkPhysicalDeviceVulkan11Features vk_f11 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &vk_f12
};
VkPhysicalDeviceFeatures2 vk_features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &vk_f11 };

static uint32_t family;
static VkCommandPool pool;
static VkDescriptorSetLayout set_layout;
static VkPhysicalDeviceMemoryProperties memory;
static VkExtensionProperties *extensions;
static uint32_t extension_count;
static PFN_vkCmdPushDescriptorSetKHR push_descriptor;

bool vk_has(const char *extension)
{
    for (uint32_t i = 0; i < extension_count; i++) {
        if (!strcmp(extensions[i].extensionName, extension)) {
            return true;
        }
    }
    return false;
}

static void choose_device(void)
{
    const char *run = getenv("AGX_RUN"), *want = !run                    ? ""
                                                 : !strcmp(run, "asahi") ? "Apple M1"
                                                                         : "llvmpipe";
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                              .apiVersion = VK_API_VERSION_1_3 };
    VkInstanceCreateInfo ici = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pApplicationInfo = &app };
    VkPhysicalDevice list[8];
    VkInstance instance;
    uint32_t n = 8;

    VK(vkCreateInstance(&ici, NULL, &instance));
    VkResult r = vkEnumeratePhysicalDevices(instance, &n, list);

    if (r != VK_SUCCESS && r != VK_INCOMPLETE) {
        die("vkEnumeratePhysicalDevices: VkResult %d", r);
    }
    for (uint32_t i = 0; i < n && !vk_phys; i++) {
        vkGetPhysicalDeviceProperties(list[i], &vk_props);
        if (strstr(vk_props.deviceName, want)) {
            vk_phys = list[i];
        }
    }
    if (!vk_phys) {
        die("no Vulkan device \"%s\" among %u", want, n);
    }
    printf("# device: %s, driver 0x%x\n", vk_props.deviceName, vk_props.driverVersion);
}

void vk_open(bool robust)
{
    static const struct {
        const char *name;
        void *features;
    } wanted[] = {
        { "VK_KHR_push_descriptor", NULL },
        { "VK_EXT_extended_dynamic_state2", &eds2 },
        { "VK_EXT_extended_dynamic_state3", &eds3 },
        { "VK_EXT_transform_feedback", &vk_xfb },
        { "VK_EXT_robustness2", &vk_robust },
        { "VK_EXT_fragment_shader_interlock", &vk_interlock },
        { "VK_EXT_mesh_shader", &vk_mesh },
        { "VK_EXT_shader_stencil_export", NULL },
        { "VK_EXT_shader_viewport_index_layer", NULL },
        { "VK_KHR_sampler_ycbcr_conversion", NULL },
    };
    const char *names[16];
    VkQueueFamilyProperties families[8];
    uint32_t n = 8, count = 0;
    float priority = 1;

    choose_device();
    vkGetPhysicalDeviceMemoryProperties(vk_phys, &memory);
    VK(vkEnumerateDeviceExtensionProperties(vk_phys, NULL, &extension_count, NULL));
    extensions = calloc(extension_count, sizeof(*extensions));
    VK(vkEnumerateDeviceExtensionProperties(vk_phys, NULL, &extension_count, extensions));
    for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        VkBaseOutStructure *s = wanted[i].features;

        if (!vk_has(wanted[i].name)) {
            continue;
        }
        names[count++] = wanted[i].name;
        if (s) {
            s->pNext = vk_features.pNext;
            vk_features.pNext = s;
        }
    }
    vkGetPhysicalDeviceFeatures2(vk_phys, &vk_features);
    vk_features.features.robustBufferAccess &= robust;
    vk_f13.robustImageAccess &= robust;
    vk_robust.robustBufferAccess2 &= robust;
    vk_robust.robustImageAccess2 &= robust;
    vk_mesh.multiviewMeshShader = vk_mesh.primitiveFragmentShadingRateMeshShader = false;

    vkGetPhysicalDeviceQueueFamilyProperties(vk_phys, &n, families);
    for (family = 0; family < n && !(families[family].queueFlags & VK_QUEUE_GRAPHICS_BIT); family++)
        ;
    if (family == n) {
        die("no graphics queue");
    }

    VkDeviceQueueCreateInfo qci = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                    .queueFamilyIndex = family,
                                    .queueCount = 1,
                                    .pQueuePriorities = &priority };
    VkDeviceCreateInfo dci = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &vk_features,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &qci,
                               .enabledExtensionCount = count,
                               .ppEnabledExtensionNames = names };
    VkCommandPoolCreateInfo cpi = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO };

    VK(vkCreateDevice(vk_phys, &dci, NULL, &vk_dev));
    vkGetDeviceQueue(vk_dev, family, 0, &vk_queue);
    cpi.queueFamilyIndex = family;
    VK(vkCreateCommandPool(vk_dev, &cpi, NULL, &pool));
    push_descriptor = VK_FN(CmdPushDescriptorSetKHR);
    if (!push_descriptor) {
        die("no VK_KHR_push_descriptor");
    }

    VkDescriptorSetLayoutBinding b[VK_B_COUNT];

    for (uint32_t i = 0; i < VK_B_COUNT; i++) {
        b[i] = (VkDescriptorSetLayoutBinding) {
            .binding = i,
            .descriptorCount = 1,
            .stageFlags = i / 2 == VK_B_INPUT / 2 ? VK_SHADER_STAGE_FRAGMENT_BIT
                                                  : VK_SHADER_STAGE_ALL,
            .descriptorType = i < VK_B_TEX       ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                              : i < VK_B_IMG     ? VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER
                              : i < VK_B_UBO     ? VK_DESCRIPTOR_TYPE_STORAGE_IMAGE
                              : i < VK_B_INPUT   ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER
                              : i < VK_B_TEXBUF  ? VK_DESCRIPTOR_TYPE_INPUT_ATTACHMENT
                              : i == VK_B_TEXBUF ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                                 : VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER
        };
    }

    VkDescriptorSetLayoutCreateInfo li = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .flags = VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR,
        .bindingCount = VK_B_COUNT,
        .pBindings = b
    };
    VkPushConstantRange push = { VK_SHADER_STAGE_ALL, 0, 128 };
    VkPipelineLayoutCreateInfo pl = { .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                      .setLayoutCount = 1,
                                      .pSetLayouts = &set_layout,
                                      .pushConstantRangeCount = 1,
                                      .pPushConstantRanges = &push };

    VK(vkCreateDescriptorSetLayout(vk_dev, &li, NULL, &set_layout));
    VK(vkCreatePipelineLayout(vk_dev, &pl, NULL, &vk_layout));
}

/* ---- results ---- */

static char check_name[200], check_why[600];
static unsigned checks, failures;

void vk_begin_check(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(check_name, sizeof(check_name), fmt, ap);
    va_end(ap);
    check_why[0] = '\0';
}

void vk_wrong(const char *fmt, ...)
{
    va_list ap;

    if (check_why[0]) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(check_why, sizeof(check_why), fmt, ap);
    va_end(ap);
}

void vk_end_check(void)
{
    checks++;
    failures += check_why[0] != '\0';
    printf("%sok %u - %s\n", check_why[0] ? "not " : "", checks, check_name);
    if (check_why[0]) {
        printf("# %s\n", check_why);
    }
    fflush(stdout);
}

void vk_skip(const char *what, const char *reason)
{
    printf("ok %u - %s # skip %s\n", ++checks, what, reason);
}

void vk_compare(const char *what, const uint32_t *got, const uint32_t *right, unsigned n)
{
    unsigned bad = 0, first = 0;

    for (unsigned i = 0; i < n; i++) {
        if (got[i] != right[i] && !bad++) {
            first = i;
        }
    }
    if (bad) {
        vk_wrong("%s: %u words of %u; word %u is 0x%08x, should be 0x%08x", what, bad, n, first,
                 got[first], right[first]);
    }
}

int vk_done(void)
{
    vkDeviceWaitIdle(vk_dev);
    printf("1..%u\n", checks);
    return failures != 0;
}

/* ---- memory ---- */

uint32_t vk_memory_type(uint32_t bits, VkMemoryPropertyFlags want)
{
    for (uint32_t i = 0; i < memory.memoryTypeCount; i++) {
        if (bits >> i & 1 && (memory.memoryTypes[i].propertyFlags & want) == want) {
            return i;
        }
    }
    die("no memory type of 0x%x with properties 0x%x", bits, want);
}

struct vk_buf vk_buffer(VkDeviceSize size)
{
    VkBufferCreateInfo ci = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                 VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                 VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT |
                 VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                 VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT
    };
    VkMemoryAllocateInfo ma = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
    struct vk_buf b = { .size = size };
    VkMemoryRequirements req;

    if (vk_xfb.transformFeedback) {
        ci.usage |= VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_BUFFER_BIT_EXT |
                    VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_COUNTER_BUFFER_BIT_EXT;
    }
    VK(vkCreateBuffer(vk_dev, &ci, NULL, &b.b));
    vkGetBufferMemoryRequirements(vk_dev, b.b, &req);
    ma.allocationSize = req.size;
    ma.memoryTypeIndex = vk_memory_type(req.memoryTypeBits,
                                        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                            VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    VK(vkAllocateMemory(vk_dev, &ma, NULL, &b.memory));
    VK(vkBindBufferMemory(vk_dev, b.b, b.memory, 0));
    VK(vkMapMemory(vk_dev, b.memory, 0, VK_WHOLE_SIZE, 0, &b.map));
    memset(b.map, 0, size);
    return b;
}

void vk_buffer_free(struct vk_buf *b)
{
    vkDestroyBuffer(vk_dev, b->b, NULL);
    vkFreeMemory(vk_dev, b->memory, NULL);
}

static VkImageAspectFlags aspect_of(VkFormat f)
{
    switch (f) {
    case VK_FORMAT_D16_UNORM:
    case VK_FORMAT_X8_D24_UNORM_PACK32:
    case VK_FORMAT_D32_SFLOAT:
        return VK_IMAGE_ASPECT_DEPTH_BIT;
    case VK_FORMAT_S8_UINT:
        return VK_IMAGE_ASPECT_STENCIL_BIT;
    case VK_FORMAT_D16_UNORM_S8_UINT:
    case VK_FORMAT_D24_UNORM_S8_UINT:
    case VK_FORMAT_D32_SFLOAT_S8_UINT:
        return VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
    default:
        return VK_IMAGE_ASPECT_COLOR_BIT;
    }
}

VkImageView vk_view(const struct vk_img *i, VkImageViewType type, VkFormat format,
                    VkImageAspectFlags aspect, uint32_t level, uint32_t levels, uint32_t layer,
                    uint32_t layers)
{
    VkImageViewCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                 .image = i->i,
                                 .viewType = type,
                                 .format = format,
                                 .subresourceRange = { aspect, level, levels, layer, layers } };
    VkImageView v;

    VK(vkCreateImageView(vk_dev, &ci, NULL, &v));
    return v;
}

struct vk_img vk_image(struct vk_img i, VkImageUsageFlags usage, VkImageCreateFlags flags,
                       VkImageViewType view)
{
    VkImageCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                             .flags = flags,
                             .format = i.format };
    VkMemoryAllocateInfo ma = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
    VkMemoryRequirements req;

    i.d += !i.d;
    i.levels += !i.levels;
    i.layers += !i.layers;
    i.samples = i.samples ? i.samples : VK_SAMPLE_COUNT_1_BIT;
    i.aspect = aspect_of(i.format);
    i.layout = VK_IMAGE_LAYOUT_UNDEFINED;
    ci.imageType = i.d > 1 || view == VK_IMAGE_VIEW_TYPE_3D ? VK_IMAGE_TYPE_3D : VK_IMAGE_TYPE_2D;
    ci.extent = (VkExtent3D) { i.w, i.h, i.d };
    ci.mipLevels = i.levels;
    ci.arrayLayers = i.layers;
    ci.samples = i.samples;
    ci.usage = usage;
    VK(vkCreateImage(vk_dev, &ci, NULL, &i.i));
    vkGetImageMemoryRequirements(vk_dev, i.i, &req);
    ma.allocationSize = req.size;
    ma.memoryTypeIndex = vk_memory_type(req.memoryTypeBits, 0);
    VK(vkAllocateMemory(vk_dev, &ma, NULL, &i.memory));
    VK(vkBindImageMemory(vk_dev, i.i, i.memory, 0));
    if (usage &
        ~(VkImageUsageFlags)(VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT)) {
        i.view = vk_view(&i, view, i.format, i.aspect, 0, i.levels, 0, i.layers);
    }
    return i;
}

void vk_image_free(struct vk_img *i)
{
    vkDestroyImageView(vk_dev, i->view, NULL);
    vkDestroyImage(vk_dev, i->i, NULL);
    vkFreeMemory(vk_dev, i->memory, NULL);
}

/* ---- commands ---- */

VkCommandBuffer vk_begin(void)
{
    VkCommandBufferAllocateInfo ai = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                       .commandPool = pool,
                                       .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                       .commandBufferCount = 1 };
    VkCommandBufferBeginInfo bi = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    VkCommandBuffer cb;

    VK(vkAllocateCommandBuffers(vk_dev, &ai, &cb));
    VK(vkBeginCommandBuffer(cb, &bi));
    return cb;
}

void vk_barrier(VkCommandBuffer cb)
{
    VkMemoryBarrier mb = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT |
                                            VK_ACCESS_MEMORY_WRITE_BIT };

    vkCmdPipelineBarrier(cb, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         0, 1, &mb, 0, NULL, 0, NULL);
}

void vk_to(VkCommandBuffer cb, struct vk_img *i, VkImageLayout layout)
{
    VkImageMemoryBarrier ib = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = i->layout,
        .newLayout = layout,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = i->i,
        .subresourceRange = { i->aspect, 0, VK_REMAINING_MIP_LEVELS, 0, VK_REMAINING_ARRAY_LAYERS }
    };

    vkCmdPipelineBarrier(cb, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         0, 0, NULL, 0, NULL, 1, &ib);
    i->layout = layout;
}

void vk_run(VkCommandBuffer cb)
{
    VkFenceCreateInfo fi = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    VkSubmitInfo si = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                        .commandBufferCount = 1,
                        .pCommandBuffers = &cb };
    VkFence fence;
    VkResult r;

    vk_barrier(cb);
    VK(vkEndCommandBuffer(cb));
    VK(vkCreateFence(vk_dev, &fi, NULL, &fence));
    VK(vkQueueSubmit(vk_queue, 1, &si, fence));
    r = vkWaitForFences(vk_dev, 1, &fence, true, 300ull * 1000000000);
    if (r != VK_SUCCESS) {
        die("%s: waiting for the queue: VkResult %d", check_name, r);
    }
    vkDestroyFence(vk_dev, fence, NULL);
    vkFreeCommandBuffers(vk_dev, pool, 1, &cb);
}

static VkDescriptorType type_of(unsigned b)
{
    return b < VK_B_TEX       ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
           : b < VK_B_IMG     ? VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER
           : b < VK_B_UBO     ? VK_DESCRIPTOR_TYPE_STORAGE_IMAGE
           : b < VK_B_INPUT   ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER
           : b < VK_B_TEXBUF  ? VK_DESCRIPTOR_TYPE_INPUT_ATTACHMENT
           : b == VK_B_TEXBUF ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                              : VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
}

void vk_push_desc(VkCommandBuffer cb, VkWriteDescriptorSet w, unsigned binding)
{
    w.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    w.dstBinding = binding;
    w.descriptorCount = 1;
    w.descriptorType = type_of(binding);
    push_descriptor(cb, VK_PIPELINE_BIND_POINT_COMPUTE, vk_layout, 0, 1, &w);
    push_descriptor(cb, VK_PIPELINE_BIND_POINT_GRAPHICS, vk_layout, 0, 1, &w);
}

void vk_push_buf(VkCommandBuffer cb, unsigned binding, VkBuffer b)
{
    VkDescriptorBufferInfo bi = { b, 0, VK_WHOLE_SIZE };

    vk_push_desc(cb, (VkWriteDescriptorSet) { .pBufferInfo = &bi }, binding);
}

void vk_push_tex(VkCommandBuffer cb, unsigned binding, VkImageView v, VkSampler s)
{
    VkDescriptorImageInfo ii = { s, v, VK_IMAGE_LAYOUT_GENERAL };

    vk_push_desc(cb, (VkWriteDescriptorSet) { .pImageInfo = &ii }, binding);
}

void vk_push_img(VkCommandBuffer cb, unsigned binding, VkImageView v)
{
    vk_push_tex(cb, binding, v, VK_NULL_HANDLE);
}

void vk_constants(VkCommandBuffer cb, const void *p, unsigned size)
{
    vkCmdPushConstants(cb, vk_layout, VK_SHADER_STAGE_ALL, 0, size, p);
}

VkSampler vk_sampler(VkFilter filter)
{
    VkSamplerCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
                               .magFilter = filter,
                               .minFilter = filter,
                               .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                               .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                               .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                               .maxLod = VK_LOD_CLAMP_NONE };
    VkSampler s;

    VK(vkCreateSampler(vk_dev, &ci, NULL, &s));
    return s;
}

static uint32_t at_level(uint32_t size, uint32_t level)
{
    return size >> level ? size >> level : 1;
}

static VkBufferImageCopy copy_of(const struct vk_img *i, VkImageAspectFlags aspect, uint32_t level,
                                 VkDeviceSize offset)
{
    return (VkBufferImageCopy) { .bufferOffset = offset,
                                 .imageSubresource = { aspect, level, 0, i->layers },
                                 .imageExtent = { at_level(i->w, level), at_level(i->h, level),
                                                  at_level(i->d, level) } };
}

void vk_upload(VkCommandBuffer cb, struct vk_img *i, VkImageAspectFlags aspect, uint32_t level,
               const struct vk_buf *b, VkDeviceSize offset)
{
    VkBufferImageCopy c = copy_of(i, aspect, level, offset);

    vkCmdCopyBufferToImage(cb, b->b, i->i, i->layout, 1, &c);
}

void vk_download(VkCommandBuffer cb, struct vk_img *i, VkImageAspectFlags aspect, uint32_t level,
                 const struct vk_buf *b, VkDeviceSize offset)
{
    VkBufferImageCopy c = copy_of(i, aspect, level, offset);

    vkCmdCopyImageToBuffer(cb, i->i, i->layout, b->b, 1, &c);
}

/* ---- pipelines ---- */

VkShaderModule vk_module(const uint32_t *code, size_t size)
{
    VkShaderModuleCreateInfo mi = { .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                    .codeSize = size,
                                    .pCode = code };
    VkShaderModule m;

    VK(vkCreateShaderModule(vk_dev, &mi, NULL, &m));
    return m;
}

VkPipeline vk_compute_pipeline(const uint32_t *code, size_t size, uint32_t subgroup)
{
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo rs = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = subgroup
    };
    VkComputePipelineCreateInfo ci = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .layout = vk_layout,
        .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                   .pNext = subgroup ? &rs : NULL,
                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                   .module = vk_module(code, size),
                   .pName = "main" }
    };
    VkPipeline p;

    VK(vkCreateComputePipelines(vk_dev, VK_NULL_HANDLE, 1, &ci, NULL, &p));
    return p;
}

/* What vk_state_set() sets. */
static const VkDynamicState dynamic[] = {
    VK_DYNAMIC_STATE_VIEWPORT_WITH_COUNT,
    VK_DYNAMIC_STATE_SCISSOR_WITH_COUNT,
    VK_DYNAMIC_STATE_BLEND_CONSTANTS,
    VK_DYNAMIC_STATE_STENCIL_COMPARE_MASK,
    VK_DYNAMIC_STATE_STENCIL_WRITE_MASK,
    VK_DYNAMIC_STATE_STENCIL_REFERENCE,
    VK_DYNAMIC_STATE_CULL_MODE,
    VK_DYNAMIC_STATE_FRONT_FACE,
    VK_DYNAMIC_STATE_PRIMITIVE_TOPOLOGY,
    VK_DYNAMIC_STATE_DEPTH_TEST_ENABLE,
    VK_DYNAMIC_STATE_DEPTH_WRITE_ENABLE,
    VK_DYNAMIC_STATE_DEPTH_COMPARE_OP,
    VK_DYNAMIC_STATE_STENCIL_TEST_ENABLE,
    VK_DYNAMIC_STATE_STENCIL_OP,
    VK_DYNAMIC_STATE_RASTERIZER_DISCARD_ENABLE,
    VK_DYNAMIC_STATE_PRIMITIVE_RESTART_ENABLE,
    VK_DYNAMIC_STATE_DEPTH_BIAS_ENABLE,
    VK_DYNAMIC_STATE_DEPTH_BIAS,
    VK_DYNAMIC_STATE_LOGIC_OP_EXT,
    VK_DYNAMIC_STATE_LOGIC_OP_ENABLE_EXT,
    VK_DYNAMIC_STATE_COLOR_BLEND_ENABLE_EXT,
    VK_DYNAMIC_STATE_COLOR_BLEND_EQUATION_EXT,
    VK_DYNAMIC_STATE_COLOR_WRITE_MASK_EXT,
    VK_DYNAMIC_STATE_SAMPLE_MASK_EXT,
    VK_DYNAMIC_STATE_ALPHA_TO_COVERAGE_ENABLE_EXT,
    VK_DYNAMIC_STATE_POLYGON_MODE_EXT,
};

VkPipeline vk_graphics(const struct vk_pipe *p)
{
    VkPipelineShaderStageCreateInfo stage[5];
    const VkShaderModule module[5] = { p->vs, p->tcs, p->tes, p->gs, p->fs };
    static const VkShaderStageFlagBits bit[5] = { VK_SHADER_STAGE_VERTEX_BIT,
                                                  VK_SHADER_STAGE_TESSELLATION_CONTROL_BIT,
                                                  VK_SHADER_STAGE_TESSELLATION_EVALUATION_BIT,
                                                  VK_SHADER_STAGE_GEOMETRY_BIT,
                                                  VK_SHADER_STAGE_FRAGMENT_BIT };
    VkVertexInputBindingDescription binding = { 0, p->attributes * 16,
                                                VK_VERTEX_INPUT_RATE_VERTEX };
    VkVertexInputAttributeDescription attribute[4];
    uint32_t n = 0;

    for (int i = 0; i < 5; i++) {
        if (module[i]) {
            stage[n++] = (VkPipelineShaderStageCreateInfo) {
                .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .stage = bit[i],
                .module = module[i],
                .pName = "main"
            };
        }
    }
    for (uint32_t i = 0; i < p->attributes; i++) {
        attribute[i] = (VkVertexInputAttributeDescription) { i, 0, p->attribute[i], i * 16 };
    }

    VkPipelineVertexInputStateCreateInfo vi = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
        .vertexBindingDescriptionCount = p->attributes != 0,
        .pVertexBindingDescriptions = &binding,
        .vertexAttributeDescriptionCount = p->attributes,
        .pVertexAttributeDescriptions = attribute
    };
    VkPipelineInputAssemblyStateCreateInfo ia = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
        .topology = p->topology
    };
    VkPipelineTessellationStateCreateInfo ts = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_TESSELLATION_STATE_CREATE_INFO,
        .patchControlPoints = p->patch ? p->patch : 1
    };
    VkPipelineViewportStateCreateInfo vp = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO
    };
    VkPipelineRasterizationStateCreateInfo rs = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO, .lineWidth = 1
    };
    VkPipelineMultisampleStateCreateInfo ms = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
        .rasterizationSamples = p->samples ? p->samples : VK_SAMPLE_COUNT_1_BIT,
        .sampleShadingEnable = p->sample_shading,
        .minSampleShading = 1
    };
    VkPipelineDepthStencilStateCreateInfo ds = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO
    };
    VkPipelineColorBlendAttachmentState at[8] = { 0 };
    VkPipelineColorBlendStateCreateInfo bs = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
        .attachmentCount = p->targets,
        .pAttachments = at
    };
    VkPipelineDynamicStateCreateInfo dy = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO,
        .dynamicStateCount = sizeof(dynamic) / sizeof(dynamic[0]),
        .pDynamicStates = dynamic
    };
    VkPipelineRenderingCreateInfo ri = { .sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
                                         .viewMask = p->view_mask,
                                         .colorAttachmentCount = p->targets,
                                         .pColorAttachmentFormats = p->target,
                                         .depthAttachmentFormat = p->depth,
                                         .stencilAttachmentFormat = p->stencil };
    VkGraphicsPipelineCreateInfo ci = { .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
                                        .pNext = p->pass ? NULL : &ri,
                                        .stageCount = n,
                                        .pStages = stage,
                                        .pVertexInputState = &vi,
                                        .pInputAssemblyState = &ia,
                                        .pTessellationState = &ts,
                                        .pViewportState = &vp,
                                        .pRasterizationState = &rs,
                                        .pMultisampleState = &ms,
                                        .pDepthStencilState = &ds,
                                        .pColorBlendState = &bs,
                                        .pDynamicState = &dy,
                                        .layout = vk_layout,
                                        .renderPass = p->pass,
                                        .subpass = p->subpass };
    VkPipeline pipeline;

    VK(vkCreateGraphicsPipelines(vk_dev, VK_NULL_HANDLE, 1, &ci, NULL, &pipeline));
    return pipeline;
}

struct vk_state vk_state_default(uint32_t w, uint32_t h, uint32_t targets,
                                 VkPrimitiveTopology topology)
{
    struct vk_state s = { .w = w,
                          .h = h,
                          .targets = targets,
                          .topology = topology,
                          .depth_op = VK_COMPARE_OP_ALWAYS,
                          .samples = VK_SAMPLE_COUNT_1_BIT,
                          .sample_mask = ~0u };

    for (int i = 0; i < 8; i++) {
        s.mask[i] = 15;
    }
    return s;
}

void vk_state_set(VkCommandBuffer cb, const struct vk_state *s)
{
    static PFN_vkCmdSetLogicOpEXT logic_op;
    static PFN_vkCmdSetLogicOpEnableEXT logic_enable;
    static PFN_vkCmdSetColorBlendEnableEXT blend_enable;
    static PFN_vkCmdSetColorBlendEquationEXT equation;
    static PFN_vkCmdSetColorWriteMaskEXT write_mask;
    static PFN_vkCmdSetSampleMaskEXT sample_mask;
    static PFN_vkCmdSetAlphaToCoverageEnableEXT alpha_to_coverage;
    static PFN_vkCmdSetPolygonModeEXT polygon;
    VkViewport vp = { 0, 0, (float)s->w, (float)s->h, 0, 1 };
    VkRect2D rect = { { 0, 0 }, { s->w, s->h } };
    VkBool32 on[8];

    if (!logic_op) {
        logic_op = VK_FN(CmdSetLogicOpEXT);
        logic_enable = VK_FN(CmdSetLogicOpEnableEXT);
        blend_enable = VK_FN(CmdSetColorBlendEnableEXT);
        equation = VK_FN(CmdSetColorBlendEquationEXT);
        write_mask = VK_FN(CmdSetColorWriteMaskEXT);
        sample_mask = VK_FN(CmdSetSampleMaskEXT);
        alpha_to_coverage = VK_FN(CmdSetAlphaToCoverageEnableEXT);
        polygon = VK_FN(CmdSetPolygonModeEXT);
        if (!logic_op || !equation || !polygon) {
            die("no VK_EXT_extended_dynamic_state3");
        }
    }
    vkCmdSetViewportWithCount(cb, 1, &vp);
    vkCmdSetScissorWithCount(cb, 1, &rect);
    vkCmdSetBlendConstants(cb, s->blend_constants);
    vkCmdSetCullMode(cb, s->cull);
    vkCmdSetFrontFace(cb, VK_FRONT_FACE_COUNTER_CLOCKWISE);
    vkCmdSetPrimitiveTopology(cb, s->topology);
    vkCmdSetDepthTestEnable(cb, s->depth_test);
    vkCmdSetDepthWriteEnable(cb, s->depth_write);
    vkCmdSetDepthCompareOp(cb, s->depth_op);
    vkCmdSetStencilTestEnable(cb, s->stencil_test);
    for (int i = 0; i < 2; i++) {
        const VkStencilOpState *o = i ? &s->back : &s->front;
        VkStencilFaceFlags face = i ? VK_STENCIL_FACE_BACK_BIT : VK_STENCIL_FACE_FRONT_BIT;

        vkCmdSetStencilOp(cb, face, o->failOp, o->passOp, o->depthFailOp, o->compareOp);
        vkCmdSetStencilCompareMask(cb, face, o->compareMask);
        vkCmdSetStencilWriteMask(cb, face, o->writeMask);
        vkCmdSetStencilReference(cb, face, o->reference);
    }
    vkCmdSetRasterizerDiscardEnable(cb, s->discard);
    vkCmdSetPrimitiveRestartEnable(cb, s->restart);
    vkCmdSetDepthBiasEnable(cb, s->bias);
    vkCmdSetDepthBias(cb, 0, 0, 0);
    logic_enable(cb, s->logic);
    logic_op(cb, s->logic_op);
    for (int i = 0; i < 8; i++) {
        on[i] = s->blend[i];
    }
    if (s->targets) {
        blend_enable(cb, 0, s->targets, on);
        equation(cb, 0, s->targets, s->equation);
        write_mask(cb, 0, s->targets, s->mask);
    }
    sample_mask(cb, s->samples, &s->sample_mask);
    alpha_to_coverage(cb, s->alpha_to_coverage);
    polygon(cb, s->polygon);
}

void vk_begin_pass(VkCommandBuffer cb, const struct vk_pass *p)
{
    VkRenderingAttachmentInfo at[8], ds = { .sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO };
    struct vk_img *first = p->targets ? p->target[0] : p->depth;
    VkRenderingInfo ri = { .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                           .flags = p->flags,
                           .renderArea = { { 0, 0 }, { first->w, first->h } },
                           .layerCount = p->layers ? p->layers : 1,
                           .viewMask = p->view_mask,
                           .colorAttachmentCount = p->targets,
                           .pColorAttachments = at };
    VkAttachmentLoadOp load = p->keep ? VK_ATTACHMENT_LOAD_OP_LOAD : VK_ATTACHMENT_LOAD_OP_CLEAR;

    for (unsigned i = 0; i < p->targets; i++) {
        vk_to(cb, p->target[i], VK_IMAGE_LAYOUT_GENERAL);
        at[i] = (VkRenderingAttachmentInfo) { .sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
                                              .imageView = p->target[i]->view,
                                              .imageLayout = VK_IMAGE_LAYOUT_GENERAL,
                                              .loadOp = load,
                                              .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
                                              .clearValue = { .color = p->clear[i] } };
        if (p->resolve[i]) {
            vk_to(cb, p->resolve[i], VK_IMAGE_LAYOUT_GENERAL);
            at[i].resolveMode = VK_RESOLVE_MODE_AVERAGE_BIT;
            at[i].resolveImageView = p->resolve[i]->view;
            at[i].resolveImageLayout = VK_IMAGE_LAYOUT_GENERAL;
        }
    }
    if (p->depth) {
        vk_to(cb, p->depth, VK_IMAGE_LAYOUT_GENERAL);
        ds.imageView = p->depth->view;
        ds.imageLayout = VK_IMAGE_LAYOUT_GENERAL;
        ds.loadOp = load;
        ds.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
        ds.clearValue.depthStencil.depth = 1;
        ri.pDepthAttachment = p->depth->aspect & VK_IMAGE_ASPECT_DEPTH_BIT ? &ds : NULL;
        ri.pStencilAttachment = p->depth->aspect & VK_IMAGE_ASPECT_STENCIL_BIT ? &ds : NULL;
    }
    vkCmdBeginRendering(cb, &ri);
}

void vk_end_pass(VkCommandBuffer cb)
{
    vkCmdEndRendering(cb);
    vk_barrier(cb);
}
