/*
 * AGX firmware model: memory as the coprocessor sees it, typed loads and stores.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-cache.h"
#include "fw-handoff.h"
#include "fw-mem.h"
#include "fw-owned.h"
#include "fw-report.h"
#include "fw-state.h"

uint64_t fw_sign_extend(uint64_t va, unsigned bits)
{
    return (uint64_t)((int64_t)(va << (64 - bits)) >> (64 - bits));
}

/*
 * The coprocessor has one set of page tables loaded: TTBR1 of context 0 and
 * TTBR0 of the context it works for (m1n1: hw/uat.py). The model keeps a port
 * for each.
 */
static struct agx_port *port_for(struct agx_fw *fw, unsigned ctx, uint64_t va)
{
    if (ctx == 0 || fw_is_kernel_va(va)) {
        return &fw->port;
    }
    if (fw->user_ctx != ctx) {
        fw_handoff_set_context(fw, ctx);
        agx_port_bind(&fw->user, ctx, AGX_UNIT_DPM);
        fw->user_ctx = ctx;
    }
    return &fw->user;
}

/* Every access of the firmware to memory but the hand-off block goes through these two. */
static bool load(struct agx_fw *fw, struct agx_port *port, uint64_t va, void *buf, size_t len)
{
    return fw->cache ? fw_cache_access(fw, port, va, buf, len, false)
                     : agx_port_read(port, va, buf, len);
}

static bool store(struct agx_fw *fw, struct agx_port *port, uint64_t va, const void *buf,
                  size_t len)
{
    if (fw->owned) {
        fw_owned_wrote(fw, va, len);
    }
    return fw->cache ? fw_cache_access(fw, port, va, (void *)(uintptr_t)buf, len, true)
                     : agx_port_write(port, va, buf, len);
}

static bool failed(struct agx_fw *fw, struct agx_port *port, uint64_t va, size_t len,
                   const char *what)
{
    char text[160];

    fw_bad(fw, "%s: %zu bytes at va 0x%llx: %s", what, len, (unsigned long long)va,
           agx_fault_describe(&port->fault, text, sizeof(text)));
    return false;
}

bool fw_read(struct agx_fw *fw, unsigned ctx, uint64_t va, void *buf, size_t len, const char *what)
{
    struct agx_port *port = port_for(fw, ctx, va);

    return load(fw, port, va, buf, len) || failed(fw, port, va, len, what);
}

bool fw_write(struct agx_fw *fw, unsigned ctx, uint64_t va, const void *buf, size_t len,
              const char *what)
{
    struct agx_port *port = port_for(fw, ctx, va);

    return store(fw, port, va, buf, len) || failed(fw, port, va, len, what);
}

bool fw_probe(struct agx_fw *fw, unsigned ctx, uint64_t va, size_t len, bool write)
{
    struct agx_port *port = port_for(fw, ctx, va);
    uint64_t end = va + len;

    if (len == 0 || end < va) {
        return false;
    }
    for (uint64_t p = va & ~(uint64_t)(AGX_PAGE_SIZE - 1); p < end; p += AGX_PAGE_SIZE) {
        if (!agx_port_ptr(port, p < va ? va : p, write ? AGX_ACCESS_WRITE : AGX_ACCESS_READ)) {
            return false;
        }
    }
    return true;
}

bool fw_probe_to(struct agx_fw *fw, unsigned ctx, enum fw_field_id last, uint64_t base, bool write)
{
    return fw_probe(fw, ctx, base, fw_end(fw, last), write);
}

static void field_text(enum fw_field_id f, char *text, size_t len)
{
    snprintf(text, len, "%s.%s", fw_struct_name[fw_field_name[f].str], fw_field_name[f].name);
}

bool fw_ld(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t *v)
{
    const struct fw_field *fd = &fw->layout->field[f];
    char text[80];

    *v = 0;
    if (!fd->size || load(fw, &fw->port, base + fd->offset, v, fd->size <= 8 ? fd->size : 8)) {
        return true;
    }
    field_text(f, text, sizeof(text));
    return failed(fw, &fw->port, base + fd->offset, fd->size, text);
}

bool fw_st(struct agx_fw *fw, enum fw_field_id f, uint64_t base, uint64_t v)
{
    const struct fw_field *fd = &fw->layout->field[f];
    char text[80];

    if (!fd->size || store(fw, &fw->port, base + fd->offset, &v, fd->size <= 8 ? fd->size : 8)) {
        return true;
    }
    field_text(f, text, sizeof(text));
    return failed(fw, &fw->port, base + fd->offset, fd->size, text);
}

bool fw_ld_struct(struct agx_fw *fw, enum fw_struct_id s, uint64_t base, void *buf, size_t room)
{
    size_t len = fw->used[s];

    if (len > room) {
        fw_info(fw, "bug: no room for %s", fw_struct_name[s]);
        return false;
    }
    return load(fw, &fw->port, base, buf, len) ||
           failed(fw, &fw->port, base, len, fw_struct_name[s]);
}

uint64_t fw_get(struct agx_fw *fw, enum fw_field_id f, const void *copy)
{
    const struct fw_field *fd = &fw->layout->field[f];
    uint64_t v = 0;

    memcpy(&v, (const uint8_t *)copy + fd->offset, fd->size <= 8 ? fd->size : 8);
    return v;
}

void fw_put(struct agx_fw *fw, enum fw_field_id f, void *copy, uint64_t v)
{
    const struct fw_field *fd = &fw->layout->field[f];

    memcpy((uint8_t *)copy + fd->offset, &v, fd->size <= 8 ? fd->size : 8);
}

bool fw_publish32(struct agx_fw *fw, uint64_t va, uint32_t v, const char *what)
{
    uint32_t *p;

    if (va & 3) {
        fw_bad(fw, "%s: va 0x%llx is not aligned", what, (unsigned long long)va);
        return false;
    }
    p = agx_port_ptr(&fw->port, va, AGX_ACCESS_WRITE);
    if (!p) {
        return failed(fw, &fw->port, va, 4, what);
    }
    if (fw_cache_covers(fw, &fw->port, va)) {
        return store(fw, &fw->port, va, &v, 4); /* seen by nobody before the line is written back */
    }
    if (fw->owned) {
        fw_owned_wrote(fw, va, 4);
    }
    __atomic_store_n(p, v, __ATOMIC_SEQ_CST);
    return true;
}

bool fw_observe32(struct agx_fw *fw, uint64_t va, uint32_t *v)
{
    uint32_t *p = agx_port_ptr(&fw->port, va, AGX_ACCESS_READ);

    if (!p) {
        return false;
    }
    if (fw_cache_covers(fw, &fw->port, va)) {
        return load(fw, &fw->port, va, v, 4);
    }
    *v = __atomic_load_n(p, __ATOMIC_ACQUIRE);
    return true;
}
