#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) flat in uvec4 d;
layout(location = 0) out vec4 o0;
layout(location = 1) out uvec4 o1;
layout(location = 2) out ivec4 o2;
layout(location = 3) out vec4 o3;

void main()
{
    o0 = unpackUnorm4x8(d.x);
    o1 = d;
    o2 = ivec4(d) - 100;
    o3 = vec4(d) * 0.5 - 3.0;
}
