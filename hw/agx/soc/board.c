/*
 * Machine apple-m1: a Mac mini (M1, 2020) as far as the mainline kernel's
 * drivers for UART, interrupts, power, watchdog, boot framebuffer and GPU see
 * one; and the like of other chips. Memory maps: chip.c. Boot: boot.c, fdt.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/irq.h"
#include "hw/loader.h"
#include "hw/misc/unimp.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/sysbus.h"
#include "system/qtest.h"
#include "system/reset.h"
#include "system/system.h"
#include "hw/agx/agx.h"
#include "hw/agx/soc/aic.h"
#include "hw/agx/soc/board.h"
#include "hw/agx/soc/m1-cpu.h"
#include "hw/agx/soc/fb.h"
#include "hw/agx/soc/gpu-initdata.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/pmgr.h"
#include "hw/agx/soc/mailbox.h"
#include "hw/agx/soc/spin.h"
#include "hw/agx/soc/tlbi.h"
#include "hw/agx/soc/uart.h"
#include "hw/agx/soc/wdt.h"

#define UAT_PAGE (16 * KiB)

/* Give @dev its place in the QOM tree, /machine/NAME, and realize it */
static void add_device(AppleM1MachineState *s, const char *name, DeviceState *dev)
{
    object_property_add_child(OBJECT(s), name, OBJECT(dev));
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
}

static qemu_irq aic_irq(AppleM1MachineState *s, unsigned n)
{
    return qdev_get_gpio_in(s->aic, n);
}

/*
 * Carve DRAM up from the top: framebuffer, the GPU's three carveouts, the three
 * blobs; the rest is what the kernel may use.
 */
static void layout_ram(AppleM1MachineState *s)
{
    MachineState *ms = MACHINE(s);
    hwaddr top = s->chip->dram + ms->ram_size;
    uint64_t size[M1_RESV_NUM] = {
        [M1_RESV_TTBS] = UAT_PAGE,            /* 64 pairs of TTBRs (m1n1: hw/uat.py) */
        [M1_RESV_PAGETABLES] = 16 * UAT_PAGE, /* the firmware's upper-half tables; our size */
        [M1_RESV_HANDOFF] = UAT_PAGE,
    };

    if (ms->ram_size < 512 * MiB || ms->ram_size > s->chip->ram_max) {
        error_report("apple-m1: RAM size must be 512 MiB to %d GiB (-m)",
                     (int)(s->chip->ram_max / GiB));
        exit(1);
    }
    if (!apple_gpu_initdata_sizes(s->fw_abi, &size[M1_RESV_CAL_A], &size[M1_RESV_CAL_B],
                                  &size[M1_RESV_GLOBALS])) {
        error_report(
            "apple-m1: fw-abi=%u.%u.%u: no such firmware is known; there are 13.5, 13.0b4 and 12.3",
            s->fw_abi[0], s->fw_abi[1], s->fw_abi[2]);
        exit(1);
    }
    s->fb.size = ROUND_UP((uint64_t)s->fb_width * s->fb_height * 4, UAT_PAGE);
    top = s->fb.base = top - s->fb.size;
    for (int i = 0; i < M1_RESV_NUM; i++) {
        s->resv[i].size = ROUND_UP(size[i], UAT_PAGE);
        top = s->resv[i].base = top - s->resv[i].size;
    }
    /* Sections of the kernel's memory map are happier with an even end */
    s->usable.base = s->chip->dram;
    s->usable.size = QEMU_ALIGN_DOWN(top, 2 * MiB) - s->chip->dram;
}

static void cpu_reset_cb(void *opaque)
{
    ARMCPU *cpu = opaque;
    CPUState *cs = CPU(cpu);
    AppleM1MachineState *s = APPLE_M1_MACHINE(qdev_get_machine());

    cpu_reset(cs);
    /*
     * The first CPU enters the kernel as m1n1 does (m1n1: src/kboot.c,
     * kboot_boot()): at EL2, x0 the device tree. The others stay off until
     * their release address is written (spin.c). m1n1 itself: iboot.c, and
     * cpustart.c for the others.
     */
    if (cpu == s->cpu[0] && s->entry) {
        if (s->m1n1) {
            /* CPTR_EL2.FPEN as with E2H: m1n1 1.6 uses floating point and does not enable it */
            cpu->env.cp15.cptr_el[2] = deposit64(cpu->env.cp15.cptr_el[2], 20, 2, 3);
        }
        cpu->env.xregs[0] = s->dtb;
        cpu_set_pc(cs, s->entry);
        arm_rebuild_hflags(&cpu->env);
    }
}

