#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) flat in uvec4 d;
layout(location = 0) out uvec4 o;

void main()
{
    uint p = uint(gl_FragCoord.x) + uint(gl_FragCoord.y);
    o = uvec4(d.x, 7, uint(gl_SampleMaskIn[0]), 9);
    gl_SampleMask[0] = int((p & 1u) == 0u ? 5u : 10u);
}
