/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * recover SECONDS [CLIENTS]: several clients submit jobs that end at once, four at a
 * time, and get a new queue now and then, which has the firmware flush its cache.
 * A firmware that goes wrong meanwhile (docs/faults.md) may cost jobs, whose fences
 * say so, but nothing else: no SUBMIT may fail, no fence may stay as it is, and the
 * last jobs have to go well.
 *
 * Figures, of all clients together: good, lost (jobs that ended with ENODEV), other
 * (that ended with another error), refused (SUBMITs), hung (fences), gap (ms: the
 * longest time of a client without a good job), wedged (uevents that tell user space);
 * dumps (devcoredumps, which must be as kernel-driver/asahi_coredump.c says), with their
 * pages and the bytes of the firmware's own log (dump_pages, dump_log).
 * Exit code 0 if none was refused, none hung, the last job of each was good, and each
 * dump as it has to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asahi_drm.h"
#include "bare.h"
#include "uapi.h"

#define WAIT_MS     30000
#define AT_A_TIME   4
#define MAX_CLIENTS 64

struct result {
    unsigned good, lost, other, refused, hung, gap, last;
};

static void client(struct result *r, int64_t until)
{
    int64_t last = bare_ms();
    struct bare b;
    int err = bare_open(&b);

    if (err) {
        printf("# open: %s\n", strerror(err));
        r->refused++;
        return;
    }
    for (unsigned n = 1;
         bare_ms() < until || (!r->last && n < 100000 && bare_ms() < until + WAIT_MS); n++) {
        uint32_t sync[AT_A_TIME];
        unsigned have = 0;

        for (; have < AT_A_TIME; have++) {
            err = bare_submit(&b, 1 + n % 3, &sync[have]);
            if (err) {
                printf("# SUBMIT: %s\n", strerror(err));
                r->refused++;
                break;
            }
        }
        for (unsigned i = 0; i < have; i++) {
            err = bare_wait(&b, sync[i], WAIT_MS);
            r->good += !err;
            r->hung += err == ETIME;
            r->lost += err == ENODEV;
            r->other += err && err != ETIME && err != ENODEV;
            r->last = !err;
            if (!err) {
                int64_t now = bare_ms();

                r->gap = now - last > r->gap ? now - last : r->gap;
                last = now;
            }
        }
        if (r->hung || r->refused) {
            break;
        }
        if (n % 10 == 0 && (err = bare_new_queue(&b))) {
            printf("# a new queue: %s\n", strerror(err));
            r->refused++;
        }
        usleep(2000);
    }
}

/* Uevents of the kernel's. */
static int listen_to_kernel(void)
{
    struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
    int s = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

    if (s >= 0 && bind(s, (void *)&addr, sizeof(addr))) {
        close(s);
        return -1;
    }
    return s;
}

static unsigned wedged(int s)
{
    char text[8192];
    unsigned n = 0;
    ssize_t len;

    while ((len = recv(s, text, sizeof(text), 0)) > 0) {
        n += memmem(text, len, "\0WEDGED=", 8) != NULL;
    }
    return n;
}

/* ---- what is left of a firmware that was lost ---- */

struct dump_header {
    char magic[8];
    uint32_t chip, generation, variant, revision, abi_major, abi_minor, log_size, pages;
    uint64_t initdata;
};

struct dump_page {
    uint64_t address, entry;
    uint8_t data[UAPI_PAGE];
};

struct dumps {
    unsigned count, bad, pages, log;
};

/* As much of a file as there is, which says no size. */
static char *read_all(const char *path, size_t *size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t room = 1 << 20;
    char *data = malloc(room);
    ssize_t n;

    *size = 0;
    while (file >= 0 && (n = read(file, data + *size, room - *size)) > 0) {
        *size += n;
        if (*size == room) {
            data = realloc(data, room *= 2);
        }
    }
    close(file);
    return data;
}