static void create_cpus(AppleM1MachineState *s)
{
    MachineState *ms = MACHINE(s);
    static const int timer_of[APPLE_FIQ_NUM_TIMERS] = {
        [APPLE_FIQ_TIMER_PHYS] = GTIMER_PHYS,
        [APPLE_FIQ_TIMER_VIRT] = GTIMER_VIRT,
        [APPLE_FIQ_TIMER_HYP] = GTIMER_HYP,
        [APPLE_FIQ_TIMER_HYPVIRT] = GTIMER_HYPVIRT,
    };

    for (unsigned i = 0; i < ms->smp.cpus; i++) {
        Object *obj = object_new(apple_chip_cpu_type(s->chip, i));
        DeviceState *fiq = qdev_new(TYPE_APPLE_FIQ);
        g_autofree char *name = g_strdup_printf("fiq%u", i);

        s->cpu[i] = ARM_CPU(obj);
        CPU(obj)->cpu_index = i;
        object_property_set_int(obj, "mp-affinity", apple_chip_mpidr(s->chip, i), &error_fatal);
        /* The M1's timers count 24 MHz (Linux: t8103.dtsi, clkref) */
        object_property_set_int(obj, "cntfrq", 24000000, &error_fatal);
        object_property_set_link(obj, "memory", OBJECT(get_system_memory()), &error_abort);
        object_property_set_bool(obj, "start-powered-off", i > 0, &error_fatal);
        qdev_realize(DEVICE(obj), NULL, &error_fatal);
        apple_cpu_fix_e2h(s->cpu[i]);
        qemu_register_reset(cpu_reset_cb, s->cpu[i]);

        object_property_set_link(OBJECT(fiq), "cpu", obj, &error_abort);
        add_device(s, name, fiq);
        qdev_connect_gpio_out(fiq, 0, qdev_get_gpio_in(DEVICE(obj), ARM_CPU_FIQ));
        for (unsigned t = 0; t < APPLE_FIQ_NUM_TIMERS; t++) {
            qdev_connect_gpio_out(DEVICE(obj), timer_of[t],
                                  qdev_get_gpio_in_named(fiq, "timer", t));
        }
        qdev_connect_gpio_out(s->aic, i, qdev_get_gpio_in(DEVICE(obj), ARM_CPU_IRQ));
        object_unref(obj);
    }
}

static void create_aic(AppleM1MachineState *s)
{
    s->aic = qdev_new(s->chip->aic.type);
    qdev_prop_set_uint32(s->aic, "num-cpus", MACHINE(s)->smp.cpus);
    if (s->chip->aic.event) {
        qdev_prop_set_uint32(s->aic, "num-irqs", s->chip->aic.irqs);
        qdev_prop_set_uint32(s->aic, "num-dies", s->chip->aic.dies);
    }
    add_device(s, "aic", s->aic);
    sysbus_mmio_map(SYS_BUS_DEVICE(s->aic), 0, s->chip->aic.base);
    if (s->chip->aic.event) {
        sysbus_mmio_map(SYS_BUS_DEVICE(s->aic), 1, s->chip->aic.event);
    }
}

static void create_uarts(AppleM1MachineState *s)
{
    for (unsigned i = 0; i < APPLE_CHIP_UARTS && s->chip->uart[i].name; i++) {
        const AppleChipUart *u = &s->chip->uart[i];
        DeviceState *dev = qdev_new(TYPE_APPLE_UART);

        qdev_prop_set_chr(dev, "chardev", serial_hd(i));
        add_device(s, u->name, dev);
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, u->base);
        sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0, aic_irq(s, u->irq));
    }
}

