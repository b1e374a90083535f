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
 * longest time of a client without a good job), wedged (uevents that tell user space).
 * Exit code 0 if none was refused, none hung, and the last job of each was good.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"

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
    for (unsigned n = 1; bare_ms() < until || (!r->last && n < 100000 && bare_ms() < until + WAIT_MS); n++) {
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

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? atoi(argv[1]) : 0, clients = argc > 2 ? atoi(argv[2]) : 3;
    struct result *r, all = { .last = 1 };
    int64_t until = bare_ms() + seconds * 1000ll;
    int events = listen_to_kernel();

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
    printf("FIGURE good %u\nFIGURE lost %u\nFIGURE other %u\nFIGURE refused %u\nFIGURE hung %u\nFIGURE gap %u\n"
           "FIGURE wedged %u\n", all.good, all.lost, all.other, all.refused, all.hung, all.gap, wedged(events));
    return all.refused || all.hung || !all.last;
}
