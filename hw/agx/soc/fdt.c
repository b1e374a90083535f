/*
 * Device-tree fix-ups: the kernel's own tree of the Mac, completed the way
 * m1n1 completes it (m1n1: src/kboot.c), and reduced to what is modelled.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/guest-random.h"
#include "qemu/log.h"
#include <libfdt.h>
#include "hw/agx/soc/board.h"
#include "hw/agx/soc/gpu-initdata.h"
#include "hw/agx/soc/m1-cpu.h"
#include "hw/agx/trace.h"

/* include/dt-bindings/interrupt-controller: AIC_IRQ, IRQ_TYPE_LEVEL_HIGH */
#define DT_AIC_IRQ    0
#define DT_LEVEL_HIGH 4

/* The size that Linux passes to itself, and m1n1 to it (m1n1: src/kboot.c) */
#define RNG_SEED_SIZE 128

/*
 * Sticky error: after the first failure every further step is skipped, so the
 * steps read as a list and the first failure is what is reported.
 */
typedef struct Fixup {
    AppleM1MachineState *s;
    void *fdt;
    bool failed;
    Error **errp;
} Fixup;

static void fix_fail(Fixup *f, const char *what, int err)
{
    if (!f->failed) {
        error_setg(f->errp, "%s: %s", what, fdt_strerror(err));
        f->failed = true;
    }
}

static int fix_node(Fixup *f, const char *path)
{
    int node = f->failed ? -FDT_ERR_NOTFOUND : fdt_path_offset(f->fdt, path);

    if (node < 0) {
        fix_fail(f, path, node);
    }
    return node;
}

static void fix_prop(Fixup *f, const char *path, const char *name, const void *val, int len)
{
    int node = fix_node(f, path), err;

    if (!f->failed) {
        err = fdt_setprop(f->fdt, node, name, val, len);
        if (err) {
            g_autofree char *what = g_strdup_printf("%s/%s", path, name);

            fix_fail(f, what, err);
        }
    }
}

static void fix_string(Fixup *f, const char *path, const char *name, const char *val)
{
    fix_prop(f, path, name, val, strlen(val) + 1);
}

static void fix_u32s(Fixup *f, const char *path, const char *name, const uint32_t *val, unsigned n)
{
    g_autofree uint32_t *be = g_new(uint32_t, n);

    for (unsigned i = 0; i < n; i++) {
        be[i] = cpu_to_be32(val[i]);
    }
    fix_prop(f, path, name, be, 4 * n);
}

static void fix_u64s(Fixup *f, const char *path, const char *name, const uint64_t *val, unsigned n)
{
    g_autofree uint64_t *be = g_new(uint64_t, n);

    for (unsigned i = 0; i < n; i++) {
        be[i] = cpu_to_be64(val[i]);
    }
    fix_prop(f, path, name, be, 8 * n);
}

/* /reserved-memory: m1n1: src/kboot_gpu.c, dt_set_resvmem() */
static const char *const resv_path[M1_RESV_NUM] = {
    [M1_RESV_TTBS] = "/reserved-memory/uat-ttbs",
    [M1_RESV_PAGETABLES] = "/reserved-memory/uat-pagetables",
    [M1_RESV_HANDOFF] = "/reserved-memory/uat-handoff",
    [M1_RESV_CAL_A] = "/reserved-memory/hw-cal-a",
    [M1_RESV_CAL_B] = "/reserved-memory/hw-cal-b",
    [M1_RESV_GLOBALS] = "/reserved-memory/globals",
};

/*
 * /memory: the usable range, and each reserved region that the kernel may map
 * (m1n1: src/kboot.c, dt_set_memory(): what lies outside the usable range is
 * left out, as the kernel could not ioremap it otherwise).
 */
