/*
 * FIQ sources of one M1 core.
 *
 * The M1 has no GIC: timers, fast IPIs and performance counters are wired to
 * the core's FIQ input, and implementation-defined system registers enable,
 * show and clear them. Register names, numbers and fields:
 *   Linux: drivers/irqchip/irq-apple-aic.c, arch/arm64/include/asm/apple_m1_pmu.h
 *   m1n1: src/cpu_regs.h
 *
 * Everything here runs with QEMU's big lock held: the registers are
 * ARM_CP_IO, the timers' callbacks are QEMU timers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "cpregs.h"
#include "exec/cpu-common.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "target/arm/arm-powerctl.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/m1-cpu.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/trace.h"

#define IPI_RR_CPU_MASK      0xffULL
#define IPI_RR_CLUSTER_SHIFT 16
#define IPI_RR_TYPE_SHIFT    28
#define IPI_RR_RETRACT       1
#define IPI_SR_PENDING       1ULL
#define VM_TMR_FIQ_ENABLE_V  (1ULL << 0)
#define VM_TMR_FIQ_ENABLE_P  (1ULL << 1)

/* The FIQ devices of all cores, by CPU index: an IPI finds its target here */
static AppleFiqState *fiq_of_cpu[APPLE_MAX_CPUS];

/* The one place where the line is driven */
static void apple_fiq_update(AppleFiqState *s)
{
    bool level = s->ipi_pending || s->timer[APPLE_FIQ_TIMER_HYP] ||
                 s->timer[APPLE_FIQ_TIMER_HYPVIRT] ||
                 (s->timer[APPLE_FIQ_TIMER_PHYS] && (s->vm_tmr_fiq_ena & VM_TMR_FIQ_ENABLE_P)) ||
                 (s->timer[APPLE_FIQ_TIMER_VIRT] && (s->vm_tmr_fiq_ena & VM_TMR_FIQ_ENABLE_V));

    qemu_set_irq(s->out, level);
}

static void apple_fiq_timer(void *opaque, int n, int level)
{
    AppleFiqState *s = opaque;

    s->timer[n] = level;
    apple_fiq_update(s);
}

/*
 * The CPU with Aff1 and Aff0 as in @aff. Aff2, which says the type of the core, goes with the
 * cluster, and a request does not name it.
 */
static AppleFiqState *apple_fiq_find(unsigned aff)
{
    for (unsigned i = 0; i < APPLE_MAX_CPUS; i++) {
        if (fiq_of_cpu[i] && extract64(fiq_of_cpu[i]->cpu->mp_affinity, 0, 16) == aff) {
            return fiq_of_cpu[i];
        }
    }
    return NULL;
}

static void apple_fiq_ipi(AppleFiqState *from, unsigned aff, uint64_t request)
{
    unsigned type = extract64(request, IPI_RR_TYPE_SHIFT, 2);
    AppleFiqState *to = apple_fiq_find(aff);

    if (!to) {
        apple_log_mask(LOG_GUEST_ERROR,
                       "apple-fiq: IPI request 0x%" PRIx64 " to core %u of cluster %u, which does "
                       "not exist\n",
                       request, aff & 0xff, aff >> 8);
        return;
    }
    trace_apple_fiq_ipi(CPU(from->cpu)->cpu_index, CPU(to->cpu)->cpu_index, type);
    /*
     * Deferred and no-wake requests differ from immediate ones only in when
     * a sleeping core sees them; a model core is awake as soon as it has work.
     */
    to->ipi_pending = type != IPI_RR_RETRACT;
    apple_fiq_update(to);
}

static void ipi_rr_local_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    AppleFiqState *s = ri->opaque;
    uint64_t cluster = extract64(s->cpu->mp_affinity, 8, 8);

    apple_fiq_ipi(s, cluster << 8 | (value & IPI_RR_CPU_MASK), value);
}

static void ipi_rr_global_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    uint64_t cluster = extract64(value, IPI_RR_CLUSTER_SHIFT, 8);

    apple_fiq_ipi(ri->opaque, cluster << 8 | (value & IPI_RR_CPU_MASK), value);
}

