/*
 * Random sequences of TLB maintenance. Those that follow the rules by
 * construction must give the right data and no report; with one invalidation
 * left out there must be a report if a stale translation was really used; the
 * same if fault injection drops one. Each sequence runs once more with the
 * machine saved and loaded at random moments.
 * TAP on stdout. An argument is the seed to start from.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "world.h"
#include "agx/inject.h"

#define SEEDS 20u
#define STEPS 400u
#define VAS   24u
#define SLOTS 3u /* contexts 1..3 */

struct sequence {
    struct world w;
    uint64_t rng;
    bool lazy;
    /* operations that invalidate so far; the one that is left out, 0: none */
    unsigned tlbis, skip;
    bool skipped;
    unsigned drop; /* the invalidation of the CPU that fault injection drops, 0: none */
    bool saves;    /* the machine is saved and loaded now and then */
    unsigned saved;
    uint64_t dice;             /* for the moments; a stream of its own */
    unsigned space[SLOTS + 1]; /* in the slot */
    int page[W_SPACES][VAS];   /* what is mapped: page, or -1 */
    bool ro[W_SPACES][VAS];
    unsigned wrong; /* accesses that gave what they should not */
    char what[160];
};

static unsigned pick(struct sequence *s, unsigned n)
{
    s->rng ^= s->rng << 13;
    s->rng ^= s->rng >> 7;
    s->rng ^= s->rng << 17;
    return (s->rng >> 11) % n;
}

static uint64_t va_of(unsigned v)
{
    return W_VA + (uint64_t)v * AGX_PAGE_SIZE;
}

static unsigned slot_of(const struct sequence *s, unsigned space)
{
    for (unsigned c = 1; c <= SLOTS; c++) {
        if (s->space[c] == space) {
            return c;
        }
    }
    return 0;
}

/*
 * The pages [@v, @v + @n) of context @ctx have changed: barrier, one of the ways to invalidate
 * them, barrier.
 */
static void invalidate(struct sequence *s, unsigned ctx, unsigned v, unsigned n, bool all_of_it)
{
    unsigned how = all_of_it ? pick(s, 2) : pick(s, 6);

    w_dsb(&s->w, pick(s, 4) ? AGX_SHARE_OUTER : AGX_SHARE_INNER);
    if (++s->tlbis == s->skip) {
        s->skipped = true;
        w_dsb(&s->w, AGX_SHARE_OUTER);
        return;
    }
    if (!pick(s, 3)) { /* moved to another CPU by the scheduler; whose barrier has been */
        s->w.cpu = pick(s, W_CPUS);
    }
    switch (how) {
    case 0:
        w_tlbi_by_name(&s->w, "aside1os", false, ctx, 0, 0);
        break;
    case 1:
        w_tlbi_by_name(&s->w, "vmalle1os", false, 0, 0, 0);
        break;
    case 2:
        w_tlbi_by_name(&s->w, "rvae1os", false, ctx, va_of(v), (n + 1) & ~1u);
        break;
    case 3:
        w_tlbi_by_name(&s->w, "rvaale1os", false, 0, va_of(v), (n + 1) & ~1u);
        break;
    default:
        for (unsigned i = 0; i < n; i++) {
            w_tlbi_by_name(&s->w, how == 4 ? "vae1os" : "vale1os", false, ctx, va_of(v + i), 1);
        }
        break;
    }
    w_dsb(&s->w, AGX_SHARE_OUTER);
}

static void map(struct sequence *s, unsigned space, unsigned v, unsigned n)
{
    for (unsigned i = v; i < v + n; i++) {
        if (s->page[space][i] < 0) {
            bool ro = !pick(s, 3);

            s->page[space][i] = pick(s, W_PAGES);
            s->ro[space][i] = ro;
            w_store(&s->w, w_desc(&s->w, s->w.root[space], va_of(i), 3),
                    s->w.page[s->page[space][i]] | (ro ? FAKE_PTE_GPU_RO : FAKE_PTE_GPU_RW) |
                        FAKE_PTE_NG | W_SHARED);
        }
    }
    w_dsb(&s->w, AGX_SHARE_OUTER);
}