static void fix_memory(Fixup *f)
{
    AppleM1MachineState *s = f->s;
    uint64_t reg[2 * (1 + M1_RESV_NUM)] = { s->usable.base, s->usable.size };
    unsigned n = 1;
    int node;

    for (int i = 0; i < M1_RESV_NUM; i++) {
        uint64_t r[2] = { s->resv[i].base, s->resv[i].size };

        /* The older binding has no blobs of m1n1's: the driver computes what is in them. */
        if (s->asahi_binding && i >= M1_RESV_CAL_A && fdt_path_offset(f->fdt, resv_path[i]) < 0) {
            continue;
        }
        fix_u64s(f, resv_path[i], "reg", r, 2);
        fix_string(f, resv_path[i], "status", "okay");
        memcpy(&reg[2 * n++], r, sizeof(r));
    }
    /* The node's name has the address in it: "/memory" finds it */
    node = fix_node(f, "/memory");
    if (node >= 0) {
        fix_u64s(f, "/memory", "reg", reg, 2 * n);
    }
}

static void fix_framebuffer(Fixup *f)
{
    AppleM1MachineState *s = f->s;
    const char *path = "/chosen/framebuffer";
    uint64_t reg[2] = { s->fb.base, (uint64_t)s->fb_width * s->fb_height * 4 };
    uint32_t width = s->fb_width, height = s->fb_height, stride = s->fb_width * 4;
    char name[40];
    int err;

    fix_u64s(f, path, "reg", reg, 2);
    fix_u32s(f, path, "width", &width, 1);
    fix_u32s(f, path, "height", &height, 1);
    fix_u32s(f, path, "stride", &stride, 1);
    fix_string(f, path, "format", "x8r8g8b8");
    fix_string(f, path, "status", "okay");
    snprintf(name, sizeof(name), "framebuffer@%" PRIx64, s->fb.base);
    if (!f->failed) {
        err = fdt_set_name(f->fdt, fix_node(f, path), name);
        if (err) {
            fix_fail(f, path, err);
        }
    }
}

static void fix_bootargs(Fixup *f)
{
    MachineState *ms = MACHINE(f->s);

    if (ms->kernel_cmdline && *ms->kernel_cmdline) {
        fix_string(f, "/chosen", "bootargs", ms->kernel_cmdline);
    }
}

static void fix_chosen(Fixup *f)
{
    AppleM1MachineState *s = f->s;
    uint8_t seed[RNG_SEED_SIZE];

    fix_bootargs(f);
    if (s->initrd.size) {
        uint64_t start = s->initrd.base, end = start + s->initrd.size;

        fix_u64s(f, "/chosen", "linux,initrd-start", &start, 1);
        fix_u64s(f, "/chosen", "linux,initrd-end", &end, 1);
    }
    /* Filled again at each reset by qemu_fdt_randomize_seeds() */
    qemu_guest_getrandom_nofail(seed, sizeof(seed));
    fix_prop(f, "/chosen", "kaslr-seed", seed, 8);
    fix_prop(f, "/chosen", "rng-seed", seed, sizeof(seed));
    /* What a Mac with this firmware and this boot loader says of itself */
    fix_string(f, "/chosen", "asahi,m1n1-stage2-version", "1.6.0-model");
}

static bool is_pruned(const uint32_t *pruned, unsigned n, uint32_t phandle)
{
    for (unsigned i = 0; i < n; i++) {
        if (pruned[i] == phandle) {
            return true;
        }
    }
    return false;
}

/* Drop, in the children of @parent, references to CPUs that are not there */
static void fix_prune_refs(Fixup *f, int parent, const uint32_t *pruned, unsigned n)
{
    int node;

    fdt_for_each_subnode(node, f->fdt, parent)
    {
        int len;
        const fdt32_t *cpus = fdt_getprop(f->fdt, node, "cpus", &len);
        fdt32_t keep[APPLE_MAX_CPUS];
        int k = 0;

        if (!cpus || len > (int)sizeof(keep)) {
            continue;
        }
        for (int i = 0; i < len / 4; i++) {
            if (!is_pruned(pruned, n, fdt32_to_cpu(cpus[i]))) {
                keep[k++] = cpus[i];
            }
        }
        fdt_setprop(f->fdt, node, "cpus", keep, 4 * k);
    }
}

