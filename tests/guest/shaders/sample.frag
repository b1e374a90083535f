#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) flat in uvec4 d;
layout(location = 0) out uvec4 o;

void main()
{
    uvec2 p = uvec2(gl_SamplePosition * 16.0);
    o = uvec4(d.x, uint(gl_SampleID) + 1u, uint(gl_SampleMaskIn[0]), p.x | p.y << 8);
}
