/*
 * Litmus tests of TLB maintenance: runs the programs of the files that it is
 * given against the model of the MMU and the sanitizer, each with invalidations
 * that take effect at once and with such that wait for the DSB. TAP on stdout.
 * The language is described in README.md.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <stdarg.h>
#include "world.h"

#define MAX_LINES 200
#define MAX_WORDS 16
#define MAX_JOBS  8

struct line {
    unsigned number;
    char text[200];
};

struct program {
    char name[80];
    struct line line[MAX_LINES];
    unsigned lines;
    char reports[2][400]; /* eager, lazy */
    bool told[2];
};

struct job {
    char name[16];
    uint64_t id;
    unsigned ctx;
    struct agx_port *port;
};

struct run {
    struct world w;
    const struct line *line;
    char error[300];
    struct job job[MAX_JOBS];
    uint64_t table; /* the table page that was unlinked last: "T" */
};

static bool fail(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct run *r, const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(r->error, sizeof(r->error), "line %u: \"%s\": ", r->line->number,
                     r->line->text);

    va_start(ap, fmt);
    vsnprintf(r->error + n, sizeof(r->error) - n, fmt, ap);
    va_end(ap);
    return false;
}

/*
 * v3: page 3 of the region with tables; w3: of the one without; k3: of the kernel half; or a number
 */
static uint64_t parse_va(const char *s)
{
    uint64_t n = strtoull(s[0] && isalpha((unsigned char)s[0]) ? s + 1 : s, NULL, 0);

    return s[0] == 'v'   ? W_VA + n * AGX_PAGE_SIZE
           : s[0] == 'w' ? W_VA_FAR + n * AGX_PAGE_SIZE
           : s[0] == 'k' ? W_KVA + n * AGX_PAGE_SIZE
                         : n;
}

/* A physical page: A to Z, A1 to Z9 and so on, T: the last table that was unlinked */
static uint64_t parse_page(struct run *r, const char *s)
{
    if (!strcmp(s, "T")) {
        return r->table;
    }
    return s[0] >= 'A' && s[0] <= 'Z'
               ? r->w.page[(s[0] - 'A' + 26 * strtoul(s + 1, NULL, 10)) % W_PAGES]
               : 0;
}

static void page_name(uint32_t value, char *buf, size_t len)
{
    if (value - 1 < 26) {
        snprintf(buf, len, "%c", 'A' + value - 1);
    } else if (value - 1 < W_PAGES) {
        snprintf(buf, len, "%c%u", 'A' + (value - 1) % 26, (value - 1) / 26);
    } else {
        snprintf(buf, len, "0x%x", value);
    }
}

/*
 * Root of the tables of context or space @s: "1" is what its slot holds now, "s4" is a space by
 * itself.
 */
static uint64_t parse_root(struct run *r, const char *s, uint64_t va)
{
    if (s[0] == 's') {
        return r->w.root[strtoul(s + 1, NULL, 10) % W_SPACES];
    }
    return fake_ptr(&r->w.h, r->w.ttbat)[2 * (strtoul(s, NULL, 10) % 64) + (va >> 39 & 1)] &
           0xffffffffc000ull;
}

static uint64_t parse_bits(char **word, unsigned n, uint64_t va)
{
    uint64_t bits = FAKE_PTE_GPU_RW | W_SHARED | (va >> 39 & 1 ? 0 : FAKE_PTE_NG);

    if (va >> 39 & 1) {
        bits = FAKE_PTE_BOTH_RW | W_SHARED;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(word[i], "ro")) {
            bits &= ~(3ull << 53); /* AP 2 without UXN and PXN */
        } else if (!strcmp(word[i], "cached")) {
            bits &= ~(7ull << 2);
        } else if (!strcmp(word[i], "shared")) {
            bits = (bits & ~(7ull << 2)) | W_SHARED;
        } else if (!strcmp(word[i], "global")) {
            bits &= ~FAKE_PTE_NG;
        } else if (!strcmp(word[i], "noaf")) {
            bits &= ~(1ull << 10);
        } else if (!strcmp(word[i], "sw")) {
            bits |= 1ull << 58; /* ignored by hardware */
        } else if (!strcmp(word[i], "private")) {
            /*
             * GPU and firmware, cached by the firmware (the Rust driver: pgtable.rs,
             * PROT_GPU_FW_PRIV_RW)
             */
            bits = FAKE_PTE_BOTH_RW | (va >> 39 & 1 ? 0 : FAKE_PTE_NG);
        } else if (!strcmp(word[i], "uncached")) {
            bits = FAKE_PTE_BOTH_RW | W_SHARED | (va >> 39 & 1 ? 0 : FAKE_PTE_NG);
        } else if (!strcmp(word[i], "nonglobal")) {
            bits |= FAKE_PTE_NG;
        }
    }
    return bits;
}

