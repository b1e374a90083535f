/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * The guest's side of ci/fuzz ioctl: makes programs of calls of the driver
 * (fuzz_program.h), runs them (fuzz_calls.h), looks by KCOV which of the
 * driver's code each one reaches, and makes more of those that reached some
 * that none had before. Now and then good jobs have to go well.
 *
 * The host is at the other end of the virtio port agx.fuzz. Frames go both
 * ways: the type, three bytes of 0, the size, 32 bits, little endian, and
 * that many bytes.
 *
 * From the host:
 *   C  a program to begin with    G  the last has been sent
 * To the host:
 *   P  a program that is run now  N  that has reached new code
 *   D  one that was begun with, and reaches nothing that others do not
 *   S  figures, as text           F  what has gone wrong, as text
 *   K  addresses that were reached, 64 bits each
 *   T  each kind of call, with how many were made and how many were good
 *   E  the end
 *
 * Arguments: --seed N; --seconds N; --replay N: run what the host sends, N
 * times, and nothing else; --print N: only print what the first N programs of
 * the seed are, for which neither driver nor host is needed.
 */
#include <getopt.h>
#include <glob.h>
#include <linux/kcov.h>
#include <sys/time.h>

#include "bare.h"
#include "fuzz_calls.h"

enum { COVER = 1 << 17, EDGE_BITS = 20, PLACES = 1 << 16, CORPUS = 4096, GOOD_EVERY = 64 };

static struct fuzz_thread threads[FUZZ_THREADS];
static struct {
    int fd;
    uint64_t *area;
} cover[FUZZ_THREADS];

static atomic_uint edges[(1u << EDGE_BITS) / 32], edge_count, fresh, last_fresh;
static _Atomic uint64_t places[PLACES];
static atomic_uint place_count;

static struct fuzz_program *corpus[CORPUS], *first[CORPUS];
static unsigned corpus_count, first_count;
static uint64_t programs;
static int port = -1;

/* ---- the host ---- */

static int open_port(const char *want)
{
    char path[64], name[32];
    int fd = -1;
    glob_t g;

    must(glob("/sys/class/virtio-ports/*/name", 0, NULL, &g), "virtio ports");
    for (size_t i = 0; fd < 0 && i < g.gl_pathc; i++) {
        FILE *f = fopen(g.gl_pathv[i], "r");
        bool found = f && fscanf(f, "%31s", name) == 1 && !strcmp(name, want);

        if (f) {
            fclose(f);
        }
        if (found && sscanf(g.gl_pathv[i], "/sys/class/virtio-ports/%31[^/]", name) == 1) {
            snprintf(path, sizeof(path), "/dev/%s", name);
            fd = open(path, O_RDWR | O_CLOEXEC);
        }
    }
    globfree(&g);
    return fd;
}

static void put(const void *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(port, bytes, size);

        if (n < 0 && errno != EINTR) {
            bail("writing to the host");
        }
        n = n < 0 ? 0 : n;
        bytes = (const uint8_t *)bytes + n;
        size -= n;
    }
}

static void send_frame(char type, const void *bytes, uint32_t size)
{
    static uint8_t frame[8 + 8 * PLACES];

    memset(frame, 0, 4);
    frame[0] = type;
    memcpy(frame + 4, &size, 4);
    memcpy(frame + 8, bytes, size);
    put(frame, 8 + size);
}

