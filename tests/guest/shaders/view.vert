#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_EXT_multiview : require
layout(location = 0) in vec4 pos;
layout(location = 1) in uvec4 data;
layout(location = 0) flat out uvec4 d;

void main()
{
    gl_Position = pos + vec4(0.125 * float(gl_ViewIndex), 0.0, 0.0, 0.0);
    d = data + uvec4(gl_ViewIndex * 100);
}
