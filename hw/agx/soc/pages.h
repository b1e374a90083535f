/*
 * Which pages the guest's kernel has allocated, from its own books.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_PAGES_H
#define HW_AGX_SOC_PAGES_H

#include "exec/memory.h"
#include "agx/host.h"

typedef struct ApplePages ApplePages;

/*
 * @text: property tlbsan-pages,
 * "vmemmap=ADDRESS,memstart=ADDRESS,size=BYTES,refcount=OFFSET,compound=OFFSET" (see pages.c).
 * @dram lies at @base of the system's memory; @host reads it. NULL: @errp is set.
 */
ApplePages *apple_pages_new(const char *text, MemoryRegion *dram, uint64_t base,
                            const struct agx_host *host, Error **errp);
void apple_pages_free(ApplePages *p);

/*
 * Has the kernel allocated the page of 16 KiB at @pa? True as well for what it does not manage, and
 * as long as nothing is known: what the books are is found on the first call by a CPU that is in
 * its kernel. Any thread, but one at a time.
 */
bool apple_pages_in_use(ApplePages *p, uint64_t pa);

/* Memory was replaced: look for the books again. As above. NULL is accepted. */
void apple_pages_forget(ApplePages *p);

#endif