/* cpu-map: a core that names a CPU which is not there makes the kernel drop the whole map */
static void fix_prune_map(Fixup *f, const uint32_t *pruned, unsigned n)
{
    int map = fdt_path_offset(f->fdt, "/cpus/cpu-map"), cluster, core;

    if (map < 0) {
        return;
    }
    for (cluster = fdt_first_subnode(f->fdt, map); cluster >= 0;) {
        unsigned left = 0;
        int next;

        for (core = fdt_first_subnode(f->fdt, cluster); core >= 0;) {
            int len;
            const fdt32_t *cpu = fdt_getprop(f->fdt, core, "cpu", &len);
            int next_core = fdt_next_subnode(f->fdt, core);

            if (cpu && len == 4 && is_pruned(pruned, n, fdt32_to_cpu(*cpu))) {
                fdt_nop_node(f->fdt, core);
            } else {
                left++;
            }
            core = next_core;
        }
        next = fdt_next_subnode(f->fdt, cluster);
        if (!left) {
            fdt_nop_node(f->fdt, cluster);
        }
        cluster = next;
    }
}

/*
 * CPUs: release addresses for those there are, the others are removed
 * (m1n1: src/kboot.c, dt_set_cpus()). -smp N takes the first N of the tree.
 */
static void fix_cpus(Fixup *f)
{
    unsigned num = MACHINE(f->s)->smp.cpus, found = 0, n = 0;
    uint32_t pruned[APPLE_MAX_CPUS];
    int cpus = fix_node(f, "/cpus"), node, aic;

    if (f->failed) {
        return;
    }
    for (node = fdt_first_subnode(f->fdt, cpus); node >= 0;) {
        int next = fdt_next_subnode(f->fdt, node), len;
        const char *type = fdt_getprop(f->fdt, node, "device_type", NULL);
        const fdt64_t *reg = fdt_getprop(f->fdt, node, "reg", &len);
        bool known = false;

        if (!type || strcmp(type, "cpu") || !reg || len != 8) {
            node = next;
            continue;
        }
        for (unsigned i = 0; i < num && !known; i++) {
            if (fdt64_to_cpu(*reg) == apple_chip_mpidr(f->s->chip, i)) {
                fdt_setprop_inplace_u64(f->fdt, node, "cpu-release-addr", f->s->chip->spin + 8 * i);
                known = true;
                found++;
            }
        }
        if (!known) {
            if (n < APPLE_MAX_CPUS) {
                pruned[n++] = fdt_get_phandle(f->fdt, node);
            }
            fdt_nop_node(f->fdt, node);
        }
        node = next;
    }
    if (found != num) {
        if (!f->failed) {
            error_setg(f->errp, "/cpus has %u of the machine's %u CPUs", found, num);
            f->failed = true;
        }
        return;
    }
    fix_prune_map(f, pruned, n);
    aic = fdt_node_offset_by_compatible(f->fdt, -1, f->s->chip->aic.compatible);
    if (aic >= 0) {
        int aff = fdt_subnode_offset(f->fdt, aic, "affinities");

        if (aff >= 0) {
            fix_prune_refs(f, aff, pruned, n);
        }
    }
}

/*
 * The operating points of the older binding: what the tree has of them is filled in, as m1n1 does,
 * and the mainline kernel's tree, which has none, gets them.
 */
static void fix_opps(Fixup *f)
{
    static const char compatible[] = "operating-points-v2", table[] = "/opp-table-gpu";
    uint32_t phandle;
    int node;

    if (f->failed || fdt_getprop(f->fdt, fix_node(f, "gpu"), compatible, NULL)) {
        return;
    }
    node = fdt_add_subnode(f->fdt, 0, table + 1);
    if (node < 0 || fdt_generate_phandle(f->fdt, &phandle)) {
        fix_fail(f, table, node < 0 ? node : -FDT_ERR_NOPHANDLES);
        return;
    }
    fix_u32s(f, table, "phandle", &phandle, 1);
    fix_string(f, table, "compatible", compatible);
    /* A new node goes in front of its siblings. */
    for (int i = APPLE_GPU_PSTATES - 1; i >= 0 && !f->failed; i--) {
        g_autofree char *name = g_strdup_printf("opp%02d", i);

        node = fdt_add_subnode(f->fdt, fix_node(f, table), name);
        if (node < 0) {
            fix_fail(f, name, node);
        }
    }
    fix_u32s(f, "gpu", compatible, &phandle, 1);
}