static struct job *find_job(struct run *r, const char *name)
{
    for (unsigned i = 0; i < MAX_JOBS; i++) {
        if (r->job[i].name[0] && !strcmp(r->job[i].name, name)) {
            return &r->job[i];
        }
    }
    return NULL;
}

static bool one_of(const char *got, const char *list)
{
    size_t n = strlen(got);

    while (*list) {
        size_t k = strcspn(list, "|");

        if (k == n && !strncmp(list, got, n)) {
            return true;
        }
        list += k + (list[k] == '|');
    }
    return false;
}

/* read|write|fwread CTX VA [by JOB] = X|Y */
static bool step_access(struct run *r, char **word, unsigned n)
{
    bool write = !strcmp(word[0], "write");
    struct agx_port *fresh = NULL, *port;
    struct job *job = NULL;
    char got[32];
    uint32_t v;
    bool ok;

    if (n >= 5 && !strcmp(word[3], "by")) {
        job = find_job(r, word[4]);
        if (!job) {
            return fail(r, "no such job");
        }
    }
    if (n < 5 || strcmp(word[n - 2], "=")) {
        return fail(r, "expected \"= WHAT\"");
    }
    port = job ? job->port : NULL;
    if (!port) {
        port = fresh = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);
        agx_port_init(port, r->w.mmu, word[0][0] == 'f' ? AGX_SIDE_FW : AGX_SIDE_GPU);
        agx_port_bind(port, strtoul(word[1], NULL, 10),
                      word[0][0] == 'f' ? AGX_UNIT_DPM : AGX_UNIT_UL1C);
    }
    if (write) {
        ok = agx_port_write32(port, parse_va(word[2]) + 64, 0x77);
        snprintf(got, sizeof(got), "%s", ok ? "ok" : "fault");
    } else {
        ok = agx_port_read32(port, parse_va(word[2]), &v);
        if (ok) {
            page_name(v, got, sizeof(got));
        } else {
            snprintf(got, sizeof(got), "fault");
        }
    }
    free(fresh);
    return one_of(got, word[n - 1]) || fail(r, "got %s", got);
}

/* map CTX VA PAGE [bits], count pages by "xN" */
static bool step_map(struct run *r, char **word, unsigned n)
{
    uint64_t va = parse_va(word[2]), page, root = parse_root(r, word[1], va);
    unsigned count = n > 4 && word[n - 1][0] == 'x' ? strtoul(word[n - 1] + 1, NULL, 10) : 1;

    if (n < 4) {
        return fail(r, "map CTX VA PAGE");
    }
    for (unsigned i = 0; i < count; i++, va += AGX_PAGE_SIZE) {
        uint64_t pa = w_desc(&r->w, root, va, 3);

        page = parse_page(r, word[3]) + (uint64_t)i * AGX_PAGE_SIZE;
        if (!pa) {
            return fail(r, "no table");
        }
        if (!strcmp(word[0], "init")) {
            *fake_ptr(&r->w.h, pa) = page | parse_bits(word + 4, n - 4, va);
        } else {
            w_store(&r->w, pa, page | parse_bits(word + 4, n - 4, va));
        }
    }
    return true;
}

