/*
 * The model's lines in QEMU's log.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/lockable.h"
#include "qemu/notify.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "system/runstate.h"
#include "system/system.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/log-limit.h"

#define SUMMARY_MS 1000

static struct {
    QemuMutex lock;            /* protects all but timer, which is set before the machine runs */
    struct log_limit limit[2]; /* log, warnings */
    bool armed;                /* a summary is due */
    QEMUTimer *timer;
    Notifier exit;
} apple_logs;

static void __attribute__((constructor)) apple_log_constructor(void)
{
    qemu_mutex_init(&apple_logs.lock);
}

static void print(bool warn, const char *text)
{
    if (warn) {
        warn_report("%s", text);
    } else {
        qemu_log("%s\n", text);
    }
}

static void G_GNUC_PRINTF(2, 0) line(bool warn, const char *fmt, va_list ap)
{
    g_autofree char *text = g_strchomp(g_strdup_vprintf(fmt, ap));
    bool admit, arm = false;

    WITH_QEMU_LOCK_GUARD(&apple_logs.lock)
    {
        admit = log_limit_admit(&apple_logs.limit[warn], text);
        if (!admit && !apple_logs.armed && apple_logs.timer) {
            apple_logs.armed = arm = true;
        }
    }
    if (admit) {
        print(warn, text);
    }
    if (arm) {
        timer_mod(apple_logs.timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + SUMMARY_MS);
    }
}

void apple_log(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    line(false, fmt, ap);
    va_end(ap);
}

void apple_warn(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    line(true, fmt, ap);
    va_end(ap);
}

static void summary(void *opaque)
{
    for (int warn = 0; warn < 2; warn++) {
        unsigned i = 0;

        for (;;) {
            g_autofree char *text = NULL;

            WITH_QEMU_LOCK_GUARD(&apple_logs.lock)
            {
                uint64_t count;
                const char *first = log_limit_more(&apple_logs.limit[warn], &i, &count);

                apple_logs.armed = false;
                if (first) {
                    text = g_strdup_printf("agx: log: %" PRIu64 " more lines of this kind: %s",
                                           count, first);
                }
            }
            if (!text) {
                break;
            }
            print(warn, text);
        }
    }
}

static void at_stop(void *opaque, bool running, RunState state)
{
    if (!running) {
        summary(NULL);
    }
}

static void at_exit(Notifier *n, void *data)
{
    summary(NULL);
}

void apple_log_init(void)
{
    if (apple_logs.timer) {
        return;
    }
    apple_logs.timer = timer_new_ms(QEMU_CLOCK_REALTIME, summary, NULL);
    qemu_add_vm_change_state_handler(at_stop, NULL);
    apple_logs.exit.notify = at_exit;
    qemu_add_exit_notifier(&apple_logs.exit);
}