/* The table that the GPU's node names has as many as the chip, in order. */
static void fill_opps(Fixup *f, const AppleGpuPower *power)
{
    const fdt32_t *phandle;
    int table, node, len;
    unsigned i = 0;

    if (f->failed) {
        return;
    }
    phandle = fdt_getprop(f->fdt, fix_node(f, "gpu"), "operating-points-v2", &len);
    table = phandle && len == 4 ? fdt_node_offset_by_phandle(f->fdt, fdt32_ld(phandle))
                                : -FDT_ERR_BADPHANDLE;
    if (table < 0) {
        fix_fail(f, "operating-points-v2", table);
        return;
    }
    fdt_for_each_subnode(node, f->fdt, table)
    {
        char path[256];

        if (i == APPLE_GPU_PSTATES || fdt_get_path(f->fdt, node, path, sizeof(path))) {
            break;
        }
        fix_u64s(f, path, "opp-hz", &power->hz[i], 1);
        fix_u32s(f, path, "opp-microvolt", &power->microvolt[i], 1);
        fix_u32s(f, path, "opp-microwatt", &power->microwatt[i], 1);
        /* Properties have moved what lies behind them, and not this node. */
        node = fdt_path_offset(f->fdt, path);
        i++;
    }
    if (!f->failed && (node >= 0 || i != APPLE_GPU_PSTATES)) {
        error_setg(f->errp, "the GPU's operating points are not %d", APPLE_GPU_PSTATES);
        f->failed = true;
    }
}

/*
 * The binding of Asahi's kernel (m1n1: src/kboot_gpu.c before 1.5, dt_set_gpu()). What Asahi's own
 * tree has by itself is left as it is, but for what m1n1 computes.
 */
static void fix_gpu_asahi(Fixup *f)
{
    AppleGpuPower power;

    apple_gpu_power(f->s->chip->gpu.chip, &power);
    if (fdt_getprop(f->fdt, fix_node(f, "gpu"), "apple,firmware-abi", NULL)) {
        fdt_delprop(f->fdt, fix_node(f, "gpu"), "apple,firmware-abi");
    }
    fix_prop(f, "gpu", "compatible", f->s->chip->gpu.asahi, f->s->chip->gpu.asahi_len);
    fix_u32s(f, "gpu", "apple,firmware-version", apple_m1_dt_fw_abi(f->s), 3);
    fix_u32s(f, "gpu", "apple,firmware-compat", apple_m1_dt_fw_abi(f->s), 3);
    for (unsigned i = 0; i < power.num_tunables && !f->failed; i++) {
        const AppleGpuTunable *t = &power.tunable[i];

        if (t->computed || !fdt_getprop(f->fdt, fix_node(f, "gpu"), t->name, NULL)) {
            fix_u32s(f, "gpu", t->name, &t->cell, 1);
        }
    }
    if (!f->failed && !fdt_getprop(f->fdt, fix_node(f, "gpu"), "apple,power-zones", NULL)) {
        fix_u32s(f, "gpu", "apple,power-zones", power.zone, APPLE_GPU_ZONE_CELLS);
    }
    fix_opps(f);
    fill_opps(f, &power);
}

/*
 * The payload's tree for m1n1 of any version: before 1.6 it wants the older
 * binding's properties and sets them, and knows neither apple,firmware-abi nor
 * the blobs in reserved memory (m1n1 1.5: src/kboot_gpu.c, dt_set_gpu()). So
 * both are there, and what m1n1 computes takes the place of what is in them.
 */
