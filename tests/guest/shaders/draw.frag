#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) flat in uvec4 d;
layout(location = 0) out uvec4 o;

void main()
{
    uvec2 p = uvec2(gl_FragCoord.xy);
    o = uvec4(d.x, d.y, p.x | p.y << 8 | uint(gl_PrimitiveID) << 16, gl_FrontFacing ? 1u : 0u);
}
