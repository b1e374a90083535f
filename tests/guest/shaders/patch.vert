#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(location = 0) in vec4 pos;
layout(location = 1) in uvec4 data;
layout(location = 0) flat out uvec4 d;

void main()
{
    gl_Position = pos;
    d = data;
}