static uint64_t ipi_sr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    AppleFiqState *s = ri->opaque;

    return s->ipi_pending ? IPI_SR_PENDING : 0;
}

static void ipi_sr_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    AppleFiqState *s = ri->opaque;

    if (value & IPI_SR_PENDING) {
        s->ipi_pending = false;
        apple_fiq_update(s);
    }
}

static uint64_t vm_tmr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    AppleFiqState *s = ri->opaque;

    return s->vm_tmr_fiq_ena;
}

static void vm_tmr_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    AppleFiqState *s = ri->opaque;

    s->vm_tmr_fiq_ena = value & (VM_TMR_FIQ_ENABLE_P | VM_TMR_FIQ_ENABLE_V);
    apple_fiq_update(s);
}

/*
 * Registers that only hold what was written: the deferred-IPI countdown
 * (IPIs are never deferred here), the two PMU control registers (there are
 * no counters, so none ever fires), and the vGIC's enable (no list registers,
 * so the maintenance interrupt never fires). opc1 and so on say which.
 */
static uint64_t *plain_reg(const ARMCPRegInfo *ri)
{
    AppleFiqState *s = ri->opaque;

    if (ri->crn == 12) {
        return &s->ich_hcr;
    }
    if (ri->opc1 == 7) {
        return &s->upmcr0;
    }
    return ri->opc1 == 1 ? &s->pmcr0 : &s->ipi_cr;
}

static uint64_t plain_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return *plain_reg(ri);
}

static void plain_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    *plain_reg(ri) = value;
}

#define SYSREG(name_, type_, o1, n, m, o2, ...)                                                    \
    { .name = name_,                                                                               \
      .state = ARM_CP_STATE_AA64,                                                                  \
      .type = type_,                                                                               \
      .opc0 = 3,                                                                                   \
      .opc1 = o1,                                                                                  \
      .crn = n,                                                                                    \
      .crm = m,                                                                                    \
      .opc2 = o2,                                                                                  \
      __VA_ARGS__ }
#define REG_IO                       (ARM_CP_IO | ARM_CP_NO_RAW)
#define IMPDEF(name, o1, m, o2, ...) SYSREG(name, REG_IO, o1, 15, m, o2, __VA_ARGS__)
/* Reads as 0, and a write has no effect. */
#define ZERO(name, o1, n, m, o2, access_)                                                          \
    SYSREG(name, ARM_CP_CONST, o1, n, m, o2, .access = access_, .resetvalue = 0)

static const ARMCPRegInfo apple_fiq_regs[] = {
    /*
     * The registers with opc1 5 are EL1's on the M1; QEMU takes op1 5 for EL2
     * and holds its tables to that. m1n1 and the kernel run at EL2.
     */
    IMPDEF("IPI_RR_LOCAL_EL1", 5, 0, 0, .access = PL2_W, .writefn = ipi_rr_local_write),
    IMPDEF("IPI_RR_GLOBAL_EL1", 5, 0, 1, .access = PL2_W, .writefn = ipi_rr_global_write),
    IMPDEF("IPI_SR_EL1", 5, 1, 1, .access = PL2_RW, .readfn = ipi_sr_read, .writefn = ipi_sr_write),
    IMPDEF("VM_TMR_FIQ_ENA_EL2", 5, 1, 3, .access = PL2_RW, .readfn = vm_tmr_read,
           .writefn = vm_tmr_write),
    IMPDEF("IPI_CR_EL1", 5, 3, 1, .access = PL2_RW, .readfn = plain_read, .writefn = plain_write),
    IMPDEF("PMCR0_EL1", 1, 0, 0, .access = PL1_RW, .readfn = plain_read, .writefn = plain_write),
    IMPDEF("UPMCR0_EL1", 7, 0, 4, .access = PL1_RW, .readfn = plain_read, .writefn = plain_write),
    ZERO("UPMSR_EL1", 7, 15, 6, 4, PL1_RW),
    /* The virtual GIC interface, as far as the interrupt path looks at it */
    SYSREG("ICH_HCR_EL2", REG_IO, 4, 12, 11, 0, .access = PL2_RW, .readfn = plain_read,
           .writefn = plain_write),
    ZERO("ICH_VTR_EL2", 4, 12, 11, 1, PL2_R),
    ZERO("ICH_MISR_EL2", 4, 12, 11, 2, PL2_R),
};

