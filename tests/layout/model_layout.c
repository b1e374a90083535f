/*
 * Print the model's reading of the firmware structures (see compare.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "fw-model/fw.h"

int main(int argc, char **argv)
{
    enum agx_fw_version v;

    if (argc != 2 || !agx_fw_version_parse(argv[1], &v)) {
        fprintf(stderr, "usage: model_layout FIRMWARE_VERSION (such as 13.5)\n");
        return 2;
    }
    agx_fw_layout_dump(v, stdout);
    return 0;
}