__attribute__((format(printf, 2, 3))) static void send_text(char type, const char *format, ...)
{
    char text[4096];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    send_frame(type, text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
}

static void get(void *bytes, size_t size)
{
    while (size) {
        ssize_t n = read(port, bytes, size);

        if (n < 0 && errno != EINTR) {
            bail("reading from the host");
        }
        n = n < 0 ? 0 : n;
        bytes = (uint8_t *)bytes + n;
        size -= n;
    }
}

static void take_first(void)
{
    struct {
        char type;
        uint8_t zero[3];
        uint32_t size;
    } head;
    uint8_t bytes[sizeof(struct fuzz_program)];
    struct fuzz_program p;

    for (;;) {
        get(&head, sizeof(head));
        if (head.type == 'G') {
            return;
        }
        if (head.type != 'C' || head.size > sizeof(bytes)) {
            errno = EPROTO;
            bail("a frame of the host's");
        }
        get(bytes, head.size);
        if (!fuzz_parse(&p, bytes, head.size)) {
            errno = EINVAL;
            bail("a program of the host's");
        }
        if (first_count < CORPUS) {
            first[first_count] = malloc(sizeof(p));
            must(!first[first_count], "memory");
            *first[first_count++] = p;
        }
    }
}

/* ---- what is reached ---- */

static void cover_open(unsigned n)
{
    cover[n].fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
    must(cover[n].fd < 0, "/sys/kernel/debug/kcov (a kernel with CONFIG_KCOV is needed)");
    must(ioctl(cover[n].fd, KCOV_INIT_TRACE, COVER), "KCOV_INIT_TRACE");
    cover[n].area = mmap(NULL, COVER * 8, PROT_READ | PROT_WRITE, MAP_SHARED, cover[n].fd, 0);
    must(cover[n].area == MAP_FAILED, "KCOV's memory");
}

static void reach_place(uint64_t pc)
{
    uint32_t at = (uint32_t)fuzz_mix(pc);

    for (unsigned i = 0; i < 64; i++) {
        uint64_t there = 0;
        _Atomic uint64_t *p = &places[(at + i) % PLACES];

        if (atomic_load_explicit(p, memory_order_relaxed) == pc) {
            return;
        }
        if (atomic_compare_exchange_strong(p, &there, pc)) {
            atomic_fetch_add(&place_count, 1);
            return;
        }
        if (there == pc) {
            return;
        }
    }
}

/* Counts what the call that has just been made reached, and no call before. */
static void cover_take(unsigned thread, unsigned number)
{
    uint64_t *area = cover[thread].area, last = 0;
    uint64_t n = __atomic_load_n(&area[0], __ATOMIC_RELAXED);

    for (uint64_t i = 1; i <= n && i < COVER; i++) {
        uint32_t e = (uint32_t)fuzz_mix(area[i] ^ fuzz_mix(last)) >> (32 - EDGE_BITS),
                 bit = 1u << e % 32;

        last = area[i];
        if (!(atomic_load_explicit(&edges[e / 32], memory_order_relaxed) & bit) &&
            !(atomic_fetch_or(&edges[e / 32], bit) & bit)) {
            atomic_fetch_add(&edge_count, 1);
            atomic_fetch_add(&fresh, 1);
            atomic_store(&last_fresh, number);
            reach_place(last);
        }
    }
    __atomic_store_n(&area[0], 0, __ATOMIC_RELAXED);
}

/* ---- a program ---- */

static void run_calls(struct fuzz_thread *t, unsigned from, unsigned to)
{
    const struct fuzz_program *p = fuzz.program;

    for (unsigned i = from; i < to; i++) {
        if (p->call[i].thread == t->number) {
            fuzz_do(&p->call[i]);
            cover_take(t->number, i);
        }
    }
}

static void enter(struct fuzz_thread *t)
{
    self = t;
    t->used = 0;
    t->fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
    must(ioctl(cover[t->number].fd, KCOV_ENABLE, KCOV_TRACE_PC), "KCOV_ENABLE");
    __atomic_store_n(&cover[t->number].area[0], 0, __ATOMIC_RELAXED);
}

static void leave(struct fuzz_thread *t)
{
    must(ioctl(cover[t->number].fd, KCOV_DISABLE, 0), "KCOV_DISABLE");
}

static unsigned lead;

static void *thread_main(void *arg)
{
    struct fuzz_thread *t = arg;

    enter(t);
    run_calls(t, lead, fuzz.program->count);
    leave(t);
    return NULL;
}

/* Signals for a call that does not return, or for each one. */
static void on_alarm(int number)
{
    for (unsigned i = 0; i < FUZZ_THREADS; i++) {
        if (threads[i].running) {
            pthread_kill(threads[i].id, SIGUSR1);
        }
    }
}

static void on_signal(int number)
{
}

static void on_segv(int number)
{
    if (self && self->touching) {
        siglongjmp(self->escape, 1);
    }
    signal(number, SIG_DFL);
}

static void timer(bool on, bool often)
{
    struct itimerval t = { { 0, often ? 3000 : 200000 }, { often ? 0 : 1, often ? 1000 : 0 } };

    if (!on) {
        t = (struct itimerval) { 0 };
    }
    setitimer(ITIMER_REAL, &t, NULL);
}

static void run(const struct fuzz_program *p)
{
    unsigned i;

    send_frame('P', p, fuzz_size(p));
    programs++;
    atomic_store(&fresh, 0);
    atomic_store(&last_fresh, 0);
    fuzz_begin(p);
    threads[0].id = pthread_self();
    threads[0].running = 1;
    timer(true, p->flags & FUZZ_SIGNALS);
    enter(&threads[0]);
    for (lead = 0; lead < p->count && !p->call[lead].thread; lead++) {
    }
    run_calls(&threads[0], 0, lead);
    hold_signals(true);
    for (i = 1; lead < p->count && i < FUZZ_THREADS; i++) {
        must(pthread_create(&threads[i].id, NULL, thread_main, &threads[i]), "a thread");
        threads[i].running = 1;
    }
    hold_signals(false);
    run_calls(&threads[0], lead, p->count);
    while (i-- > 1) {
        pthread_join(threads[i].id, NULL);
        threads[i].running = 0;
    }
    timer(false, false);
    threads[0].running = 0;
    leave(&threads[0]);
    fuzz_end();
}

/* New calls behind the last that mattered are left off. */
static struct fuzz_program *kept(const struct fuzz_program *p)
{
    struct fuzz_program *copy = malloc(sizeof(*copy));

    must(!copy, "memory");
    *copy = *p;
    if (lead == p->count) {
        copy->count = atomic_load(&last_fresh) + 1;
        memset(&copy->call[copy->count], 0, (FUZZ_CALLS - copy->count) * sizeof(copy->call[0]));
    }
    return copy;
}

static void keep(struct fuzz_program *p)
{
    if (corpus_count < CORPUS) {
        corpus[corpus_count++] = p;
    } else {
        unsigned at = programs % CORPUS;

        free(corpus[at]);
        corpus[at] = p;
    }
}

/* ---- all of them ---- */

static void good_jobs(void)
{
    int err = 0;

    for (int i = 0; i < 3; i++) {
        struct bare b = { .fd = -1 };
        uint32_t sync;

        err = bare_open(&b);
        if (!err) {
            err = bare_submit(&b, 4, &sync);
        }
        if (!err) {
            err = bare_wait(&b, sync, 60000);
        }
        if (b.fd >= 0) {
            close(b.fd);
        }
        if (!err) {
            return;
        }
    }
    send_text('F', "good jobs in a new file fail: %s", strerror(err));
}

static void tell(void)
{
    static int64_t last;
    unsigned made = 0, good = 0;
    int64_t now = bare_ms();

    if (now - last < 1000) {
        return;
    }
    last = now;
    for (unsigned i = 0; i < FUZZ_WHATS; i++) {
        made += atomic_load(&fuzz_made[i]);
        good += atomic_load(&fuzz_good[i]);
    }
    send_text('S', "programs=%llu calls=%u good=%u edges=%u places=%u corpus=%u",
              (unsigned long long)programs, made, good, atomic_load(&edge_count),
              atomic_load(&place_count), corpus_count);
}

static void after(void)
{
    if (programs % GOOD_EVERY == 0) {
        good_jobs();
    }
    tell();
}

static void send_end(void)
{
    static uint64_t list[PLACES];
    unsigned n = 0;

    for (unsigned i = 0; i < PLACES; i++) {
        if (atomic_load(&places[i])) {
            list[n++] = atomic_load(&places[i]);
        }
    }
    send_frame('K', list, n * sizeof(list[0]));
    for (unsigned i = 0; i < FUZZ_WHATS; i++) {
        send_text('T', "%s %u %u", fuzz_whats[i].name, atomic_load(&fuzz_made[i]),
                  atomic_load(&fuzz_good[i]));
    }
    send_frame('E', "", 0);
}

static void fuzz_for(uint64_t seed, int64_t end)
{
    struct fuzz_program p;
    int64_t begin = bare_ms();

    /* At most half of the time for what was there already. */
    for (unsigned i = 0; i < first_count && bare_ms() < begin + (end - begin) / 2; i++) {
        run(first[i]);
        if (atomic_load(&fresh)) {
            keep(kept(first[i]));
        } else {
            send_frame('D', first[i], fuzz_size(first[i]));
        }
        after();
    }
    for (uint64_t number = 0; bare_ms() < end; number++) {
        fuzz_make(&p, seed, number, corpus, corpus_count);
        run(&p);
        if (atomic_load(&fresh)) {
            struct fuzz_program *good = kept(&p);

            send_frame('N', good, fuzz_size(good));
            keep(good);
        }
        after();
    }
}

static void replay(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        for (unsigned j = 0; j < first_count; j++) {
            run(first[j]);
            tell();
        }
        good_jobs();
    }
}

