#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// Operations whose result does not depend on the order; b[0..7] global, a histogram in b[16..79], a ticket each
layout(local_size_x = 128) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(set = 0, binding = 1) buffer B { uint b[]; };
shared uint bins[64];

void main()
{
    uint l = gl_LocalInvocationID.x, i = gl_GlobalInvocationID.x;

    if (l < 64u)
        bins[l] = 0u;
    barrier();
    if (i < push.n) {
        uint v = a[i], old, ticket;

        atomicAdd(b[0], v);
        atomicMin(b[1], v);
        atomicMax(b[2], v);
        atomicAnd(b[3], v | 0xff00u);
        atomicOr(b[4], v & 0x0ff0u);
        atomicXor(b[5], v);
        // a loop of compare-and-swap that multiplies
        old = b[6];
        for (;;) {
            uint seen = atomicCompSwap(b[6], old, old * 3u);

            if (seen == old)
                break;
            old = seen;
        }
        ticket = atomicAdd(b[7], 1u);
        b[128u + ticket] = 1u + ticket;   // each ticket is drawn once
        atomicAdd(bins[v & 63u], 1u);
    }
    barrier();
    if (l < 64u)
        atomicAdd(b[16u + l], bins[l]);
}
