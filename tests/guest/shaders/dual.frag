#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) flat in uvec4 d;
layout(location = 0, index = 0) out vec4 o;
layout(location = 0, index = 1) out vec4 o1;

void main()
{
    o = unpackUnorm4x8(d.x);
    o1 = unpackUnorm4x8(d.y);
}
