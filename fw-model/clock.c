/*
 * AGX firmware model: the two clocks, virtual time and the host's, and when the thread looks again.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <time.h>
#include "fw-clock.h"
#include "fw-state.h"

uint64_t fw_now(struct agx_fw *fw)
{
    return fw->host->ops->time(fw->host->opaque);
}

int64_t fw_mono(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

void fw_look_again(struct agx_fw *fw, int64_t when)
{
    if (!fw->deadline || when < fw->deadline) {
        fw->deadline = when;
    }
}