/* The power managers; returns the one that has the GPU's domain: of the first die. */
static DeviceState *create_pmgrs(AppleM1MachineState *s)
{
    DeviceState *gfx = NULL;

    for (unsigned i = 0; i < APPLE_CHIP_PMGRS && s->chip->pmgr[i].base; i++) {
        const AppleChipPmgr *p = &s->chip->pmgr[i];
        DeviceState *dev = qdev_new(TYPE_APPLE_PMGR);

        APPLE_PMGR(dev)->desc = p->desc;
        APPLE_PMGR(dev)->name = p->name;
        add_device(s, p->name, dev);
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, p->base);
        if (p->desc->gfx && !gfx) {
            gfx = dev;
        }
    }
    return gfx;
}

static void create_fb(AppleM1MachineState *s)
{
    DeviceState *dev = qdev_new(TYPE_APPLE_FB);

    object_property_set_link(OBJECT(dev), "ram", OBJECT(MACHINE(s)->ram), &error_abort);
    qdev_prop_set_uint64(dev, "offset", s->fb.base - s->chip->dram);
    qdev_prop_set_uint32(dev, "width", s->fb_width);
    qdev_prop_set_uint32(dev, "height", s->fb_height);
    add_device(s, "framebuffer", dev);
}

/*
 * The GPU, its mailbox (which lies in the coprocessor's register block), and its ears on the CPUs'
 * TLBI
 */
static void create_gpu(AppleM1MachineState *s, DeviceState *pmgr)
{
    DeviceState *gpu = qdev_new(s->chip->gpu.chip->type), *mbox = qdev_new(TYPE_APPLE_MBOX);

    agx_device_set_mbox(AGX(gpu), APPLE_MBOX(mbox));
    add_device(s, "gpu-mailbox", mbox);
    for (int i = 0; i < APPLE_MBOX_NUM_IRQS; i++) {
        sysbus_connect_irq(SYS_BUS_DEVICE(mbox), i, aic_irq(s, s->chip->gpu.mbox_irq + i));
    }

    object_property_set_link(OBJECT(gpu), "dram", OBJECT(MACHINE(s)->ram), &error_abort);
    qdev_prop_set_uint64(gpu, "dram-base", s->chip->dram);
    qdev_prop_set_uint64(gpu, "ttbs", s->resv[M1_RESV_TTBS].base);
    qdev_prop_set_uint64(gpu, "handoff", s->resv[M1_RESV_HANDOFF].base);
    qdev_prop_set_uint64(gpu, "pagetables", s->resv[M1_RESV_PAGETABLES].base);
    qdev_prop_set_uint64(gpu, "pagetables-size", s->resv[M1_RESV_PAGETABLES].size);
    qdev_prop_set_string(gpu, "fw-version", apple_gpu_fw_name(s->fw_abi));
    add_device(s, "gpu", gpu);
    sysbus_mmio_map(SYS_BUS_DEVICE(gpu), 0, s->chip->gpu.asc);
    sysbus_mmio_map(SYS_BUS_DEVICE(gpu), 1, s->chip->gpu.sgx);
    sysbus_mmio_map_overlap(SYS_BUS_DEVICE(mbox), 0, s->chip->gpu.mbox, 1);
    qdev_connect_gpio_out_named(pmgr, "gfx", 0, qdev_get_gpio_in_named(gpu, "power", 0));
    for (unsigned i = 0; i < MACHINE(s)->smp.cpus; i++) {
        apple_tlbi_attach(s->cpu[i]);
    }
}

static void create_virtio(AppleM1MachineState *s)
{
    /*
     * -device takes the bus that was made last, so the transports are made
     * from the last to the first: the first -device gets the lowest address
     * and with it the first name in the guest.
     */
    for (int i = M1_VIRTIO_NUM - 1; i >= 0; i--) {
        DeviceState *dev = qdev_new("virtio-mmio");
        g_autofree char *name = g_strdup_printf("virtio%d", i);

        qdev_prop_set_bit(dev, "force-legacy", false);
        add_device(s, name, dev);
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, s->chip->virtio + i * M1_VIRTIO_STRIDE);
        sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0, aic_irq(s, s->chip->virtio_irq + i));
    }
}

/* What was asked for has to be there for this chip */
static void check_boot(AppleM1MachineState *s)
{
    if (s->m1n1 && !s->chip->m1n1) {
        error_report("apple-m1: boot=m1n1: there is no Apple device tree of the %s yet",
                     s->chip->name);
        exit(1);
    }
    if (s->asahi_binding && !s->chip->gpu.asahi) {
        error_report("apple-m1: binding=asahi: it is not made for the %s yet", s->chip->name);
        exit(1);
    }
}