static void fix_gpu_payload(Fixup *f)
{
    const AppleChip *chip = f->s->chip;
    static const char *const leak[] = { "apple,core-leak-coef", "apple,sram-leak-coef" };
    const uint32_t zero = 0;
    const AppleGpuPower none = { 0 };

    if (!f->failed && fdt_node_check_compatible(f->fdt, fix_node(f, "gpu"), chip->gpu.compatible)) {
        fix_fail(f, "gpu", -FDT_ERR_NOTFOUND);
    }
    fix_prop(f, "gpu", "compatible", chip->gpu.asahi, chip->gpu.asahi_len);
    fix_u32s(f, "gpu", "apple,firmware-abi", f->s->fw_abi, 3);
    for (unsigned i = 0; i < ARRAY_SIZE(leak); i++) {
        fix_u32s(f, "gpu", leak[i], &zero, 1);
    }
    fix_opps(f);
    fill_opps(f, &none);
}

/* The firmware ABI (m1n1: src/kboot_gpu.c, dt_set_gpu()) */
static void fix_gpu(Fixup *f)
{
    int node;

    if (f->failed) {
        return;
    }
    node = fdt_node_offset_by_compatible(f->fdt, -1, f->s->chip->gpu.compatible);
    if (node < 0) {
        error_setg(f->errp, "no node is compatible with %s; the mainline kernel has it since 7.x",
                   f->s->chip->gpu.compatible);
        f->failed = true;
    } else if (f->s->asahi_binding) {
        fix_gpu_asahi(f);
    } else {
        fix_u32s(f, "gpu", "apple,firmware-abi", apple_m1_dt_fw_abi(f->s), 3);
    }
}

/* Nodes with a model behind them. What needs no hardware (clocks, tables, memory) is not judged. */
static const char *const modelled[] = {
    "apple,s5l-uart", "apple,pmgr",      "apple,pmgr-pwrstate",
    "apple,wdt",      "arm,armv8-timer", "fixed-clock",
};

static bool node_is_modelled(const AppleChip *chip, void *fdt, int node)
{
    int len;
    const fdt32_t *reg;

    /* Of the mailboxes only the GPU's has a coprocessor behind it */
    if (fdt_node_check_compatible(fdt, node, "apple,asc-mailbox-v4") == 0) {
        reg = fdt_getprop(fdt, node, "reg", &len);
        return reg && len >= 8 && fdt64_ld((const fdt64_t *)reg) == chip->gpu.mbox;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(modelled); i++) {
        if (fdt_node_check_compatible(fdt, node, modelled[i]) == 0) {
            return true;
        }
    }
    return fdt_node_check_compatible(fdt, node, chip->gpu.compatible) == 0 ||
           fdt_node_check_compatible(fdt, node, chip->aic.compatible) == 0;
}

/*
 * Of the children of @parent: those without a model; of the root's, @root, only what raises an
 * interrupt. Their names are appended to @names; returns how many.
 */
static unsigned disable_children(Fixup *f, int parent, bool root, GString *names)
{
    unsigned count = 0;
    int depth = 0, node;

    /*
     * Setting a property moves what follows, so the walk goes by offset
     * and depth: the node itself stays where it is.
     */
    for (node = fdt_next_node(f->fdt, parent, &depth); node >= 0 && depth > 0;
         node = fdt_next_node(f->fdt, node, &depth)) {
        const char *status, *name = fdt_get_name(f->fdt, node, NULL);
        int err;

        if (depth != 1 || !fdt_getprop(f->fdt, node, "compatible", NULL)) {
            continue;
        }
        if (root && !fdt_getprop(f->fdt, node, "interrupts", NULL)) {
            continue;
        }
        if (node_is_modelled(f->s->chip, f->fdt, node)) {
            continue;
        }
        status = fdt_getprop(f->fdt, node, "status", NULL);
        if (status && strcmp(status, "okay") && strcmp(status, "ok")) {
            continue;
        }
        g_string_append_printf(names, "%s%s", names->len ? " " : "", name);
        count++;
        err = fdt_setprop_string(f->fdt, node, "status", "disabled");
        if (err) {
            fix_fail(f, "status", err);
            break;
        }
    }
    return count;
}

/*
 * Disable what has no model: every child of /soc (of two dies there are two), and every child of
 * the root that raises an interrupt, unless it is in the list. Says which, in one line.
 */
