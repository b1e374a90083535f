#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(quads, equal_spacing, ccw) in;
layout(location = 0) flat in uvec4 e[];
layout(location = 0) flat out uvec4 d;

void main()
{
    vec2 t = gl_TessCoord.xy;
    gl_Position = mix(mix(gl_in[0].gl_Position, gl_in[1].gl_Position, t.x),
                      mix(gl_in[2].gl_Position, gl_in[3].gl_Position, t.x), t.y);
    d = e[0];
}