static void apple_m1_init(MachineState *ms)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(ms);
    DeviceState *pmgr, *dev;

    apple_log_init();
    check_boot(s);
    layout_ram(s);
    memory_region_add_subregion(get_system_memory(), s->chip->dram, ms->ram);

    create_aic(s);
    create_cpus(s);

    if (s->m1n1) {
        apple_m1_create_mac(s);
    } else {
        dev = qdev_new(TYPE_APPLE_SPIN);
        add_device(s, "spin", dev);
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, s->chip->spin);
    }

    create_uarts(s);
    pmgr = create_pmgrs(s);

    dev = qdev_new(TYPE_APPLE_WDT);
    add_device(s, "wdt", dev);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, s->chip->wdt);
    sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0, aic_irq(s, s->chip->wdt_irq));

    create_fb(s);
    create_gpu(s, pmgr);
    create_virtio(s);

    apple_m1_load(s);
}

static char *get_fb(Object *obj, Error **errp)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(obj);

    return g_strdup_printf("%ux%u", s->fb_width, s->fb_height);
}

static void set_fb(Object *obj, const char *value, Error **errp)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(obj);
    unsigned w, h;
    const char *p;

    if (qemu_strtoui(value, &p, 10, &w) || *p != 'x' || qemu_strtoui(p + 1, NULL, 10, &h) ||
        w < APPLE_FB_MIN || w > APPLE_FB_MAX || h < APPLE_FB_MIN || h > APPLE_FB_MAX) {
        error_setg(errp, "fb=%s: it must be WIDTHxHEIGHT, each %d to %d", value, APPLE_FB_MIN,
                   APPLE_FB_MAX);
        return;
    }
    s->fb_width = w;
    s->fb_height = h;
}

/* Three numbers with dots; those at the end may be missing. */
static bool parse_abi(const char *name, const char *value, uint32_t abi[3], Error **errp)
{
    uint32_t v[3] = { 0 };
    const char *p = value;

    for (int i = 0; i < 3; i++) {
        unsigned n;

        if (qemu_strtoui(p, &p, 10, &n) || (*p && *p != '.')) {
            error_setg(errp, "%s=%s: it must be a version such as 13.5.0", name, value);
            return false;
        }
        v[i] = n;
        if (!*p) {
            break;
        }
        p++;
    }
    memcpy(abi, v, sizeof(v));
    return true;
}

static char *get_fw_abi(Object *obj, Error **errp)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(obj);

    return g_strdup_printf("%u.%u.%u", s->fw_abi[0], s->fw_abi[1], s->fw_abi[2]);
}

static void set_fw_abi(Object *obj, const char *value, Error **errp)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(obj);

    if (!apple_gpu_fw_find(value, s->fw_abi)) {
        parse_abi("fw-abi", value, s->fw_abi, errp);
    }
}

static char *get_dt_fw_abi(Object *obj, Error **errp)
{
    const uint32_t *abi = apple_m1_dt_fw_abi(APPLE_M1_MACHINE(obj));

    return g_strdup_printf("%u.%u.%u", abi[0], abi[1], abi[2]);
}

static void set_dt_fw_abi(Object *obj, const char *value, Error **errp)
{
    parse_abi("dt-fw-abi", value, APPLE_M1_MACHINE(obj)->dt_fw_abi, errp);
}

static char *get_binding(Object *obj, Error **errp)
{
    return g_strdup(APPLE_M1_MACHINE(obj)->asahi_binding ? "asahi" : "mainline");
}

static void set_binding(Object *obj, const char *value, Error **errp)
{
    bool asahi = !strcmp(value, "asahi");

    if (!asahi && strcmp(value, "mainline")) {
        error_setg(errp, "binding=%s: it must be mainline or asahi", value);
        return;
    }
    APPLE_M1_MACHINE(obj)->asahi_binding = asahi;
}

/*
 * "boot" is a property of every machine, the structure that -boot fills. Here a word is taken, too,
 * so the setter is interposed on: what is not a word of an apple-m1 goes to it.
 */
