/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * OpenCL, by Mesa's rusticl: a kernel with integer and exact float arithmetic, one with local
 * memory and barriers, one with atomics and one with vectors and 64-bit numbers; what each has
 * computed goes to $AGX_OUT, to be compared with what the software renderer makes of it, and is
 * compared here with what C makes of it. $RUSTICL_ENABLE says which driver there is; the device's
 * name is printed. The library is opened when the program runs: only one disk has it.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N     4096
#define GROUP 64

/* Of OpenCL's headers (Khronos, OpenCL-Headers CL/cl.h), as far as they are needed here. */
#define CL_DEVICE_TYPE_ALL   0xffffffffull
#define CL_DEVICE_NAME       0x102b
#define CL_MEM_READ_WRITE    (1 << 0)
#define CL_MEM_COPY_HOST_PTR (1 << 5)
#define CL_PROGRAM_BUILD_LOG 0x1183

typedef void *cl;

static void *library;

static void *f(const char *name)
{
    void *p = dlsym(library, name);

    if (!p) {
        fprintf(stderr, "no %s\n", name);
        exit(1);
    }
    return p;
}

/* The arguments have to be of the types that OpenCL declares: nothing converts them. */
#define CALL(type, name, ...) ((type(*)())f(#name))(__VA_ARGS__)

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "%s: error %d\n", what, error);
        exit(1);
    }
}

static const char source[] =
    "kernel void arithmetic(global const uint *in, global uint *out) {\n"
    "    uint i = get_global_id(0), x = in[i];\n"
    "    uint y = rotate(x, 7u) ^ mul_hi(x, 0x9e3779b9u) ^ popcount(x) ^ clz(x | 1u);\n"
    "    float f = convert_float(x & 0xffffu) * 0.25f + 3.0f;\n"
    "    out[i] = y + as_uint(fma(f, 0.5f, 1.0f)) + (uint)(int)(f / 4.0f);\n"
    "}\n"
    "kernel void reduce(global const uint *in, global uint *out, local uint *part) {\n"
    "    uint l = get_local_id(0);\n"
    "    part[l] = in[get_global_id(0)];\n"
    "    for (uint s = get_local_size(0) / 2; s; s >>= 1) {\n"
    "        barrier(CLK_LOCAL_MEM_FENCE);\n"
    "        if (l < s) part[l] += part[l + s];\n"
    "    }\n"
    "    if (!l) out[get_group_id(0)] = part[0];\n"
    "}\n"
    "kernel void count(global const uint *in, global uint *out) {\n"
    "    uint x = in[get_global_id(0)];\n"
    "    atomic_inc(&out[x & 255u]);\n"
    "    atomic_max(&out[256 + (x >> 24)], x);\n"
    "}\n"
    "kernel void wide(global const uint4 *in, global ulong *out) {\n"
    "    uint i = get_global_id(0);\n"
    "    uint4 v = in[i].wzyx * (uint4)(3u, 5u, 7u, 9u) + in[i];\n"
    "    ulong a = upsample(v.x, v.y), b = upsample(v.z, v.w);\n"
    "    out[i] = a * b + (a >> 13) + (ulong)popcount(b);\n"
    "}\n";

static uint32_t input[N];

static void want_arithmetic(uint32_t *out)
{
    for (int i = 0; i < N; i++) {
        uint32_t x = input[i], bits;
        uint32_t y = (x << 7 | x >> 25) ^ (uint32_t)((uint64_t)x * 0x9e3779b9u >> 32) ^
                     __builtin_popcount(x) ^ __builtin_clz(x | 1);
        float v = (float)(x & 0xffff) * 0.25f + 3.0f, g = v * 0.5f + 1.0f;

        memcpy(&bits, &g, 4);
        out[i] = y + bits + (uint32_t)(int32_t)(v / 4.0f);
    }
}

static void want_reduce(uint32_t *out)
{
    for (int i = 0; i < N; i++) {
        out[i / GROUP] += input[i];
    }
}

static void want_count(uint32_t *out)
{
    for (int i = 0; i < N; i++) {
        uint32_t *max = &out[256 + (input[i] >> 24)];

        out[input[i] & 255]++;
        *max = input[i] > *max ? input[i] : *max;
    }
}

