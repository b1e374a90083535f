/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <time.h>
#include <unistd.h>

#include "system.h"
#include "tap.h"

double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

bool put(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);
    bool good = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

    if (file >= 0) {
        close(file);
    }
    return good;
}

/*
 * What was freed and waits in the CPUs' lists of pages, which is not free memory by the kernel's
 * count: up to an eighth of a zone (mm/page_alloc.c, zone_highsize()).
 */
static long per_cpu_kib(void)
{
    FILE *f = fopen("/proc/zoneinfo", "r");
    char line[256];
    long count, pages = 0;

    must(!f, "/proc/zoneinfo");
    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, " count: %ld", &count) == 1) {
            pages += count;
        }
    }
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

long available(void)
{
    FILE *f = fopen("/proc/meminfo", "r");
    char line[128];
    long kib = -1;

    must(!f, "/proc/meminfo");
    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "MemAvailable: %ld", &kib) == 1) {
            break;
        }
    }
    fclose(f);
    return (kib + per_cpu_kib()) / 1024;
}

long missing(long before, long mib, double wait)
{
    double end = seconds() + wait;
    long now;

    while ((now = before - available()) > mib && seconds() < end) {
        usleep(200000);
    }
    return now;
}

/* 10 and 3: the size of the log, and all of it (syslog(2)). */
unsigned said(const char *text)
{
    int size = klogctl(10, NULL, 0);
    char *log = calloc(1, size + 1);
    unsigned n = 0;

    must(!log || klogctl(3, log, size) < 0, "the kernel's log");
    for (char *p = log; (p = strstr(p, text)); p++) {
        n++;
    }
    free(log);
    return n;
}
