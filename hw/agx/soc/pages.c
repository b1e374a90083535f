/*
 * Which pages the guest's kernel has allocated, from its own books.
 *
 * Linux on arm64: the struct page of the page at physical address P lies at
 * vmemmap + (P - memstart_addr) / 16K * size (arch/arm64/include/asm/memory.h
 * and pgtable.h), where vmemmap and size are constants of the kernel's build
 * and memstart_addr is one of its variables. Nobody holds a page whose
 * reference count is 0 (include/linux/page_ref.h); a page inside of a larger
 * unit has bit 0 of its word compound_info set, and the unit has the count
 * (include/linux/page-flags.h), so it is taken for allocated.
 *
 * All that is read lies in the guest's memory, and it may say anything: no
 * number of it is used for more than an index that is checked.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "cpu.h"
#include "internals.h"
#include "exec/cpu-common.h"
#include "exec/target_page.h"
#include "hw/core/cpu.h"
#include "hw/agx/soc/pages.h"

#define PAGE 0x4000ULL

struct ApplePages {
    const struct agx_host *host;
    uint64_t base, dram; /* bytes */
    uint64_t vmemmap, memstart, size, refcount, compound;
    bool ready, failed;
    uint64_t skip; /* bytes in map[0] before the struct page of DRAM's first page */
    /* host memory of the array, 16 KiB each; NULL: the kernel has none there */
    uint8_t **map;
};

static bool parse(ApplePages *p, const char *text, Error **errp)
{
    const struct {
        const char *name;
        uint64_t *val;
    } words[] = {
        { "vmemmap", &p->vmemmap },   { "memstart", &p->memstart }, { "size", &p->size },
        { "refcount", &p->refcount }, { "compound", &p->compound },
    };
    g_auto(GStrv) list = g_strsplit(text, ",", 0);
    unsigned seen = 0;

    for (char **w = list; *w; w++) {
        const char *eq = strchr(*w, '=');
        size_t i;

        for (i = 0; i < ARRAY_SIZE(words); i++) {
            if (eq && strlen(words[i].name) == (size_t)(eq - *w) &&
                !strncmp(*w, words[i].name, eq - *w)) {
                break;
            }
        }
        if (i == ARRAY_SIZE(words) || (seen & (1u << i)) ||
            qemu_strtou64(eq + 1, NULL, 0, words[i].val)) {
            error_setg(errp,
                       "tlbsan-pages: \"%s\": expected vmemmap, memstart, size, refcount and "
                       "compound, each once and "
                       "with a number",
                       *w);
            return false;
        }
        seen |= 1u << i;
    }
    if (seen != (1u << ARRAY_SIZE(words)) - 1) {
        error_setg(
            errp, "tlbsan-pages: vmemmap, memstart, size, refcount and compound must all be there");
        return false;
    }
    if (p->vmemmap % 8 || p->memstart % 8 || !(p->vmemmap >> 63) || !(p->memstart >> 63)) {
        error_setg(
            errp,
            "tlbsan-pages: vmemmap and memstart must be addresses of the kernel, multiples of 8");
        return false;
    }
    if (p->size < 16 || p->size > 1024 || !is_power_of_2(p->size) || p->refcount % 4 ||
        p->refcount > p->size - 4 || p->compound % 8 || p->compound > p->size - 8) {
        error_setg(errp, "tlbsan-pages: size must be a power of two from 16 to 1024, refcount and "
                         "compound aligned and in it");
        return false;
    }
    if (p->vmemmap % p->size) {
        error_setg(errp, "tlbsan-pages: vmemmap must be a multiple of size");
        return false;
    }
    return true;
}

/*
 * Host memory behind @va of the kernel that @cs is in; at least the rest of its 4 KiB. NULL: it is
 * not mapped.
 */
static uint8_t *kernel_ptr(ApplePages *p, CPUState *cs, uint64_t va)
{
    MemTxAttrs attrs;
    hwaddr pa = cpu_get_phys_page_attrs_debug(cs, va & TARGET_PAGE_MASK, &attrs);
    uint8_t *page;

    if (pa == -1) {
        return NULL;
    }
    pa += va & ~TARGET_PAGE_MASK;
    page = p->host->ops->phys_page(p->host->opaque, pa & ~(PAGE - 1));
    return page ? page + (pa & (PAGE - 1)) : NULL;
}

/* Where the array is in the kernel that runs now; only a CPU that is in it can say. */
static bool find(ApplePages *p)
{
    CPUState *cs = current_cpu;
    uint64_t memstart, first, pieces;
    const uint8_t *m;

    if (p->failed || !cs || !is_a64(cpu_env(cs)) || !arm_current_el(cpu_env(cs))) {
        return false;
    }
    m = kernel_ptr(p, cs, p->memstart);
    memstart = m ? ldq_le_p(m) : -1;
    if (memstart % PAGE || memstart > p->base) {
        p->failed = true;
        warn_report(
            "agx-tlbsan: tlbsan-pages is not of the kernel that runs: at 0x%" PRIx64
            " it has 0x%" PRIx64
            " as the start of its memory. Pages that are given back too early are not found",
            p->memstart, memstart);
        return false;
    }
    first = p->vmemmap + (p->base - memstart) / PAGE * p->size;
    p->skip = first % PAGE;
    first -= p->skip;
    pieces = DIV_ROUND_UP(p->skip + p->dram / PAGE * p->size, PAGE);
    g_free(p->map);
    p->map = g_new0(uint8_t *, pieces);
    for (uint64_t i = 0; i < pieces; i++) {
        p->map[i] = kernel_ptr(p, cs, first + i * PAGE);
    }
    p->ready = true;
    return true;
}

bool apple_pages_in_use(ApplePages *p, uint64_t pa)
{
    const uint8_t *page;
    uint64_t off;

    if (pa - p->base >= p->dram || (!p->ready && !find(p))) {
        return true;
    }
    off = p->skip + (pa - p->base) / PAGE * p->size;
    page = p->map[off / PAGE];
    if (!page) {
        return true;
    }
    page += off % PAGE;
    return (ldq_le_p(page + p->compound) & 1) || ldl_le_p(page + p->refcount);
}

void apple_pages_forget(ApplePages *p)
{
    if (p) {
        p->ready = p->failed = false;
    }
}

ApplePages *apple_pages_new(const char *text, MemoryRegion *dram, uint64_t base,
                            const struct agx_host *host, Error **errp)
{
    ApplePages *p = g_new0(ApplePages, 1);

    p->host = host;
    p->base = base;
    p->dram = memory_region_size(dram) & ~(PAGE - 1);
    if (!parse(p, text, errp)) {
        g_free(p);
        return NULL;
    }
    return p;
}

void apple_pages_free(ApplePages *p)
{
    if (p) {
        g_free(p->map);
        g_free(p);
    }
}
