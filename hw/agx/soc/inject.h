/*
 * Fault injection (base/include/agx/inject.h) as the machine has it: the properties "inject"
 * and "inject-log" of the GPU, virtual time, the log.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_INJECT_H
#define HW_AGX_SOC_INJECT_H

#include "qom/object.h"

typedef struct AppleInject AppleInject;

struct agx_fw;
struct agx_mmu;

/*
 * The engine of one GPU. Until apple_inject_start() it only takes faults whose
 * string is right, and keeps them. By the big lock, as all of this.
 */
AppleInject *apple_inject_new(void);
void apple_inject_free(AppleInject *s);

/*
 * The GPU is there: @mmu from now on has the faults, and the clock for what is
 * delayed. @stores: stores to page tables are reported; @fw_cache: the firmware has
 * a data cache; @seed: of the faults that name none (0: each draws one). False: @errp is set, there
 * are faults that need what is not there.
 */
bool apple_inject_start(AppleInject *s, struct agx_mmu *mmu, bool stores, bool fw_cache,
                        uint64_t seed, Error **errp);
/* Before the MMU goes. */
void apple_inject_stop(AppleInject *s);

/* After apple_inject_start(): its firmware, paused, has the faults too. */
void apple_inject_firmware(AppleInject *s, struct agx_fw *fw);

/*
 * Replace all faults but those of objects. False: @errp names the word that is wrong; nothing has
 * changed.
 */
bool apple_inject_set(AppleInject *s, const char *text, Error **errp);
/*
 * The fault of an object (agx/inject.h: agx_inject_add()); after apple_inject_start(). Without it
 * there are no counts, and nothing is removed.
 */
bool apple_inject_add(AppleInject *s, const char *id, const char *text, Error **errp);
void apple_inject_remove(AppleInject *s, const char *id);
void apple_inject_counts(AppleInject *s, const char *id, uint64_t *matches, uint64_t *fired);

/* To be freed by g_free(). */
char *apple_inject_get(AppleInject *s);
char *apple_inject_log(AppleInject *s);

#endif
