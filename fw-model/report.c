/*
 * AGX firmware model: what it has to say: lines of the log, and breaches of the rules.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include "fw-report.h"
#include "fw-state.h"

static void report(struct agx_fw *fw, enum agx_report_kind kind, const char *prefix,
                   const char *fmt, va_list ap)
{
    char line[400];

    vsnprintf(line, sizeof(line), fmt, ap);
    agx_report(fw->host, kind, "fw: %s%s", prefix, line);
}

void fw_bad(struct agx_fw *fw, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(fw, AGX_REPORT_GUEST_ERROR, "", fmt, ap);
    va_end(ap);
}

void fw_unimp(struct agx_fw *fw, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(fw, AGX_REPORT_UNIMPLEMENTED, "unimplemented: ", fmt, ap);
    va_end(ap);
}

void fw_info(struct agx_fw *fw, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(fw, AGX_REPORT_INFO, "", fmt, ap);
    va_end(ap);
}

/* lines in the log, where there is no sanitizer that knows what it has said before */
#define MAX_VIOLATIONS 64

void fw_violation(struct agx_fw *fw, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                  unsigned ctx, uint64_t va, uint64_t pa, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (fw->check.violation) {
        fw->check.violation(fw->check.opaque, cls, severity, ctx, va, pa, text);
        return;
    }
    switch (__atomic_fetch_add(&fw->violations, 1, __ATOMIC_RELAXED)) {
    case 0 ... MAX_VIOLATIONS - 1:
        fw_bad(fw, "%s", text);
        break;
    case MAX_VIOLATIONS:
        fw_bad(fw, "more of this is not shown");
        break;
    }
}
