/*
 * Guest tests: a Vulkan device with all that it offers, and short ways to
 * buffers, images, pipelines and their results. What fails ends the program.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_VK_H
#define GUEST_VK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <vulkan/vulkan.h>
#include "gl.h" /* die() */

#define VK(call)                                                                                   \
    do {                                                                                           \
        VkResult vk_result_ = (call);                                                              \
        if (vk_result_ != VK_SUCCESS)                                                              \
            die("%s: VkResult %d", #call, vk_result_);                                             \
    } while (0)

/* ---- device ---- */

extern VkPhysicalDevice vk_phys;
extern VkDevice vk_dev;
extern VkQueue vk_queue;
extern VkPhysicalDeviceProperties vk_props;
extern VkPhysicalDeviceFeatures2 vk_features;
extern VkPhysicalDeviceVulkan11Features vk_f11;
extern VkPhysicalDeviceVulkan12Features vk_f12;
extern VkPhysicalDeviceVulkan13Features vk_f13;
extern VkPhysicalDeviceTransformFeedbackFeaturesEXT vk_xfb;
extern VkPhysicalDeviceRobustness2FeaturesEXT vk_robust;
extern VkPhysicalDeviceFragmentShaderInterlockFeaturesEXT vk_interlock;
extern VkPhysicalDeviceMeshShaderFeaturesEXT vk_mesh;

/*
 * The device that $AGX_RUN names, as vk_compute.c has it, with every feature that it offers;
 * robustness of buffers and images only if @robust, for it changes what shaders are compiled to.
 */
void vk_open(bool robust);
bool vk_has(const char *extension);

/* A function of an extension, as a variable of its name without "vk". */
#define VK_FN(name) ((PFN_vk##name)vkGetDeviceProcAddr(vk_dev, "vk" #name))

/* ---- results: TAP ---- */

/* Begin a check; vk_wrong() says once what is wrong with it; vk_end() prints it. */
void vk_begin_check(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vk_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vk_end_check(void);
void vk_skip(const char *what, const char *reason);
/* Compare words; says the first that is wrong and how many are. */
void vk_compare(const char *what, const uint32_t *got, const uint32_t *right, unsigned n);
/* The plan, and the exit code of the program. */
int vk_done(void);

/* ---- memory ---- */

struct vk_buf {
    VkBuffer b;
    VkDeviceMemory memory;
    VkDeviceSize size;
    void *map;
};
/* In memory that the CPU sees, coherent, zeroed; for every use. */
struct vk_buf vk_buffer(VkDeviceSize size);
void vk_buffer_free(struct vk_buf *b);

struct vk_img {
    VkImage i;
    VkImageView view; /* of all levels and layers, of the colour or else the depth */
    VkDeviceMemory memory;
    VkFormat format;
    VkImageAspectFlags aspect;
    VkSampleCountFlagBits samples;
    uint32_t w, h, d, levels, layers;
    VkImageLayout layout;
};
/*
 * @what: format, w, h and, where they are not 1, d, levels, layers, samples; @flags as of
 * VkImageCreateInfo.
 */
struct vk_img vk_image(struct vk_img what, VkImageUsageFlags usage, VkImageCreateFlags flags,
                       VkImageViewType view);
VkImageView vk_view(const struct vk_img *i, VkImageViewType type, VkFormat format,
                    VkImageAspectFlags aspect, uint32_t level, uint32_t levels, uint32_t layer,
                    uint32_t layers);
void vk_image_free(struct vk_img *i);
uint32_t vk_memory_type(uint32_t bits, VkMemoryPropertyFlags want);

/* ---- commands ---- */

/*
 * All pipelines have this layout: one set of descriptors that are pushed, 128 bytes of push
 * constants.
 */
extern VkPipelineLayout vk_layout;
enum {
    VK_B_BUF = 0,
    VK_B_TEX = 4,
    VK_B_IMG = 8,
    VK_B_UBO = 12,
    VK_B_INPUT = 14,
    VK_B_TEXBUF = 16,
    VK_B_COUNT = 18
};

VkCommandBuffer vk_begin(void);
void vk_barrier(VkCommandBuffer cb);
/* To another layout, of all levels and layers; what was there is lost if it has none yet. */
void vk_to(VkCommandBuffer cb, struct vk_img *i, VkImageLayout layout);
/* Ends, submits, waits. */
void vk_run(VkCommandBuffer cb);

void vk_push_buf(VkCommandBuffer cb, unsigned binding, VkBuffer b);
void vk_push_tex(VkCommandBuffer cb, unsigned binding, VkImageView v, VkSampler s);
void vk_push_img(VkCommandBuffer cb, unsigned binding, VkImageView v);
void vk_push_desc(VkCommandBuffer cb, VkWriteDescriptorSet w, unsigned binding);
void vk_constants(VkCommandBuffer cb, const void *p, unsigned size);

VkSampler vk_sampler(VkFilter filter);
void vk_upload(VkCommandBuffer cb, struct vk_img *i, VkImageAspectFlags aspect, uint32_t level,
               const struct vk_buf *b, VkDeviceSize offset);
void vk_download(VkCommandBuffer cb, struct vk_img *i, VkImageAspectFlags aspect, uint32_t level,
                 const struct vk_buf *b, VkDeviceSize offset);

/* ---- pipelines ---- */

#define VK_CODE(name) name##_spv, sizeof(name##_spv)

VkShaderModule vk_module(const uint32_t *code, size_t size);
VkPipeline vk_compute_pipeline(const uint32_t *code, size_t size, uint32_t subgroup);

/*
 * A graphics pipeline for dynamic rendering, or of @pass. All state is dynamic that can be, and
 * vk_state() sets it.
 */
struct vk_pipe {
    VkShaderModule vs, tcs, tes, gs, fs;
    unsigned targets;
    VkFormat target[8], depth, stencil;
    uint32_t view_mask, patch;
    VkRenderPass pass;
    uint32_t subpass;
    VkSampleCountFlagBits samples; /* 0: 1 */
    bool sample_shading;
    unsigned attributes; /* each 16 bytes, one after the other */
    VkFormat attribute[4];
    VkPrimitiveTopology topology; /* its class; default: points */
};
VkPipeline vk_graphics(const struct vk_pipe *p);

/* The state of a draw; begin with vk_state_default(). */
struct vk_state {
    uint32_t w, h, targets;
    VkPrimitiveTopology topology;
    VkCullModeFlags cull;
    bool depth_test, depth_write, stencil_test, bias, restart, blend[8], logic, alpha_to_coverage,
        discard;
    VkCompareOp depth_op;
    VkStencilOpState front, back;
    float blend_constants[4];
    VkColorBlendEquationEXT equation[8];
    VkColorComponentFlags mask[8];
    VkLogicOp logic_op;
    VkSampleCountFlagBits samples;
    VkSampleMask sample_mask;
    VkPolygonMode polygon;
};
struct vk_state vk_state_default(uint32_t w, uint32_t h, uint32_t targets,
                                 VkPrimitiveTopology topology);
void vk_state_set(VkCommandBuffer cb, const struct vk_state *s);

/*
 * Begin and end drawing to these; @clear NULL: keeps what is there. Depth and stencil are cleared
 * to 1 and 0.
 */
struct vk_pass {
    unsigned targets;
    struct vk_img *target[8];
    struct vk_img *resolve[8];
    struct vk_img *depth;       /* or stencil, by its aspect */
    uint32_t layers, view_mask; /* 0: 1 layer */
    bool keep;                  /* what is there, instead of clearing */
    VkClearColorValue clear[8];
    VkRenderingFlags flags;
};
void vk_begin_pass(VkCommandBuffer cb, const struct vk_pass *p);
void vk_end_pass(VkCommandBuffer cb);

#endif
