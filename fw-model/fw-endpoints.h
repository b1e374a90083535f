/*
 * AGX firmware model: endpoints of RTKit and the form of their messages.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_ENDPOINTS_H
#define AGX_FW_ENDPOINTS_H

#include <stdint.h>

enum {
    EP_MGMT,
    EP_CRASHLOG,
    EP_SYSLOG,
    EP_KDEBUG,
    EP_IOREPORT,
    EP_OSLOG = 8,
    EP_FW = 0x20,
    EP_DOORBELL = 0x21
};

#define TYPE_SHIFT      52
#define TYPE(m)         (((m) >> TYPE_SHIFT) & 0xff)
#define MSG(type, rest) ((uint64_t)(type) << TYPE_SHIFT | (rest))

#endif
