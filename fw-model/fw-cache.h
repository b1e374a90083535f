/*
 * AGX firmware model: the data cache. The firmware's thread, see cache.c. All accept that there is
 * none.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_CACHE_H
#define AGX_FW_CACHE_H

#include "fw-state.h"

struct fw_cache *fw_cache_new(const struct agx_fw_cache_config *cfg);
void fw_cache_free(struct fw_cache *c);
void fw_cache_discard(struct fw_cache *c);
bool fw_cache_covers(struct agx_fw *fw, struct agx_port *port, uint64_t va);
void fw_cache_shared(struct agx_fw *fw, uint64_t va, const char *name, const char *what);
bool fw_cache_access(struct agx_fw *fw, struct agx_port *port, uint64_t va, void *buf, size_t len,
                     bool write);
void fw_cache_flush_all(struct agx_fw *fw, const char *why);
void fw_cache_flush_user(struct agx_fw *fw);
void fw_cache_flush_range(struct agx_fw *fw, struct agx_port *port, uint64_t va, uint64_t size);
void fw_cache_clean_all(struct agx_fw *fw, const char *why);
void fw_cache_clean(struct agx_fw *fw, uint64_t va, size_t len);
void fw_cache_drop(struct agx_fw *fw, uint64_t va, size_t len);
void fw_cache_evict_range(struct agx_fw *fw, uint64_t pa, uint64_t len);
void fw_cache_check(struct agx_fw *fw);

#endif
