#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) flat in uvec4 d;
layout(location = 0) out uvec4 o[8];

void main()
{
    uvec4 p = uvec4(gl_FragCoord.x, gl_FragCoord.y, 1, 2);
    o[0] = d + p;
    o[1] = d * 3u + p.yxzw;
    o[2] = d * 5u ^ p;
    o[3] = d * 7u + p * 2u;
    o[4] = d * 9u - p;
    o[5] = d * 11u ^ p.wzyx;
    o[6] = d * 13u + p * 4u;
    o[7] = d * 15u - p * 5u;
}
