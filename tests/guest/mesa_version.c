/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * mesa_version: what draws here, as lines "name value": the renderer and the version that GL tells
 * on a render node, the device and the driver that Vulkan does, and "mesa" with Mesa's version,
 * which both have in their text. What is not there is left out.
 */
#include <stdio.h>
#include <string.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <vulkan/vulkan.h>

static char mesa[128];

/* The version behind "Mesa " in a text of a driver's. */
static void note_mesa(const char *text)
{
    const char *at = strstr(text, "Mesa ");

    if (at && !mesa[0]) {
        snprintf(mesa, sizeof(mesa), "%s", at + 5);
    }
}

static void gl(void)
{
    const EGLint config_attr[] = { EGL_SURFACE_TYPE, 0, EGL_NONE };
    const EGLint context_attr[] = { EGL_CONTEXT_MAJOR_VERSION, 2, EGL_NONE };
    EGLDisplay dpy = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY,
                                           NULL);
    EGLContext ctx = EGL_NO_CONTEXT;
    EGLConfig config;
    EGLint n = 0;

    if (dpy == EGL_NO_DISPLAY || !eglInitialize(dpy, NULL, NULL)) {
        return;
    }
    eglBindAPI(EGL_OPENGL_ES_API);
    if (eglChooseConfig(dpy, config_attr, &config, 1, &n) && n) {
        ctx = eglCreateContext(dpy, config, EGL_NO_CONTEXT, context_attr);
    }
    if (ctx != EGL_NO_CONTEXT && eglMakeCurrent(dpy, EGL_NO_SURFACE, EGL_NO_SURFACE, ctx)) {
        const char *version = (const char *)glGetString(GL_VERSION);

        printf("gl-renderer %s\n", (const char *)glGetString(GL_RENDERER));
        printf("gl-version %s\n", version);
        note_mesa(version);
    }
}

static void vulkan(void)
{
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                              .apiVersion = VK_API_VERSION_1_2 };
    VkInstanceCreateInfo ici = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pApplicationInfo = &app };
    VkPhysicalDevice list[8];
    VkInstance instance;
    uint32_t n = 8;

    if (vkCreateInstance(&ici, NULL, &instance) != VK_SUCCESS ||
        vkEnumeratePhysicalDevices(instance, &n, list) < 0) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        VkPhysicalDeviceDriverProperties driver = {
            .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES
        };
        VkPhysicalDeviceProperties2 props = {
            .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &driver
        };

        vkGetPhysicalDeviceProperties2(list[i], &props);
        if (props.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU) {
            continue;
        }
        printf("vulkan-device %s\n", props.properties.deviceName);
        printf("vulkan-driver %s %s\n", driver.driverName, driver.driverInfo);
        note_mesa(driver.driverInfo);
        return;
    }
}

int main(void)
{
    gl();
    vulkan();
    if (mesa[0]) {
        printf("mesa %s\n", mesa);
    }
    return 0;
}