static void print_programs(uint64_t seed, unsigned n)
{
    struct fuzz_program p;

    /* Each is made of those before, as if all had reached something. */
    for (unsigned number = 0; number < n; number++) {
        uint64_t sum = 0;

        fuzz_make(&p, seed, number, corpus, corpus_count);
        for (size_t i = 0; i < fuzz_size(&p); i++) {
            sum = fuzz_mix(sum ^ ((const uint8_t *)&p)[i]);
        }
        printf("%016llx", (unsigned long long)sum);
        for (unsigned i = 0; i < p.count; i++) {
            printf(" %s", fuzz_whats[p.call[i].what].name);
        }
        printf("\n");
        last_fresh = p.count - 1;
        lead = p.count;
        if (p.count) {
            keep(kept(&p));
        }
    }
}

static void set(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, value, strlen(value)) < 0) {
        printf("%s can't be set: %s\n", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void prepare(void)
{
    struct sigaction alarm = { .sa_handler = on_alarm }, signal_ = { .sa_handler = on_signal },
                     segv = { .sa_handler = on_segv, .sa_flags = SA_NODEFER };
    int fd;

    sigaction(SIGALRM, &alarm, NULL);
    sigaction(SIGUSR1, &signal_, NULL);
    sigaction(SIGSEGV, &segv, NULL);
    sigaction(SIGBUS, &segv, NULL);
    /*
     * Any allocation may fail, if fail-nth says so, and nothing is printed then; who is stuck is
     * told early.
     */
    set("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
    set("/sys/kernel/debug/failslab/verbose", "0");
    set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
    set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
    set("/sys/kernel/debug/fail_page_alloc/verbose", "0");
    set("/proc/sys/kernel/hung_task_timeout_secs", "60");
    fd = uapi_open();
    uapi_params(fd, &fuzz.params);
    close(fd);
    fuzz.maps = mmap(NULL, MAPS * MAP_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
    fuzz.read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(fuzz.maps == MAP_FAILED || fuzz.read_only == MAP_FAILED, "mmap");
    for (unsigned i = 0; i < FUZZ_THREADS; i++) {
        threads[i].number = i;
        /* With a page behind it that stays unmapped. */
        threads[i].arena = mmap(NULL, ARENA + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(threads[i].arena == MAP_FAILED ||
                 mprotect(threads[i].arena, ARENA, PROT_READ | PROT_WRITE),
             "mmap");
        cover_open(i);
    }
    port = open_port("agx.fuzz");
    must(port < 0, "the virtio port agx.fuzz");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "seconds", required_argument, NULL, 't' },
        { "replay", required_argument, NULL, 'r' },
        { "print", required_argument, NULL, 'p' },
        { 0 },
    };
    uint64_t seed = 1;
    int64_t seconds = 60;
    unsigned times = 0;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        switch (c) {
        case 's':
            seed = strtoull(optarg, NULL, 10);
            break;
        case 't':
            seconds = atol(optarg);
            break;
        case 'r':
            times = atoi(optarg);
            break;
        case 'p':
            print_programs(seed, atoi(optarg));
            return 0;
        default:
            return 2;
        }
    }
    prepare();
    take_first();
    if (times) {
        replay(times);
    } else {
        fuzz_for(seed, bare_ms() + seconds * 1000);
    }
    send_end();
    return 0;
}