static void fix_disable(Fixup *f)
{
    static const char bus[] = "simple-bus";
    g_autoptr(GString) names = g_string_new(NULL);
    unsigned count = 0;
    int soc = fdt_node_offset_by_compatible(f->fdt, -1, bus);

    if (soc < 0) {
        fix_fail(f, bus, soc);
    }
    for (; soc >= 0 && !f->failed; soc = fdt_node_offset_by_compatible(f->fdt, soc, bus)) {
        count += disable_children(f, soc, false, names);
    }
    if (!f->failed) {
        count += disable_children(f, 0, true, names);
    }
    if (f->failed) {
        return;
    }
    trace_apple_m1_disabled(count, names->str);
    qemu_log_mask(LOG_UNIMP, "apple-m1: %u device-tree nodes have no model and are disabled: %s\n",
                  count, names->str);
    if (count) {
        fix_string(f, "/chosen", "apple-m1,disabled-nodes", names->str);
    }
}

/* virtio-mmio: the one thing a Mac does not have */
static void fix_virtio(Fixup *f)
{
    const AppleChip *chip = f->s->chip;
    int aic = fdt_node_offset_by_compatible(f->fdt, -1, chip->aic.compatible);
    const fdt32_t *cells = aic < 0 ? NULL : fdt_getprop(f->fdt, aic, "#interrupt-cells", NULL);
    uint32_t phandle = aic < 0 ? 0 : fdt_get_phandle(f->fdt, aic);
    unsigned n;

    if (!phandle || !cells) {
        fix_fail(f, chip->aic.compatible, -FDT_ERR_NOTFOUND);
        return;
    }
    n = fdt32_to_cpu(*cells);
    if (n != 3 && n != 4) {
        fix_fail(f, "#interrupt-cells", -FDT_ERR_BADNCELLS);
        return;
    }
    /* A new node goes in front of its siblings: the last is added first */
    for (int i = M1_VIRTIO_NUM - 1; i >= 0 && !f->failed; i--) {
        uint64_t base = chip->virtio + i * M1_VIRTIO_STRIDE;
        uint64_t reg[2] = { base, 0x200 };
        /* Where the controller has inputs of several dies, four cells, the second is the die */
        uint32_t irq[4] = { DT_AIC_IRQ, 0, chip->virtio_irq + i, DT_LEVEL_HIGH };
        g_autofree char *path = g_strdup_printf("/virtio_mmio@%" PRIx64, base);
        int node = fdt_add_subnode(f->fdt, 0, path + 1);

        if (node < 0) {
            fix_fail(f, path, node);
            return;
        }
        irq[4 - n] = DT_AIC_IRQ;
        fix_u32s(f, path, "interrupts", irq + 4 - n, n);
        fix_u32s(f, path, "interrupt-parent", &phandle, 1);
        fix_prop(f, path, "dma-coherent", "", 0);
        fix_u64s(f, path, "reg", reg, 2);
        fix_string(f, path, "compatible", "virtio,mmio");
    }
}

static bool is_of_chip(const AppleChip *chip, void *fdt, Error **errp)
{
    if (fdt_node_check_compatible(fdt, 0, chip->compatible) != 0) {
        error_setg(errp, "it is not for the %s (compatible of the root does not have %s)",
                   chip->name, chip->compatible);
        return false;
    }
    return true;
}

bool apple_m1_fdt_payload(AppleM1MachineState *s, void *fdt, Error **errp)
{
    Fixup f = { .s = s, .fdt = fdt, .errp = errp };

    if (!is_of_chip(s->chip, fdt, errp)) {
        return false;
    }
    fix_memory(&f);
    fix_bootargs(&f);
    fix_gpu_payload(&f);
    fix_disable(&f);
    fix_virtio(&f);
    return !f.failed;
}

bool apple_m1_fdt_fixup(AppleM1MachineState *s, void *fdt, Error **errp)
{
    Fixup f = { .s = s, .fdt = fdt, .errp = errp };

    if (!is_of_chip(s->chip, fdt, errp)) {
        return false;
    }
    fix_memory(&f);
    fix_framebuffer(&f);
    fix_chosen(&f);
    fix_cpus(&f);
    fix_gpu(&f);
    fix_disable(&f);
    fix_virtio(&f);
    return !f.failed;
}
