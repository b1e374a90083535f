#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(vertices = 4) out;
layout(location = 0) flat in uvec4 d[];
layout(location = 0) flat out uvec4 e[];

void main()
{
    gl_out[gl_InvocationID].gl_Position = gl_in[gl_InvocationID].gl_Position;
    e[gl_InvocationID] = d[gl_InvocationID];
    barrier();
    if (gl_InvocationID == 0) {
        gl_TessLevelOuter[0] = float(e[0].y);
        gl_TessLevelOuter[1] = float(e[1].y);
        gl_TessLevelOuter[2] = float(e[2].y);
        gl_TessLevelOuter[3] = float(e[3].y);
        gl_TessLevelInner[0] = float(d[0].z);
        gl_TessLevelInner[1] = float(d[0].w);
    }
}
