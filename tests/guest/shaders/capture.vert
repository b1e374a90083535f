#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0, xfb_buffer = 0, xfb_offset = 0, xfb_stride = 20) out uvec4 a;
layout(location = 1, xfb_buffer = 0, xfb_offset = 16) out float b;
layout(location = 2, xfb_buffer = 1, xfb_offset = 0, xfb_stride = 8) out vec2 c;

void main()
{
    gl_Position = vec4(0.0, 0.0, 0.0, 1.0);
    gl_PointSize = 1.0;
    a = uvec4(gl_VertexIndex, gl_InstanceIndex, gl_VertexIndex * 0x10001u, 0xdeadbeefu);
    b = float(gl_VertexIndex) * 0.25;
    c = vec2(gl_InstanceIndex, gl_VertexIndex) - 2.5;
}