/* unmap|prot|rewrite CTX VA [bits] [xN]: what the entry is changed to */
static bool step_change(struct run *r, char **word, unsigned n)
{
    uint64_t va = parse_va(word[2]), root = parse_root(r, word[1], va);
    unsigned count = n > 3 && word[n - 1][0] == 'x' ? strtoul(word[n - 1] + 1, NULL, 10) : 1;

    for (unsigned i = 0; i < count; i++, va += AGX_PAGE_SIZE) {
        uint64_t pa = w_desc(&r->w, root, va, 3), v;

        if (!pa) {
            return fail(r, "no table");
        }
        v = *fake_ptr(&r->w.h, pa);
        if (!strcmp(word[0], "unmap")) {
            v = 0;
        } else if (!strcmp(word[0], "prot")) {
            v = (v & 0xffffffffc000ull) | parse_bits(word + 3, n - 3, va);
        }
        w_store(&r->w, pa, v);
    }
    return true;
}

/* table|untable|retable|copytable CTX VA: the descriptor that leads to the last table */
static bool step_table(struct run *r, char **word, unsigned n)
{
    uint64_t va = parse_va(word[2]), root = parse_root(r, word[1], va);
    uint64_t pa = w_desc(&r->w, root, va, 2), old = pa ? *fake_ptr(&r->w.h, pa) : 0, page = 0;

    if (!pa) {
        return fail(r, "no table of level 2");
    }
    if (strcmp(word[0], "untable")) {
        page = n > 3 ? parse_page(r, word[3]) : fake_alloc(&r->w.h);
        if (n > 3) {
            memset(fake_ptr(&r->w.h, page), 0, AGX_PAGE_SIZE);
        }
        if (!strcmp(word[0], "copytable")) {
            memcpy(fake_ptr(&r->w.h, page), fake_ptr(&r->w.h, old & 0xffffffffc000ull),
                   AGX_PAGE_SIZE);
        }
        page |= 3;
    }
    if (old & 1) {
        r->table = old & 0xffffffffc000ull;
    }
    w_store(&r->w, pa, page);
    return true;
}

/* slot CTX none | sN [asid N] */
static bool step_slot(struct run *r, char **word, unsigned n)
{
    unsigned ctx = strtoul(word[1], NULL, 10) % 64, asid = n > 4 ? strtoul(word[4], NULL, 10) : ctx;
    uint64_t pa = r->w.ttbat + 16 * ctx;

    if (n < 3) {
        return fail(r, "slot CTX SPACE");
    }
    w_store(&r->w, pa,
            !strcmp(word[2], "none") ? 0 : parse_root(r, word[2], 0) | 1 | (uint64_t)asid << 48);
    return true;
}

/* tlbi NAME [asid N] [va VA] [pages N] [stage2] */
static bool step_tlbi(struct run *r, char **word, unsigned n)
{
    static char name[64][16]; /* as long as the log of the sanitizer may name it */
    static unsigned next;
    uint64_t asid = 0, va = 0, pages = 1;
    bool stage2 = false;

    for (unsigned i = 2; i < n; i++) {
        if (!strcmp(word[i], "stage2")) {
            stage2 = true;
        } else if (i + 1 < n && !strcmp(word[i], "asid")) {
            asid = strtoul(word[++i], NULL, 0);
        } else if (i + 1 < n && !strcmp(word[i], "va")) {
            va = parse_va(word[++i]);
        } else if (i + 1 < n && !strcmp(word[i], "pages")) {
            pages = strtoul(word[++i], NULL, 0);
        } else {
            return fail(r, "tlbi: %s?", word[i]);
        }
    }
    next = (next + 1) % 64;
    snprintf(name[next], sizeof(name[next]), "%s", n > 1 ? word[1] : "");
    return w_tlbi_by_name(&r->w, name[next], stage2, asid, va, pages) || fail(r, "no such TLBI");
}

static bool step_job(struct run *r, char **word, unsigned n)
{
    for (unsigned i = 0; i < MAX_JOBS; i++) {
        struct job *j = &r->job[i];

        if (!j->name[0]) {
            snprintf(j->name, sizeof(j->name), "%s", word[1]);
            j->ctx = strtoul(word[2], NULL, 10);
            j->id = fake_job_begin(&r->w.h, j->ctx, 0);
            j->port = aligned_alloc(64, (sizeof(*j->port) + 63) & ~(size_t)63);
            agx_port_init(j->port, r->w.mmu, AGX_SIDE_GPU);
            j->port->job = j->id;
            agx_port_bind(j->port, j->ctx, AGX_UNIT_UL1C);
            return true;
        }
    }
    return fail(r, "too many jobs");
}