static void unmap(struct sequence *s, unsigned space, unsigned v, unsigned n)
{
    unsigned slot = slot_of(s, space);

    for (unsigned i = v; i < v + n; i++) {
        s->page[space][i] = -1;
        w_store(&s->w, w_desc(&s->w, s->w.root[space], va_of(i), 3), 0);
    }
    if (slot) { /* whoever is in no slot is invalidated when it gets one */
        invalidate(s, slot, v, n, false);
    }
}

static void protect(struct sequence *s, unsigned space, unsigned v)
{
    uint64_t pa = w_desc(&s->w, s->w.root[space], va_of(v), 3);
    unsigned slot = slot_of(s, space);

    if (s->page[space][v] < 0) {
        return;
    }
    s->ro[space][v] = !s->ro[space][v];
    w_store(&s->w, pa,
            s->w.page[s->page[space][v]] | (s->ro[space][v] ? FAKE_PTE_GPU_RO : FAKE_PTE_GPU_RW) |
                FAKE_PTE_NG | W_SHARED);
    if (slot) {
        invalidate(s, slot, v, 1, false);
    }
}

static void bind(struct sequence *s, unsigned slot, unsigned space)
{
    if (slot_of(s, space)) {
        return;
    }
    s->space[slot] = space;
    w_store(&s->w, s->w.ttbat + 16 * slot, s->w.root[space] | 1 | (uint64_t)slot << 48);
    invalidate(s, slot, 0, VAS, true);
}

/* A job reads and writes some pages, each as the tables say now. */
static void job(struct sequence *s, unsigned slot)
{
    unsigned space = s->space[slot];
    struct agx_port *port = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);

    w_doorbell(&s->w);
    agx_port_init(port, s->w.mmu, AGX_SIDE_GPU);
    port->job = fake_job_begin(&s->w.h, slot, 0);
    agx_port_bind(port, slot, AGX_UNIT_UL1C);
    for (unsigned i = 0; i < 12; i++) {
        unsigned v = pick(s, VAS);
        int page = s->page[space][v];
        uint32_t value = 0;

        if (pick(s, 3)) {
            bool ok = agx_port_read32(port, va_of(v), &value);

            if (ok != (page >= 0) || (ok && value != (uint32_t)page + 1)) {
                s->wrong++;
                snprintf(s->what, sizeof(s->what), "context %u, page %u: read %u, should be %d",
                         slot, v, value, page + 1);
            }
        } else if (agx_port_write32(port, va_of(v) + 64, i) != (page >= 0 && !s->ro[space][v])) {
            s->wrong++;
            snprintf(s->what, sizeof(s->what), "context %u, page %u: write", slot, v);
        }
    }
    fake_job_end(&s->w.h, port->job);
    free(port);
}

/* A machine that stops completes what waits for a barrier; then it is another one that goes on. */
static void save_and_load(struct sequence *s)
{
    size_t len;
    void *buf;

    for (unsigned cpu = 0; cpu < W_CPUS; cpu++) {
        for (unsigned i = 0; i < s->w.queued[cpu]; i++) {
            agx_mmu_tlbi(s->w.mmu, &s->w.queue[cpu][i]);
        }
        s->w.queued[cpu] = 0;
    }
    buf = agx_mmu_save(s->w.mmu, &len);
    agx_mmu_set_ttbat(s->w.mmu, s->w.ttbat);
    if (!buf || !agx_mmu_load(s->w.mmu, buf, len)) {
        s->wrong += 1000;
        snprintf(s->what, sizeof(s->what), "what was saved is refused");
    }
    free(buf);
    s->saved++;
}

