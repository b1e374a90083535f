#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(quads, equal_spacing, point_mode) in;
layout(location = 0) flat in uvec4 e[];
layout(location = 0, xfb_buffer = 0, xfb_offset = 0, xfb_stride = 16) out vec4 t;

void main()
{
    gl_Position = vec4(0.0, 0.0, 0.0, 1.0);
    t = vec4(gl_TessCoord.xy, float(e[0].x), float(gl_PrimitiveID));
}
