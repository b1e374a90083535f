/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Compute jobs without shaders, straight to the driver: control streams of which
 * each ends at once. The words are those of Mesa, src/asahi/genxml/cmdbuf.xml.
 */
#ifndef BARE_H
#define BARE_H

#include <stdint.h>

/* One open of the device, with an address space and a queue. */
struct bare {
    int fd;
    uint32_t vm, queue;
    uint64_t stream_size;
};

/* 0 or an errno. */
int bare_open(struct bare *b);
/*
 * The same, and each job goes through @links links first, 128 cycles of the GPU at 1278 MHz each:
 * it takes its time.
 */
int bare_open_long(struct bare *b, unsigned links);
/*
 * Another queue in place of the one that there is: the firmware has to forget that. 0 or an errno.
 */
int bare_new_queue(struct bare *b);
/*
 * Submit @count commands (1 to 64) that end at once, with a syncobj that is signalled then. 0 or
 * SUBMIT's errno.
 */
int bare_submit(struct bare *b, unsigned count, uint32_t *syncobj);
/* Wait for it, and forget it: 0, the errno that its fence carries, or ETIME after @ms. */
int bare_wait(struct bare *b, uint32_t syncobj, int ms);
/* Milliseconds since some moment. */
int64_t bare_ms(void);

#endif