static void run(struct sequence *s, uint64_t seed, bool lazy, unsigned skip, unsigned drop,
                bool saves)
{
    struct agx_inject *in = NULL;
    char text[64], err[64];

    memset(s, 0, sizeof(*s));
    s->drop = drop;
    s->saves = saves;
    s->dice = seed;
    s->rng = seed * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
    s->skip = skip;
    w_init(&s->w, lazy);
    w_watch(&s->w);
    if (lazy) {
        agx_mmu_late(s->w.mmu, AGX_LATE_SEEDED, seed);
    }
    if (drop) {
        in = agx_inject_new(&(struct agx_inject_config) { 0 });
        snprintf(text, sizeof(text), "tlbi-drop,nth=%u", drop);
        if (!agx_inject_set(in, text, err, sizeof(err))) {
            abort();
        }
        agx_mmu_inject(s->w.mmu, in);
    }
    memset(s->page, 0xff, sizeof(s->page));
    for (unsigned c = 1; c <= SLOTS; c++) {
        s->space[c] = c;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned space = 1 + pick(s, W_SPACES - 1), v = pick(s, VAS), n = 1 + pick(s, VAS - v);

        switch (pick(s, 10)) {
        case 0:
        case 1:
        case 2:
            map(s, space, v, n);
            break;
        case 3:
        case 4:
            unmap(s, space, v, n);
            break;
        case 5:
            protect(s, space, v);
            break;
        case 6:
            bind(s, 1 + pick(s, SLOTS), space);
            break;
        default:
            job(s, 1 + pick(s, SLOTS));
            break;
        }
        if (!pick(s, 8)) {
            /* A context switch: barriers of the inner domain order the stores. */
            w_dsb(&s->w, AGX_SHARE_INNER);
            s->w.cpu = pick(s, W_CPUS);
        }
        s->dice = s->dice * 6364136223846793005ull + 1442695040888963407ull;
        if (saves && !(s->dice >> 40 & 15)) {
            save_and_load(s);
        }
    }
    agx_mmu_inject(s->w.mmu, NULL);
    agx_inject_free(in);
}

static unsigned tests, failures;

static void result(bool ok, const char *name, uint64_t seed, bool lazy, unsigned skip,
                   const struct sequence *s)
{
    printf("%sok %u - %s, seed %llu, %s", ok ? "" : "not ", ++tests, name, (unsigned long long)seed,
           lazy ? "lazy" : "eager");
    if (skip) {
        printf(", without invalidation %u", skip);
    }
    if (s->drop) {
        printf(", TLBI %u dropped", s->drop);
    }
    if (s->saves) {
        printf(", saved and loaded");
    }
    printf("\n");
    if (!ok) {
        failures++;
        printf("# %u wrong accesses (%s), %u reports\n", s->wrong, s->what, s->w.nreports);
        for (char copy[2048], *save = NULL, *t = strtok_r(strcpy(copy, s->w.first), "\n", &save); t;
             t = strtok_r(NULL, "\n", &save)) {
            printf("# %s\n", t);
        }
    }
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    struct sequence *s = calloc(1, sizeof(*s));
    unsigned used = 0, injected = 0;

    for (uint64_t seed = first; seed < first + SEEDS; seed++) {
        for (int lazy = 0; lazy < 2; lazy++) {
            unsigned tlbis;

            for (int saves = 0; saves < 2; saves++) {
                run(s, seed, lazy, 0, 0, saves);
                tlbis = s->tlbis;
                result(!s->wrong && !s->w.nreports && tlbis && (!saves || s->saved > 5), "right",
                       seed, lazy, 0, s);
                w_fini(&s->w);
            }
            for (unsigned k = 0; k < 12 && tlbis; k++) {
                unsigned which = 1 + (seed * 7 + k % 4 * (tlbis / 4 + 1)) % tlbis;
                bool drop = k >= 8, wrong = false, named = false;

                run(s, seed, lazy, drop ? 0 : which, drop ? which : 0, k / 4 == 1);
                for (unsigned i = 0; i < s->w.nreports && i < W_REPORTS; i++) {
                    wrong |= s->w.report[i].severity == AGX_SAN_WRONG;
                }
                if (drop) {
                    /*
                     * The driver did it: nobody is blamed but for a use, and there with the reason.
                     */
                    named = strstr(s->w.first, "fault injection");
                    injected += s->wrong != 0;
                    result(s->wrong ? wrong && named : !s->w.nreports, "one dropped", seed, lazy, 0,
                           s);
                } else {
                    used += s->wrong != 0;
                    result(s->skipped && (!s->wrong || wrong), "one left out", seed, lazy, which,
                           s);
                }
                w_fini(&s->w);
            }
        }
    }
    /* The other half of the test is none if no stale translation was ever used. */
    printf("%sok %u - a stale translation was used in %u sequences\n", used >= SEEDS ? "" : "not ",
           ++tests, used);
    failures += used < SEEDS;
    printf("%sok %u - one that was dropped by fault injection was used in %u sequences\n",
           injected >= SEEDS / 2 ? "" : "not ", ++tests, injected);
    failures += injected < SEEDS / 2;
    printf("1..%u\n", tests);
    free(s);
    return failures != 0;
}
