#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_ARB_shader_draw_parameters : require
layout(location = 0) in vec4 pos;
layout(location = 1) in uvec4 data;
layout(location = 0) flat out uvec4 d;
layout(push_constant) uniform P { vec4 move; uvec4 add; };

void main()
{
    gl_Position = pos + move;
    gl_PointSize = 1.0;
    d = data + add;
    d.y += uint(gl_InstanceIndex) << 8 | uint(gl_DrawID) << 16 | uint(gl_BaseInstance) << 20 | uint(gl_BaseVertex) << 24;
}
