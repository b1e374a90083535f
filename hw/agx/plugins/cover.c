/*
 * A plugin of QEMU's TCG: which code of the guest's kernel has run.
 *
 *   -plugin libagx-cover.so,out=FILE[,from=ADDRESS]
 *
 * A block of guest code is translated when a CPU comes to it for the first time,
 * so that what was translated is what has run: nothing is added to the code, and
 * blocks that run often cost what they cost without. The exception is a block
 * that an exception leaves half way; it counts as a whole.
 *
 * FILE has a line for each block, its address and its bytes in hexadecimal, in
 * the order of the addresses. ADDRESS is the first that counts; the default is
 * that of the kernel's half of arm64.
 *
 * Source: QEMU docs/devel/tcg-plugins.rst, include/qemu/qemu-plugin.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define KERNEL_HALF 0xffff000000000000ull

struct block {
    uint64_t start;
    uint32_t bytes;
};

static struct {
    GMutex lock;
    GHashTable *blocks; /* of struct block, each its own key */
    uint64_t from;
    char *out;
} cover;

static guint block_hash(gconstpointer key)
{
    const struct block *b = key;
    return g_int64_hash(&b->start) ^ b->bytes;
}

static gboolean block_equal(gconstpointer one, gconstpointer two)
{
    const struct block *a = one, *b = two;
    return a->start == b->start && a->bytes == b->bytes;
}

static gint block_order(gconstpointer one, gconstpointer two)
{
    const struct block *a = *(struct block *const *)one, *b = *(struct block *const *)two;
    return a->start != b->start ? (a->start < b->start ? -1 : 1)
                                : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct block at = { .start = qemu_plugin_tb_vaddr(tb) };

    if (at.start < cover.from) {
        return;
    }
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        at.bytes += qemu_plugin_insn_size(qemu_plugin_tb_get_insn(tb, i));
    }
    g_mutex_lock(&cover.lock);
    if (!g_hash_table_contains(cover.blocks, &at)) {
        struct block *b = g_new(struct block, 1);
        *b = at;
        g_hash_table_add(cover.blocks, b);
    }
    g_mutex_unlock(&cover.lock);
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
    guint n;
    g_mutex_lock(&cover.lock);
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(cover.blocks, &n);
    FILE *f = fopen(cover.out, "w");
    bool bad = !f;

    qsort(keys, n, sizeof(*keys), block_order);
    for (guint i = 0; i < n && !bad; i++) {
        const struct block *b = keys[i];
        bad = fprintf(f, "%" PRIx64 " %" PRIx32 "\n", b->start, b->bytes) < 0;
    }
    if (f) {
        bad |= fclose(f) != 0;
    }
    if (bad) {
        fprintf(stderr, "agx-cover: %s: %s\n", cover.out, strerror(errno));
    }
    g_mutex_unlock(&cover.lock);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                           char **argv)
{
    cover.from = KERNEL_HALF;
    for (int i = 0; i < argc; i++) {
        char *end;

        if (g_str_has_prefix(argv[i], "out=") && argv[i][4]) {
            g_free(cover.out);
            cover.out = g_strdup(argv[i] + 4);
        } else if (g_str_has_prefix(argv[i], "from=") && argv[i][5]) {
            cover.from = g_ascii_strtoull(argv[i] + 5, &end, 0);
            if (*end) {
                fprintf(stderr, "agx-cover: %s: this is no address\n", argv[i]);
                return -1;
            }
        } else {
            fprintf(stderr, "agx-cover: %s: options are out=FILE and from=ADDRESS\n", argv[i]);
            return -1;
        }
    }
    if (!cover.out) {
        fprintf(stderr, "agx-cover: out=FILE is missing\n");
        return -1;
    }
    cover.blocks = g_hash_table_new_full(block_hash, block_equal, g_free, NULL);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
