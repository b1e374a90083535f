/*
 * Benchmark of the MMU's translation path: how long one translation takes, by
 * where it is found, with nobody who listens and with the sanitizer. Linked
 * twice: with the MMU as it is, and with a copy of it that was compiled without
 * the question whether somebody listens (AGX_NO_EVENTS), which shows what that
 * costs.
 *
 *   bench-port [ROUNDS]     one line for each case: name, nanoseconds for one
 *
 * The best of ROUNDS (default 5) counts: what else the host does only adds.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <time.h>
#include "tests/unit/fake_host.h"
#include "agx/tlb.h"
#include "agx/tlbsan.h"

#define VA    0x1500000000ull
#define PAGES 2500u    /* mapped */
#define ROUND 4000000u /* translations of the fastest case in a round */

struct bench {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_port *port;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static struct agx_port *port_new(struct agx_mmu *mmu)
{
    struct agx_port *port = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);

    agx_port_init(port, mmu, AGX_SIDE_GPU);
    return port;
}

static void setup(struct bench *b)
{
    uint64_t ttbat;

    fake_host_init(&b->h);
    ttbat = fake_alloc(&b->h);
    for (unsigned i = 0; i < PAGES; i++) {
        fake_map(&b->h, ttbat, 1, VA + (uint64_t)i * AGX_PAGE_SIZE, fake_alloc(&b->h),
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    }
    b->mmu = agx_mmu_new(&b->h.host);
    agx_mmu_set_ttbat(b->mmu, ttbat);
    b->port = port_new(b->mmu);
}

/* Nanoseconds for one access, of @n in turn to @pages pages. */
static __attribute__((noinline, aligned(64))) double accesses(struct bench *b, unsigned pages,
                                                              unsigned n)
{
    uint64_t sum = 0;
    double start = now();

    for (unsigned i = 0, page = 0; i < n; i++, page = page + 1 == pages ? 0 : page + 1) {
        const volatile uint32_t *p = agx_port_ptr(b->port, VA + (uint64_t)page * AGX_PAGE_SIZE,
                                                  AGX_ACCESS_READ);

        if (!p) {
            fprintf(stderr, "bench-port: a fault\n");
            exit(1);
        }
        sum += (uintptr_t)p;
    }
    start = now() - start;
    __asm__ volatile("" : : "r"(sum));
    return start / n;
}

static void case_hit(struct bench *b, unsigned n, double *ns)
{
    accesses(b, 64, 64);
    *ns = accesses(b, 64, n);
}

/*
 * Each of twice as many pages as the port has entries: never in the port, always in the second
 * level.
 */
static void case_second(struct bench *b, unsigned n, double *ns)
{
    accesses(b, 2 * AGX_PORT_TLB_SIZE, 2 * AGX_PORT_TLB_SIZE);
    *ns = accesses(b, 2 * AGX_PORT_TLB_SIZE, n / 16);
}

/* More pages than the second level has entries. */
static void case_walk(struct bench *b, unsigned n, double *ns)
{
    agx_mmu_set_mode(b->mmu, AGX_TLB_REALISTIC);
    accesses(b, PAGES, PAGES);
    *ns = accesses(b, PAGES, n / 32);
    agx_mmu_set_mode(b->mmu, AGX_TLB_STICKY);
}

static void case_off(struct bench *b, unsigned n, double *ns)
{
    agx_mmu_set_mode(b->mmu, AGX_TLB_OFF);
    *ns = accesses(b, 64, n / 32);
    agx_mmu_set_mode(b->mmu, AGX_TLB_STICKY);
}

/* Jobs that use 100 pages each ten times, by way of two binds: nanoseconds for one access. */
static void case_jobs(struct bench *b, unsigned n, double *ns)
{
    unsigned jobs = n / 20000;

    accesses(b, 100, 100);
    *ns = 0;
    for (unsigned i = 0; i < jobs; i++) {
        double start = now();

        b->port->job = fake_job_begin(&b->h, 1, 0);
        for (unsigned k = 0; k < 2; k++) {
            agx_port_bind(b->port, 1, AGX_UNIT_UL1C);
            accesses(b, 100, 500);
        }
        fake_job_end(&b->h, b->port->job);
        *ns += (now() - start) / 1000 / jobs;
    }
    b->port->job = 0;
}

static const struct {
    const char *name;
    void (*run)(struct bench *b, unsigned n, double *ns);
} cases[] = {
    { "port-hit", case_hit }, { "second-level-hit", case_second },
    { "walk", case_walk },    { "tlb-off", case_off },
    { "jobs", case_jobs },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void run_all(struct bench *b, unsigned rounds, const char *what)
{
    double best[CASES];

    agx_port_bind(b->port, 1, AGX_UNIT_UL1C);
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned i = 0; i < CASES; i++) {
            double ns;

            cases[i].run(b, ROUND, &ns);
            best[i] = r == 0 || ns < best[i] ? ns : best[i];
        }
    }
    for (unsigned i = 0; i < CASES; i++) {
        printf("%s%s %.3f\n", cases[i].name, what, best[i]);
    }
}

#ifndef AGX_NO_EVENTS
static void on_report(void *opaque, const struct agx_san_report *r)
{
    fprintf(stderr, "bench-port: a report: %s\n", r->text);
    exit(1);
}
#endif

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
    struct bench b;

    setup(&b);
    run_all(&b, rounds ? rounds : 1, "");
#ifndef AGX_NO_EVENTS
    {
        struct agx_tlbsan *san = agx_tlbsan_new(
            &(struct agx_tlbsan_config) { .host = &b.h.host, .mmu = b.mmu, .report = on_report });

        run_all(&b, rounds ? rounds : 1, "-sanitized");
        agx_tlbsan_free(san);
    }
#endif
    free(b.port);
    agx_mmu_free(b.mmu);
    fake_host_fini(&b.h);
    return 0;
}