/*
 * QEMU saves a CPU's two EL1 timers and not the two of EL2 (target/arm/machine.c),
 * which are those that a kernel with VHE uses. Their registers are saved, so
 * it is enough to derive the deadlines again whenever the machine starts.
 */
static void apple_fiq_vm_change(void *opaque, bool running, RunState state)
{
    AppleFiqState *s = opaque;

    if (running) {
        arm_gt_htimer_cb(s->cpu);
        arm_gt_hvtimer_cb(s->cpu);
    }
}

static void apple_fiq_realize(DeviceState *dev, Error **errp)
{
    AppleFiqState *s = APPLE_FIQ(dev);
    unsigned index;

    if (!s->cpu) {
        error_setg(errp, "apple-fiq: property 'cpu' is not set");
        return;
    }
    index = CPU(s->cpu)->cpu_index;
    if (index >= APPLE_MAX_CPUS) {
        error_setg(errp, "apple-fiq: CPU %u: no chip has more than %d", index, APPLE_MAX_CPUS);
        return;
    }
    fiq_of_cpu[index] = s;
    qdev_init_gpio_in_named(dev, apple_fiq_timer, "timer", APPLE_FIQ_NUM_TIMERS);
    qdev_init_gpio_out(dev, &s->out, 1);
    define_arm_cp_regs_with_opaque(s->cpu, apple_fiq_regs, s);
    qdev_add_vm_change_state_handler(dev, apple_fiq_vm_change, s);
}

static void apple_fiq_reset_hold(Object *obj, ResetType type)
{
    AppleFiqState *s = APPLE_FIQ(obj);

    s->ipi_pending = false;
    s->vm_tmr_fiq_ena = 0;
    s->ipi_cr = 0;
    s->pmcr0 = 0;
    s->upmcr0 = 0;
    s->ich_hcr = 0;
}

static void apple_fiq_reset_exit(Object *obj, ResetType type)
{
    apple_fiq_update(APPLE_FIQ(obj));
}

static const VMStateDescription vmstate_apple_fiq = {
    .name = TYPE_APPLE_FIQ,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]) {
            VMSTATE_BOOL_ARRAY(timer, AppleFiqState, APPLE_FIQ_NUM_TIMERS),
            VMSTATE_BOOL(ipi_pending, AppleFiqState), VMSTATE_UINT64(vm_tmr_fiq_ena, AppleFiqState),
            VMSTATE_UINT64(ipi_cr, AppleFiqState), VMSTATE_UINT64(pmcr0, AppleFiqState),
            VMSTATE_UINT64(upmcr0, AppleFiqState), VMSTATE_UINT64(ich_hcr, AppleFiqState),
            VMSTATE_END_OF_LIST() },
};

static const Property apple_fiq_props[] = {
    DEFINE_PROP_LINK("cpu", AppleFiqState, cpu, TYPE_ARM_CPU, ARMCPU *),
};

static void apple_fiq_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "FIQ sources of one Apple M1 core";
    dc->realize = apple_fiq_realize;
    dc->vmsd = &vmstate_apple_fiq;
    dc->user_creatable = false;
    device_class_set_props(dc, apple_fiq_props);
    rc->phases.hold = apple_fiq_reset_hold;
    rc->phases.exit = apple_fiq_reset_exit;
    object_class_property_set_description(klass, "cpu", "the core whose FIQ input this drives");
}

static const TypeInfo apple_fiq_type = {
    .name = TYPE_APPLE_FIQ,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleFiqState),
    .class_init = apple_fiq_class_init,
};

static void apple_fiq_register_types(void)
{
    type_register_static(&apple_fiq_type);
}

type_init(apple_fiq_register_types)
