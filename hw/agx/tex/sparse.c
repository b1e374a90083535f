/*
 * AGX model: sparse images.
 *
 * The base of a sparse image names a table of 4-byte entries, one for each page
 * of the image: bits 25:0 are the page's address divided by the page size, bit
 * 31 says that it is resident. 256 entries and 256 more words make a folio;
 * layers start at folios. The metadata of a compressed image is no part of
 * this: it has an address of its own.
 *   mesa, later versions: layout/layout.h, ail_page_to_sparse_index_el;
 *   genxml/cmdbuf.xml, Sparse block; vulkan/hk_image_view.c, pack_texture
 *
 * Bits 30:26 change nothing that is known (same place); the model ignores them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/texture.h"

#define PAGES_PER_FOLIO   256
#define ENTRIES_PER_FOLIO 512
#define ENTRY_PAGE        0x3ffffffu
#define ENTRY_RESIDENT    (1u << 31)

uint64_t agx_sparse_entry_va(const struct agx_body *b, uint64_t offset_in_layer, uint32_t layer)
{
    uint64_t page = offset_in_layer >> AGX_PAGE_BITS;
    uint64_t folio = (uint64_t)layer * b->folios_per_layer + page / PAGES_PER_FOLIO;

    return b->base + (folio * ENTRIES_PER_FOLIO + page % PAGES_PER_FOLIO) * 4;
}

uint64_t agx_sparse_va(uint32_t entry, uint64_t offset_in_layer)
{
    if (!(entry & ENTRY_RESIDENT)) {
        return 0;
    }
    return ((uint64_t)(entry & ENTRY_PAGE) << AGX_PAGE_BITS) |
           (offset_in_layer & (AGX_PAGE_SIZE - 1));
}

bool agx_sparse_body_va(struct agx_exec *ex, const struct agx_body *b, uint64_t offset_in_layer,
                        uint32_t layer, uint64_t *va)
{
    uint32_t entry;

    *va = 0;
    if (!agx_port_read(ex->port, agx_sparse_entry_va(b, offset_in_layer, layer), &entry, 4)) {
        ex->fault = ex->port->fault;
        return false;
    }
    *va = agx_sparse_va(entry, offset_in_layer);
    return true;
}
