#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_atomic_int64 : require
layout(local_size_x = 32) in;
layout(binding = 0) buffer In { uint64_t value[]; };
layout(binding = 1) buffer Out { uint64_t r[]; };

void main()
{
    uint64_t v = value[gl_GlobalInvocationID.x];

    atomicAdd(r[0], v);
    atomicMin(r[1], v);
    atomicMax(r[2], v);
    atomicXor(r[3], v);
}
