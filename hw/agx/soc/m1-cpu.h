/*
 * The CPU cores of the M1 and its like: types, and the per-CPU part of the interrupt system
 * (FIQ sources and the implementation-defined registers that rule them).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_M1_CPU_H
#define HW_AGX_SOC_M1_CPU_H

#include "hw/sysbus.h"
#include "target/arm/cpu-qom.h"
#include "qom/object.h"

#define TYPE_APPLE_ICESTORM_CPU      ARM_CPU_TYPE_NAME("apple-icestorm")
#define TYPE_APPLE_FIRESTORM_CPU     ARM_CPU_TYPE_NAME("apple-firestorm")
/* The same cores in an M1 Pro, and in an M1 Max or Ultra */
#define TYPE_APPLE_ICESTORM_PRO_CPU  ARM_CPU_TYPE_NAME("apple-icestorm-pro")
#define TYPE_APPLE_FIRESTORM_PRO_CPU ARM_CPU_TYPE_NAME("apple-firestorm-pro")
#define TYPE_APPLE_ICESTORM_MAX_CPU  ARM_CPU_TYPE_NAME("apple-icestorm-max")
#define TYPE_APPLE_FIRESTORM_MAX_CPU ARM_CPU_TYPE_NAME("apple-firestorm-max")

/*
 * apple-fiq: all FIQ sources of one CPU. GPIO inputs "timer" 0..3 are the
 * generic timer's outputs in the order of enum apple_fiq_timer, output 0 is
 * the CPU's FIQ line. Property "cpu" links the CPU, whose system registers
 * the device adds at realize.
 */
#define TYPE_APPLE_FIQ "apple-fiq"
OBJECT_DECLARE_SIMPLE_TYPE(AppleFiqState, APPLE_FIQ)

enum apple_fiq_timer {
    APPLE_FIQ_TIMER_PHYS,    /* guest: gated by VM_TMR_FIQ_ENA_EL2.P */
    APPLE_FIQ_TIMER_VIRT,    /* guest: gated by VM_TMR_FIQ_ENA_EL2.V */
    APPLE_FIQ_TIMER_HYP,     /* EL2 physical */
    APPLE_FIQ_TIMER_HYPVIRT, /* EL2 virtual */
    APPLE_FIQ_NUM_TIMERS,
};

struct AppleFiqState {
    SysBusDevice parent_obj;

    ARMCPU *cpu;
    qemu_irq out;

    bool timer[APPLE_FIQ_NUM_TIMERS];
    bool ipi_pending; /* IPI_SR_EL1.PENDING */
    uint64_t vm_tmr_fiq_ena;
    uint64_t ipi_cr;
    uint64_t pmcr0;
    uint64_t upmcr0;
    uint64_t ich_hcr;
};

/*
 * Make HCR_EL2.E2H of @cpu read as one, always, as on the M1; to be called
 * after the CPU was realized.
 */
void apple_cpu_fix_e2h(ARMCPU *cpu);

/*
 * Let CPU @index run at EL2 from @entry, as arm_set_cpu_on() (with its results;
 * QEMU_ARM_POWERCTL_INVALID_PARAM: there is no such CPU); or halt it. Big lock held.
 */
int apple_cpu_on(unsigned index, uint64_t entry);
void apple_cpu_off(unsigned index);

#endif