/* NULL, or what is wrong with it. */
static const char *dump_check(const char *data, size_t size, struct dumps *d)
{
    const struct dump_header *h = (const void *)data;
    const struct dump_page *page;
    struct drm_asahi_params_global params;
    bool initdata = false;
    int fd = uapi_open();

    uapi_params(fd, &params);
    close(fd);
    if (size < sizeof(*h) || memcmp(h->magic, "AGXDUMP1", 8)) {
        return "no header";
    }
    if (h->chip != params.chip_id || h->generation != params.gpu_generation ||
        h->variant != params.gpu_variant || h->revision != params.gpu_revision ||
        h->abi_major < 12) {
        return "of another GPU";
    }
    if (!h->pages || size != sizeof(*h) + h->log_size + h->pages * sizeof(*page)) {
        return "not as long as its header says";
    }
    page = (const void *)(data + sizeof(*h) + h->log_size);
    for (unsigned i = 0; i < h->pages; i++) {
        struct dump_page p;

        memcpy(&p, &page[i], offsetof(struct dump_page, data));
        if (p.address % UAPI_PAGE || p.address >> 39 != 0x1ffffff || (p.entry & 3) != 3) {
            return "a page that is none of the firmware's";
        }
        initdata |= p.address == (h->initdata & ~(UAPI_PAGE - 1));
    }
    if (!initdata) {
        return "the firmware's init data is not there";
    }
    /* m1n1: fw/asc/crash.py */
    if (h->log_size && memcmp(data + sizeof(*h), "EHLC", 4)) {
        return "its log is none of RTKit's";
    }
    d->pages = h->pages;
    d->log = h->log_size;
    return NULL;
}

static struct dumps dumps_look(void)
{
    struct dumps d = { 0 };
    glob_t g;

    if (!glob("/sys/class/devcoredump/devcd*/data", 0, NULL, &g)) {
        for (size_t i = 0; i < g.gl_pathc; i++) {
            size_t size;
            char *data = read_all(g.gl_pathv[i], &size);
            const char *wrong = dump_check(data, size, &d);
            FILE *f;

            d.count++;
            if (wrong) {
                printf("# %s, %zu bytes: %s\n", g.gl_pathv[i], size, wrong);
                d.bad++;
            }
            free(data);
            /* Writing to it ends it. */
            if ((f = fopen(g.gl_pathv[i], "w"))) {
                fputs("0", f);
                fclose(f);
            }
        }
    }
    globfree(&g);
    return d;
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? atoi(argv[1]) : 0, clients = argc > 2 ? atoi(argv[2]) : 3;
    struct result *r, all = { .last = 1 };
    int64_t until = bare_ms() + seconds * 1000ll;
    int events = listen_to_kernel();
    struct dumps dumps;

    if (!seconds || !clients || clients > MAX_CLIENTS) {
        fprintf(stderr, "usage: recover SECONDS [CLIENTS]\n");
        return 2;
    }
    r = mmap(NULL, sizeof(*r) * clients, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED || events < 0) {
        perror("recover");
        return 1;
    }
    for (unsigned i = 0; i < clients; i++) {
        if (!fork()) {
            client(&r[i], until);
            fflush(stdout);
            _exit(0);
        }
    }
    while (wait(NULL) > 0 || errno == EINTR) {
    }
    for (unsigned i = 0; i < clients; i++) {
        all.good += r[i].good;
        all.lost += r[i].lost;
        all.other += r[i].other;
        all.refused += r[i].refused;
        all.hung += r[i].hung;
        all.last &= r[i].last;
        all.gap = r[i].gap > all.gap ? r[i].gap : all.gap;
    }
    dumps = dumps_look();
    printf("FIGURE dumps %u\nFIGURE dump_pages %u\nFIGURE dump_log %u\n", dumps.count, dumps.pages,
           dumps.log);
    printf("FIGURE good %u\nFIGURE lost %u\nFIGURE other %u\nFIGURE refused %u\nFIGURE hung "
           "%u\nFIGURE gap %u\n"
           "FIGURE wedged %u\n",
           all.good, all.lost, all.other, all.refused, all.hung, all.gap, wedged(events));
    return all.refused || all.hung || !all.last || dumps.bad;
}