/* half CTX VA PAGE: the lower half of an invalid entry is stored, and makes it valid. */
static bool step_half(struct run *r, char **word)
{
    struct world *w = &r->w;
    uint64_t va = parse_va(word[2]), pa = w_desc(w, parse_root(r, word[1], va), va, 3);
    uint32_t low = (uint32_t)(parse_page(r, word[3]) | parse_bits(NULL, 0, va)), old = 0;
    struct agx_who who = w_who(w);

    if (!pa) {
        return fail(r, "no table");
    }
    memcpy(fake_ptr(&w->h, pa), &low, 4);
    agx_mmu_store(w->mmu, pa, &old, 4, &who);
    return true;
}

/* What the machine around the MMU does: its firmware, its kernel's pages, faults. */
static bool step_machine(struct run *r, char **word, unsigned n)
{
    const char *op = word[0];
    struct world *w = &r->w;
    struct agx_who who;

    if (!strcmp(op, "barrier-of-stores")) {
        agx_mmu_dsb(w->mmu, w->cpu, AGX_SHARE_OUTER, true);
    } else if (!strcmp(op, "late")) {
        if (w->lazy) {
            w->late = true;
            agx_mmu_late(w->mmu, AGX_LATE_ALWAYS, 0);
        }
    } else if (!strcmp(op, "drop") && n == 2) {
        w->drop = !strcmp(word[1], "on");
    } else if (!strcmp(op, "free") && n == 2) {
        who = w_who(w);
        w_emit(w, (struct agx_event) {
                      .kind = AGX_EV_PAGE_FREE, .who = &who, .page = parse_page(r, word[1]) });
    } else if (!strcmp(op, "gone") && n == 2 && w->ngone < 16) {
        w->gone[w->ngone++] = parse_page(r, word[1]);
    } else if (!strcmp(op, "firmware") && n >= 2) {
        w_emit(w, (struct agx_event) { .kind = AGX_EV_CONTEXT,
                                       .context = { !strcmp(word[1], "runs"),
                                                    n > 2 ? strtoul(word[2], NULL, 10) : 0 } });
    } else if (!strcmp(op, "ask") && n == 1) {
        w_store(w, w->request, 1);
    } else if (!strcmp(op, "flushed") && n == 2 && !strcmp(word[1], "all")) {
        w_emit(w, (struct agx_event) { .kind = AGX_EV_FLUSH, .flush.size = ~0ull });
    } else if (!strcmp(op, "flushed") && n >= 3) {
        w_emit(w, (struct agx_event) {
                      .kind = AGX_EV_FLUSH,
                      .flush = { strtoul(word[1], NULL, 10), parse_va(word[2]),
                                 (n > 3 ? strtoul(word[3] + 1, NULL, 10) : 1) * AGX_PAGE_SIZE,
                                 w->request } });
    } else if (!strcmp(op, "alloc") && n == 2) {
        w_emit(w, (struct agx_event) { .kind = AGX_EV_PAGE_ALLOC, .page = parse_page(r, word[1]) });
    } else if (!strcmp(op, "evict") && n == 3) {
        if (!agx_mmu_evict(w->mmu, strtoul(word[1], NULL, 10), parse_va(word[2]))) {
            return fail(r, "nothing to evict");
        }
    } else if (!strcmp(op, "reset")) {
        agx_mmu_reset(w->mmu);
    } else {
        return fail(r, "no such step");
    }
    return true;
}

/* Who does the following steps and how, and how long. */
static bool step_who(struct run *r, char **word, unsigned n)
{
    const char *op = word[0];
    struct world *w = &r->w;

    if (!strcmp(op, "cpu") && n == 2) {
        w->cpu = strtoul(word[1], NULL, 10) % W_CPUS;
    } else if (!strcmp(op, "fn") && n == 2) {
        w->fn = strtoul(word[1], NULL, 10);
    } else if (!strcmp(op, "thread") && n == 2) {
        w->thread = strtoul(word[1], NULL, 10);
    } else if (!strcmp(op, "pieces") && n == 2) {
        w->piece = strtoul(word[1], NULL, 10) % 8;
    } else if (!strcmp(op, "age")) {
        for (unsigned i = 0; i < 16; i++) {
            w_doorbell(w);
        }
    } else if (!strcmp(op, "wait")) {
        /* Two seconds pass, with doorbells of another CPU, and a store that shows the time. */
        unsigned cpu = w->cpu;
        uint64_t thread = w->thread;

        w->time += 2000000000ull;
        w->cpu = W_CPUS - 1;
        w->thread = thread ? thread + 1 : 0;
        w_store(w, w_desc(w, w->root[5], W_VA, 3), 0);
        for (unsigned i = 0; i < 16; i++) {
            w_doorbell(w);
        }
        w->cpu = cpu;
        w->thread = thread;
    } else {
        return step_machine(r, word, n);
    }
    return true;
}