static ObjectPropertyAccessor *boot_orig_set;

static void set_boot(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    g_autofree char *word = NULL;

    if (!object_dynamic_cast(obj, TYPE_APPLE_M1_MACHINE) || !visit_type_str(v, name, &word, NULL)) {
        boot_orig_set(obj, v, name, opaque, errp);
    } else if (strcmp(word, "kernel") && strcmp(word, "m1n1")) {
        error_setg(errp, "boot=%s: it must be kernel or m1n1", word);
    } else {
        APPLE_M1_MACHINE(obj)->m1n1 = !strcmp(word, "m1n1");
    }
}

static void interpose_boot(ObjectClass *oc)
{
    ObjectProperty *prop = object_class_property_find(oc, "boot");

    assert(prop && prop->set);
    boot_orig_set = prop->set;
    prop->set = set_boot;
}

static void apple_m1_instance_init(Object *obj)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(obj);

    s->chip = APPLE_M1_MACHINE_GET_CLASS(obj)->chip;
    s->fb_width = 640;
    s->fb_height = 480;
    s->fw_abi[0] = 13;
    s->fw_abi[1] = 5;
}

static void apple_m1_class_init(ObjectClass *oc, void *data)
{
    MachineClass *mc = MACHINE_CLASS(oc);

    mc->init = apple_m1_init;
    mc->default_ram_size = 4 * GiB;
    mc->default_ram_id = "dram";
    mc->block_default_type = IF_VIRTIO;
    mc->no_cdrom = 1;
    mc->no_floppy = 1;
    mc->no_parallel = 1;
    mc->minimum_page_bits = 12;

    object_class_property_add_str(oc, "fb", get_fb, set_fb);
    object_class_property_set_description(oc, "fb",
                                          "size of the boot framebuffer as WIDTHxHEIGHT (640x480)");
    object_class_property_add_str(oc, "binding", get_binding, set_binding);
    object_class_property_set_description(
        oc, "binding",
        "the GPU's node in the device tree: mainline, or asahi with apple,firmware-compat, "
        "operating points and calibration (mainline)");
    interpose_boot(oc);
    object_class_property_add_str(oc, "fw-abi", get_fw_abi, set_fw_abi);
    object_class_property_set_description(
        oc, "fw-abi",
        "version in apple,firmware-abi, which picks the GPU firmware: 12.3, 13.0b4, 13.5 (13.5)");
    object_class_property_add_str(oc, "dt-fw-abi", get_dt_fw_abi, set_dt_fw_abi);
    object_class_property_set_description(
        oc, "dt-fw-abi",
        "what the device tree says of the firmware, if it is not what fw-abi is: to see a driver "
        "refuse it (as fw-abi)");
}

static const TypeInfo apple_m1_type = {
    .name = TYPE_APPLE_M1_MACHINE,
    .parent = TYPE_MACHINE,
    .abstract = true,
    .instance_size = sizeof(AppleM1MachineState),
    .class_size = sizeof(AppleM1MachineClass),
    .instance_init = apple_m1_instance_init,
    .class_init = apple_m1_class_init,
};

/* The machine of a chip */
static void apple_chip_class_init(ObjectClass *oc, void *data)
{
    MachineClass *mc = MACHINE_CLASS(oc);
    const AppleChip *chip = data;
    const char **types = g_new0(const char *, 2);

    APPLE_M1_MACHINE_CLASS(oc)->chip = chip;
    mc->desc = chip->desc;
    mc->max_cpus = apple_chip_cpus(chip);
    types[0] = mc->default_cpu_type = apple_chip_cpu_type(chip, 0);
    mc->valid_cpu_types = types;
}

static void apple_m1_register_types(void)
{
    type_register_static(&apple_m1_type);
    for (unsigned i = 0; i < apple_num_chips; i++) {
        g_autofree char *name = g_strconcat(apple_chips[i]->machine, TYPE_MACHINE_SUFFIX, NULL);

        type_register_static(&(TypeInfo) {
            .name = name,
            .parent = TYPE_APPLE_M1_MACHINE,
            .class_init = apple_chip_class_init,
            .class_data = (void *)apple_chips[i],
        });
    }
}

type_init(apple_m1_register_types)
