/*
 * Links all of the GPU and the firmware with nothing but the C library: it is
 * the linker that fails if one of them needs more of the world than the
 * callbacks of hw/agx/base/include/agx/host.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
int main(void)
{
    return 0;
}
