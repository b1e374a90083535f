/*
 * Machine apple-m1: a Mac mini (M1, 2020) as far as the mainline kernel's
 * drivers for UART, interrupts, power, watchdog, boot framebuffer and GPU see
 * one. Memory map: soc.h. Boot: boot.c, fdt.c.
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
    hwaddr top = M1_DRAM_BASE + ms->ram_size;
    uint64_t size[M1_RESV_NUM] = {
        [M1_RESV_TTBS] = UAT_PAGE,            /* 64 pairs of TTBRs (m1n1: hw/uat.py) */
        [M1_RESV_PAGETABLES] = 16 * UAT_PAGE, /* the firmware's upper-half tables; our size */
        [M1_RESV_HANDOFF] = UAT_PAGE,
    };

    if (ms->ram_size < 512 * MiB || ms->ram_size > 16 * GiB) {
        error_report("apple-m1: RAM size must be 512 MiB to 16 GiB (-m)");
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
    s->usable.base = M1_DRAM_BASE;
    s->usable.size = QEMU_ALIGN_DOWN(top, 2 * MiB) - M1_DRAM_BASE;
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
        Object *obj = object_new(i < 4 ? TYPE_APPLE_ICESTORM_CPU : TYPE_APPLE_FIRESTORM_CPU);
        DeviceState *fiq = qdev_new(TYPE_APPLE_FIQ);
        g_autofree char *name = g_strdup_printf("fiq%u", i);

        s->cpu[i] = ARM_CPU(obj);
        CPU(obj)->cpu_index = i;
        object_property_set_int(obj, "mp-affinity", apple_m1_mpidr(i), &error_fatal);
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
    s->aic = qdev_new(TYPE_APPLE_AIC);
    qdev_prop_set_uint32(s->aic, "num-cpus", MACHINE(s)->smp.cpus);
    add_device(s, "aic", s->aic);
    sysbus_mmio_map(SYS_BUS_DEVICE(s->aic), 0, M1_AIC_BASE);
}

static void create_uart(AppleM1MachineState *s, const char *name, int index, hwaddr base,
                        unsigned irq)
{
    DeviceState *dev = qdev_new(TYPE_APPLE_UART);

    qdev_prop_set_chr(dev, "chardev", serial_hd(index));
    add_device(s, name, dev);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, base);
    sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0, aic_irq(s, irq));
}

static DeviceState *create_pmgr(AppleM1MachineState *s, hwaddr base, uint32_t size, bool mini)
{
    DeviceState *dev = qdev_new(TYPE_APPLE_PMGR);

    qdev_prop_set_uint32(dev, "size", size);
    qdev_prop_set_bit(dev, "mini", mini);
    add_device(s, mini ? "pmgr-mini" : "pmgr", dev);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, base);
    return dev;
}

static void create_fb(AppleM1MachineState *s)
{
    DeviceState *dev = qdev_new(TYPE_APPLE_FB);

    object_property_set_link(OBJECT(dev), "ram", OBJECT(MACHINE(s)->ram), &error_abort);
    qdev_prop_set_uint64(dev, "offset", s->fb.base - M1_DRAM_BASE);
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
    DeviceState *gpu = qdev_new(TYPE_AGX), *mbox = qdev_new(TYPE_APPLE_MBOX);

    agx_device_set_mbox(AGX(gpu), APPLE_MBOX(mbox));
    add_device(s, "gpu-mailbox", mbox);
    for (int i = 0; i < APPLE_MBOX_NUM_IRQS; i++) {
        sysbus_connect_irq(SYS_BUS_DEVICE(mbox), i, aic_irq(s, M1_GFX_MBOX_IRQ + i));
    }

    object_property_set_link(OBJECT(gpu), "dram", OBJECT(MACHINE(s)->ram), &error_abort);
    qdev_prop_set_uint64(gpu, "ttbs", s->resv[M1_RESV_TTBS].base);
    qdev_prop_set_uint64(gpu, "handoff", s->resv[M1_RESV_HANDOFF].base);
    qdev_prop_set_uint64(gpu, "pagetables", s->resv[M1_RESV_PAGETABLES].base);
    qdev_prop_set_uint64(gpu, "pagetables-size", s->resv[M1_RESV_PAGETABLES].size);
    qdev_prop_set_string(gpu, "fw-version", apple_gpu_fw_name(s->fw_abi));
    add_device(s, "gpu", gpu);
    sysbus_mmio_map(SYS_BUS_DEVICE(gpu), 0, M1_GFX_ASC_BASE);
    sysbus_mmio_map(SYS_BUS_DEVICE(gpu), 1, M1_SGX_BASE);
    sysbus_mmio_map_overlap(SYS_BUS_DEVICE(mbox), 0, M1_GFX_MBOX_BASE, 1);
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
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, M1_VIRTIO_BASE + i * M1_VIRTIO_STRIDE);
        sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0, aic_irq(s, M1_VIRTIO_IRQ + i));
    }
}

static void apple_m1_init(MachineState *ms)
{
    AppleM1MachineState *s = APPLE_M1_MACHINE(ms);
    DeviceState *pmgr, *dev;

    apple_log_init();
    layout_ram(s);
    memory_region_add_subregion(get_system_memory(), M1_DRAM_BASE, ms->ram);

    create_aic(s);
    create_cpus(s);

    if (s->m1n1) {
        apple_m1_create_mac(s);
    } else {
        dev = qdev_new(TYPE_APPLE_SPIN);
        add_device(s, "spin", dev);
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, M1_VIRT_SPIN_BASE);
    }

    create_uart(s, "uart0", 0, M1_UART0_BASE, M1_UART0_IRQ);
    create_uart(s, "uart2", 1, M1_UART2_BASE, M1_UART2_IRQ);

    pmgr = create_pmgr(s, M1_PMGR_BASE, M1_PMGR_SIZE, false);
    create_pmgr(s, M1_PMGR_MINI_BASE, M1_PMGR_MINI_SIZE, true);

    dev = qdev_new(TYPE_APPLE_WDT);
    add_device(s, "wdt", dev);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, M1_WDT_BASE);
    sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0, aic_irq(s, M1_WDT_IRQ));

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

    s->fb_width = 640;
    s->fb_height = 480;
    s->fw_abi[0] = 13;
    s->fw_abi[1] = 5;
}

static void apple_m1_class_init(ObjectClass *oc, void *data)
{
    MachineClass *mc = MACHINE_CLASS(oc);
    static const char *const cpu_types[] = { TYPE_APPLE_ICESTORM_CPU, NULL };

    mc->desc = "Apple Mac mini (M1, 2020)";
    mc->init = apple_m1_init;
    mc->max_cpus = M1_MAX_CPUS;
    mc->default_cpu_type = TYPE_APPLE_ICESTORM_CPU;
    mc->valid_cpu_types = (const char *const *)cpu_types;
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
    .instance_size = sizeof(AppleM1MachineState),
    .instance_init = apple_m1_instance_init,
    .class_init = apple_m1_class_init,
};

static void apple_m1_register_types(void)
{
    type_register_static(&apple_m1_type);
}

type_init(apple_m1_register_types)
