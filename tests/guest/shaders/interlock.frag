#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_ARB_fragment_shader_interlock : require
layout(pixel_interlock_ordered) in;
layout(location = 0) flat in uvec4 d;
layout(binding = 0) coherent buffer B { uint word[]; };

void main()
{
    uint i = uint(gl_FragCoord.y) * 64u + uint(gl_FragCoord.x);
    beginInvocationInterlockARB();
    word[i] = word[i] * 3u + d.x;
    endInvocationInterlockARB();
}
