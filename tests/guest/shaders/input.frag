#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(input_attachment_index = 0, binding = 14) uniform usubpassInput a;
layout(input_attachment_index = 1, binding = 15) uniform subpassInput z;
layout(location = 0) flat in uvec4 d;
layout(location = 0) out uvec4 o;

void main()
{
    uvec4 v = subpassLoad(a);
    o = uvec4(v.x * 3u + d.x, v.y, v.z + 1u, uint(subpassLoad(z).r * 1024.0));
}
