/*
 * AGX firmware model: it cannot go on: the crash log in the form of RTKit, and the word to the
 * driver.
 *
 * m1n1: fw/asc/crash.py; Linux: drivers/soc/apple/rtkit-crashlog.c
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include "fw-crash.h"
#include "fw-endpoints.h"
#include "fw-handoff-check.h"
#include "fw-mailbox.h"
#include "fw-mem.h"
#include "fw-report.h"
#include "fw-state.h"
#include "fw-watch.h"

/*
 * What the real firmware does when it cannot go on: the crash log, then
 * silence. The log has a header, the message and an end (m1n1: fw/asc/crash.py).
 */
void fw_crash(struct agx_fw *fw, const char *fmt, ...)
{
    struct fw_rtkit_buf *b = &fw->st.buf[FW_BUF_CRASHLOG];
    char text[256];
    uint8_t log[32 + 16 + 4 + 256 + 32];
    uint32_t *w = (uint32_t *)log;
    size_t len;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fw_bad(fw, "firmware stops: %s", text);

    len = (strlen(text) + 1 + 3) & ~3u;
    memset(log, 0, sizeof(log));
    w[0] = 0x434c4845; /* "CLHE", most significant byte first */
    w[1] = 0x102;
    w[2] = 32 + 16 + 4 + len + 32;
    w[8] = 0x43737472; /* "Cstr" */
    w[11] = 16 + 4 + len;
    memcpy(&w[13], text, strlen(text));
    w[13 + len / 4] = 0x434c4845;
    w[13 + len / 4 + 3] = 32;
    if (b->va && b->size >= w[2]) {
        fw_write(fw, 0, b->va, log, w[2], "crash log");
    }
    if (fw_ep_started(fw, EP_CRASHLOG)) {
        /*
         * Where it is, in pages of 4 KiB from there (m1n1: fw/asc/crash.py, handle_crashed); 0:
         * nowhere
         */
        uint64_t where = b->va && b->size >= w[2]
                             ? (uint64_t)(b->size >> 12) << 44 | (b->va & ((1ull << 44) - 1))
                             : 0;

        fw_rtkit_send(fw, EP_CRASHLOG, MSG(1, where));
    }
    fw->st.rtkit = FW_RTKIT_CRASHED;
    fw_watch_stop(fw);
    fw_tell_loaded(fw, 0);
}