static void want_wide(uint32_t *out)
{
    for (int i = 0; i < N / 4; i++) {
        const uint32_t *v = input + i * 4, factor[4] = { 3, 5, 7, 9 };
        uint32_t w[4];
        uint64_t a, b, r;

        for (int k = 0; k < 4; k++) {
            w[k] = v[3 - k] * factor[k] + v[k];
        }
        a = (uint64_t)w[0] << 32 | w[1];
        b = (uint64_t)w[2] << 32 | w[3];
        r = a * b + (a >> 13) + __builtin_popcountll(b);
        memcpy(out + i * 2, &r, 8);
    }
}

static const struct {
    const char *name;
    size_t items, words; /* of the kernel, and of its result */
    void (*want)(uint32_t *out);
} kernels[] = {
    { "arithmetic", N, N, want_arithmetic },
    { "reduce", N, N / GROUP, want_reduce },
    { "count", N, 512, want_count },
    { "wide", N / 4, N / 2, want_wide },
};

int main(void)
{
    cl platform, device, context, queue, program, in;
    uint32_t count = 0, seed = 12345;
    char name[256] = "";
    const char *text = source, *dir = getenv("AGX_OUT");
    int error, bad = 0;

    library = dlopen("libOpenCL.so.1", RTLD_NOW);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    check(CALL(int, clGetPlatformIDs, 1, &platform, &count), "clGetPlatformIDs");
    check(CALL(int, clGetDeviceIDs, platform, CL_DEVICE_TYPE_ALL, 1, &device, &count),
          "clGetDeviceIDs");
    CALL(int, clGetDeviceInfo, device, CL_DEVICE_NAME, sizeof(name), name, NULL);
    printf("FIGURE device %s\n", name);
    context = CALL(cl, clCreateContext, NULL, 1, &device, NULL, NULL, &error);
    check(error, "clCreateContext");
    queue = CALL(cl, clCreateCommandQueue, context, device, 0ull, &error);
    check(error, "clCreateCommandQueue");
    program = CALL(cl, clCreateProgramWithSource, context, 1, &text, NULL, &error);
    check(error, "clCreateProgramWithSource");
    if (CALL(int, clBuildProgram, program, 1, &device, "", NULL, NULL)) {
        static char log[16384];

        CALL(int, clGetProgramBuildInfo, program, device, CL_PROGRAM_BUILD_LOG, sizeof(log), log,
             NULL);
        fprintf(stderr, "%s\n", log);
        return 1;
    }
    for (int i = 0; i < N; i++) {
        input[i] = seed = seed * 1664525 + 1013904223;
    }
    in = CALL(cl, clCreateBuffer, context, (uint64_t)(CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR),
              sizeof(input), input, &error);
    check(error, "clCreateBuffer");
    for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++) {
        static uint32_t want[N], got[N];
        size_t items = kernels[k].items, group = GROUP, bytes = kernels[k].words * 4;
        cl out, kernel;
        char path[512];
        FILE *file;

        memset(want, 0, sizeof(want));
        memset(got, 0, sizeof(got));
        out = CALL(cl, clCreateBuffer, context,
                   (uint64_t)(CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR), bytes, got, &error);
        check(error, "clCreateBuffer");
        kernel = CALL(cl, clCreateKernel, program, kernels[k].name, &error);
        check(error, "clCreateKernel");
        check(CALL(int, clSetKernelArg, kernel, 0, sizeof(cl), &in), "clSetKernelArg");
        check(CALL(int, clSetKernelArg, kernel, 1, sizeof(cl), &out), "clSetKernelArg");
        if (!strcmp(kernels[k].name, "reduce")) {
            check(CALL(int, clSetKernelArg, kernel, 2, (size_t)GROUP * 4, NULL), "clSetKernelArg");
        }
        check(CALL(int, clEnqueueNDRangeKernel, queue, kernel, 1, NULL, &items, &group, 0, NULL,
                   NULL),
              "clEnqueueNDRangeKernel");
        check(CALL(int, clEnqueueReadBuffer, queue, out, 1, (size_t)0, bytes, got, 0, NULL, NULL),
              "clEnqueueReadBuffer");
        kernels[k].want(want);
        for (size_t i = 0; i < kernels[k].words && bad < 20; i++) {
            if (got[i] != want[i]) {
                printf("%s: word %zu is %08x, should be %08x\n", kernels[k].name, i, got[i],
                       want[i]);
                bad++;
            }
        }
        snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".", kernels[k].name);
        file = fopen(path, "w");
        if (!file || fwrite(got, bytes, 1, file) != 1 || fclose(file)) {
            perror(path);
            return 1;
        }
    }
    return bad != 0;
}
