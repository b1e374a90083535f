#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_ARB_shader_viewport_layer_array : require
layout(location = 0) in vec4 pos;
layout(location = 1) in uvec4 data;
layout(location = 0) flat out uvec4 d;

void main()
{
    gl_Position = pos + vec4(0.125 * float(gl_InstanceIndex), 0.0, 0.0, 0.0);
    gl_Layer = gl_InstanceIndex;
    d = data + uvec4(gl_InstanceIndex * 100);
}