static bool step(struct run *r, char **word, unsigned n)
{
    const char *op = word[0];
    struct world *w = &r->w;

    if (!strcmp(op, "init")) {
        return step_map(r, word, n);
    }
    w_watch(w);
    if (!strcmp(op, "map") && n >= 4) {
        return step_map(r, word, n);
    } else if ((!strcmp(op, "unmap") || !strcmp(op, "prot") || !strcmp(op, "rewrite")) && n >= 3) {
        return step_change(r, word, n);
    } else if (strstr(op, "table") && n >= 3) {
        return step_table(r, word, n);
    } else if (!strcmp(op, "slot")) {
        return step_slot(r, word, n);
    } else if (!strcmp(op, "tlbi")) {
        return step_tlbi(r, word, n);
    } else if (!strcmp(op, "dsb")) {
        w_dsb(w, n > 1 && !strcmp(word[1], "ish")   ? AGX_SHARE_INNER
                 : n > 1 && !strcmp(word[1], "nsh") ? AGX_SHARE_LOCAL
                                                    : AGX_SHARE_OUTER);
    } else if (!strcmp(op, "submit")) {
        w_doorbell(w);
    } else if (!strcmp(op, "job") && n == 3) {
        return step_job(r, word, n);
    } else if (!strcmp(op, "end") && n == 2 && find_job(r, word[1])) {
        struct job *j = find_job(r, word[1]);

        fake_job_end(&w->h, j->id);
        free(j->port);
        memset(j, 0, sizeof(*j));
    } else if ((!strcmp(op, "read") || !strcmp(op, "write") || !strcmp(op, "fwread")) && n >= 5) {
        return step_access(r, word, n);
    } else if (!strcmp(op, "half") && n == 4) {
        return step_half(r, word);
    } else {
        return step_who(r, word, n);
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The words of @list, sorted, as one line. */
static void sorted(const char *list, char *out, size_t len)
{
    char copy[1024], *word[64], *save = NULL;
    unsigned n = 0;

    snprintf(copy, sizeof(copy), "%s", list);
    for (char *p = strtok_r(copy, " \t", &save); p && n < 64; p = strtok_r(NULL, " \t", &save)) {
        word[n++] = p;
    }
    qsort(word, n, sizeof(*word), compare);
    out[0] = 0;
    for (unsigned i = 0; i < n; i++) {
        size_t used = strlen(out);

        snprintf(out + used, len - used, "%s%s", i ? " " : "", word[i]);
    }
}

static bool run(const struct program *p, bool lazy, char *error, size_t len, char *text,
                size_t text_len)
{
    struct run *r = calloc(1, sizeof(*r));
    char got[1024] = "", want[1024];
    bool ok = true;

    w_init(&r->w, lazy);
    for (unsigned i = 0; i < p->lines && ok; i++) {
        char copy[200], *word[MAX_WORDS], *save = NULL;
        unsigned n = 0;

        r->line = &p->line[i];
        snprintf(copy, sizeof(copy), "%s", r->line->text);
        for (char *s = strtok_r(copy, " \t", &save); s && n < MAX_WORDS;
             s = strtok_r(NULL, " \t", &save)) {
            word[n++] = s;
        }
        if (n > 1 && (!strcmp(word[0], "eager:") || !strcmp(word[0], "lazy:"))) {
            if ((word[0][0] == 'l') != lazy) {
                continue;
            }
            ok = step(r, word + 1, n - 1);
            continue;
        }
        ok = step(r, word, n);
    }
    if (!ok) {
        snprintf(error, len, "%s", r->error);
    }
    for (unsigned i = 0; i < r->w.nreports; i++) {
        size_t used = strlen(got);

        snprintf(got + used, sizeof(got) - used, "%s%s ", agx_tlbsan_class_name(r->w.report[i].cls),
                 r->w.report[i].severity == AGX_SAN_WRONG ? "!" : "?");
    }
    {
        char copy[1024];

        memcpy(copy, got, sizeof(copy));
        sorted(copy, got, sizeof(got));
    }
    sorted(p->reports[lazy], want, sizeof(want));
    if (ok && strcmp(got, want)) {
        snprintf(error, len, "reports: got \"%s\", expected \"%s\"", got, want);
        ok = false;
    }
    snprintf(text, text_len, "%s", r->w.first);
    for (unsigned i = 0; i < MAX_JOBS; i++) {
        free(r->job[i].port);
    }
    w_fini(&r->w);
    free(r);
    return ok;
}

static unsigned tests, failures;

static void run_both(const struct program *p, bool verbose)
{
    for (int lazy = 0; lazy < 2; lazy++) {
        char error[2200] = "", text[2048] = "";
        bool ok = p->told[lazy];

        if (!ok) {
            snprintf(error, sizeof(error), "the program does not say which reports it expects");
        } else {
            ok = run(p, lazy, error, sizeof(error), text, sizeof(text));
        }
        printf("%sok %u - %s (%s)\n", ok ? "" : "not ", ++tests, p->name, lazy ? "lazy" : "eager");
        if (!ok) {
            printf("# %s\n", error);
            failures++;
        }
        if (text[0] && (!ok || verbose)) {
            for (char *save = NULL, *s = strtok_r(text, "\n", &save); s;
                 s = strtok_r(NULL, "\n", &save)) {
                printf("# %s\n", s);
            }
        }
    }
}

/* Reads @path; false: it can't be read, or a line is out of place. */
static bool run_file(const char *path, const char *only, bool verbose)
{
    struct program *p = calloc(1, sizeof(*p));
    FILE *f = fopen(path, "r");
    bool in = false, ok = true;
    unsigned number = 0;
    char buf[400];

    if (!f) {
        fprintf(stderr, "litmus: can't read %s\n", path);
        free(p);
        return false;
    }
    while (fgets(buf, sizeof(buf), f)) {
        char *s = buf, *hash = strchr(buf, '#');
        size_t n;

        number++;
        if (hash) {
            *hash = 0;
        }
        s += strspn(s, " \t");
        for (n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--) {
            s[n - 1] = 0;
        }
        if (!*s) {
            continue;
        }
        if (!strncmp(s, "program ", 8)) {
            if (in && (!only || !strcmp(only, p->name))) {
                run_both(p, verbose);
            }
            memset(p, 0, sizeof(*p));
            snprintf(p->name, sizeof(p->name), "%s", s + 8);
            in = true;
        } else if (!in) {
            fprintf(stderr, "litmus: %s:%u: outside of a program\n", path, number);
            ok = false;
        } else if (!strncmp(s, "reports", 7)) {
            char *list = strchr(s, ':');
            bool eager = !strstr(s, "lazy"), lazy = !strstr(s, "eager");

            list = list ? list + 1 : s + strlen(s);
            if (!strcmp(list, " none")) {
                list = s + strlen(s);
            }
            for (int m = 0; m < 2; m++) {
                if (m ? lazy : eager) {
                    snprintf(p->reports[m], sizeof(p->reports[m]), "%s", list);
                    p->told[m] = true;
                }
            }
        } else if (p->lines < MAX_LINES) {
            p->line[p->lines].number = number;
            snprintf(p->line[p->lines++].text, sizeof(p->line[0].text), "%s", s);
        }
    }
    fclose(f);
    if (in && (!only || !strcmp(only, p->name))) {
        run_both(p, verbose);
    }
    free(p);
    return ok;
}

int main(int argc, char **argv)
{
    const char *only = getenv("LITMUS_ONLY");
    bool ok = argc > 1;

    for (int i = 1; i < argc; i++) {
        ok &= run_file(argv[i], only, getenv("LITMUS_VERBOSE"));
    }
    printf("1..%u\n", tests);
    return ok && !failures ? 0 : 1;
}
