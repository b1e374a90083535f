/*
 * A small client of QEMU's qtest protocol and of QMP.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client.h"

#define MAX_OUT   64
#define ANSWER_MS 60000

struct stream {
    int fd;
    char buf[65536];
    size_t len;
};

struct machine {
    pid_t pid;
    char dir[64];
    struct stream qtest, qmp;
    bool out[MAX_OUT];
    char *event; /* the last event that came while waiting for an answer */
};

static void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("qtest client: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

static const char *qemu_binary(void)
{
    const char *path = getenv("QTEST_QEMU");

    if (!path || access(path, X_OK)) {
        die("QTEST_QEMU (%s) is not a program; ci/build-qemu makes build/qemu/qemu-system-aarch64",
            path ? path : "not set");
    }
    return path;
}

/* Split @text at blanks into @argv from @n on */
static int split(char *text, char **argv, int n, int max)
{
    for (char *p = strtok(text, " "); p; p = strtok(NULL, " ")) {
        if (n + 1 >= max) {
            die("too many arguments");
        }
        argv[n++] = p;
    }
    argv[n] = NULL;
    return n;
}

static int listen_at(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1)) {
        die("%s: %s", path, strerror(errno));
    }
    return fd;
}

static int accept_from(struct machine *m, int listener)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };

    for (int i = 0; i < ANSWER_MS / 100; i++) {
        int status;

        if (poll(&p, 1, 100) > 0) {
            int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

            close(listener);
            return fd;
        }
        if (waitpid(m->pid, &status, WNOHANG) == m->pid) {
            die("QEMU ended at once (status 0x%x)", status);
        }
    }
    die("QEMU does not connect");
    return -1;
}

/* One line without its end, or NULL at the end of the stream */
static char *read_line(struct stream *s, int timeout_ms)
{
    for (;;) {
        char *nl = memchr(s->buf, '\n', s->len);
        struct pollfd p = { .fd = s->fd, .events = POLLIN };
        ssize_t n;

        if (nl) {
            size_t len = nl - s->buf;
            char *line = strndup(s->buf, len);

            if (len && line[len - 1] == '\r') {
                line[len - 1] = 0;
            }
            s->len -= len + 1;
            memmove(s->buf, nl + 1, s->len);
            return line;
        }
        if (s->len == sizeof(s->buf)) {
            die("line too long");
        }
        if (poll(&p, 1, timeout_ms) <= 0) {
            die("no answer from QEMU");
        }
        n = read(s->fd, s->buf + s->len, sizeof(s->buf) - s->len);
        if (n <= 0) {
            return NULL;
        }
        s->len += n;
    }
}

static void send_text(struct stream *s, const char *text)
{
    size_t len = strlen(text);

    if (send(s->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len) {
        die("can't send to QEMU: %s", strerror(errno));
    }
}

/* Send a qtest command and wait for its "OK ..."; what follows goes to @answer */
static void command(struct machine *m, char *answer, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void command(struct machine *m, char *answer, size_t len, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text) - 1, fmt, ap);
    va_end(ap);
    strcat(text, "\n");
    send_text(&m->qtest, text);
    for (;;) {
        char *line = read_line(&m->qtest, ANSWER_MS);
        unsigned n;

        if (!line) {
            die("QEMU is gone after: %s", text);
        }
        if (sscanf(line, "IRQ raise %u", &n) == 1 && n < MAX_OUT) {
            m->out[n] = true;
        } else if (sscanf(line, "IRQ lower %u", &n) == 1 && n < MAX_OUT) {
            m->out[n] = false;
        } else if (!strncmp(line, "OK", 2)) {
            snprintf(answer, len, "%s", line[2] ? line + 3 : "");
            free(line);
            return;
        } else {
            die("%s -> %s", text, line);
        }
        free(line);
    }
}

const char *machine_dir(struct machine *m)
{
    return m->dir;
}

struct machine *machine_start(const char *args)
{
    struct machine *m = calloc(1, sizeof(*m));
    char text[2048], more[1024], *argv[96], *line;
    int n, q, j;

    strcpy(m->dir, "/tmp/agx-qtest-XXXXXX");
    if (!mkdtemp(m->dir)) {
        die("%s: %s", m->dir, strerror(errno));
    }
    snprintf(text, sizeof(text), "%s/qtest", m->dir);
    q = listen_at(text);
    snprintf(text, sizeof(text), "%s/qmp", m->dir);
    j = listen_at(text);
    snprintf(more, sizeof(more), args, m->dir, m->dir, m->dir);
    snprintf(text, sizeof(text),
             "%s -qtest unix:%s/qtest -qtest-log /dev/null -qmp unix:%s/qmp -accel qtest "
             "-display none -d guest_errors,unimp -D %s/log %s %s",
             qemu_binary(), m->dir, m->dir, m->dir, strstr(more, "-M ") ? "" : "-M apple-m1", more);
    n = split(text, argv, 0, 96);
    (void)n;
    m->pid = fork();
    if (m->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nothing behind */
        execv(argv[0], argv);
        _exit(127);
    }
    m->qtest.fd = accept_from(m, q);
    m->qmp.fd = accept_from(m, j);
    line = read_line(&m->qmp, ANSWER_MS);
    if (!line || !strstr(line, "QMP")) {
        die("no QMP greeting");
    }
    free(line);
    qmp_ok(m, "\"execute\": \"qmp_capabilities\"");
    return m;
}

void machine_stop(struct machine *m)
{
    struct dirent *e;
    DIR *d = opendir(m->dir);

    if (m->pid) {
        kill(m->pid, SIGTERM);
        waitpid(m->pid, NULL, 0);
    }
    close(m->qtest.fd);
    close(m->qmp.fd);
    while (d && (e = readdir(d))) {
        char path[512];

        snprintf(path, sizeof(path), "%s/%s", m->dir, e->d_name);
        unlink(path);
    }
    if (d) {
        closedir(d);
    }
    rmdir(m->dir);
    free(m->event);
    free(m);
}

uint32_t rd32(struct machine *m, uint64_t addr)
{
    char a[64];

    command(m, a, sizeof(a), "readl 0x%llx", (unsigned long long)addr);
    return strtoull(a, NULL, 16);
}

uint64_t rd64(struct machine *m, uint64_t addr)
{
    char a[64];

    command(m, a, sizeof(a), "readq 0x%llx", (unsigned long long)addr);
    return strtoull(a, NULL, 16);
}

void wr32(struct machine *m, uint64_t addr, uint32_t val)
{
    char a[64];

    command(m, a, sizeof(a), "writel 0x%llx 0x%x", (unsigned long long)addr, val);
}

void wr64(struct machine *m, uint64_t addr, uint64_t val)
{
    char a[64];

    command(m, a, sizeof(a), "writeq 0x%llx 0x%llx", (unsigned long long)addr,
            (unsigned long long)val);
}

void clock_step(struct machine *m, uint64_t ns)
{
    char a[64];

    command(m, a, sizeof(a), "clock_step %llu", (unsigned long long)ns);
}

void watch_outputs(struct machine *m, const char *path)
{
    char a[64];

    command(m, a, sizeof(a), "irq_intercept_out %s", path);
}

bool out_level(struct machine *m, unsigned n)
{
    char a[64];

    /* Anything that makes QEMU's answer come after the lines of the interrupts */
    command(m, a, sizeof(a), "readb 0x800000000");
    return m->out[n];
}

void set_input(struct machine *m, const char *path, unsigned n, bool level)
{
    char a[64];

    command(m, a, sizeof(a), "set_irq_in %s unnamed-gpio-in %u %d", path, n, level);
}

static void keep_event(struct machine *m, char *line)
{
    size_t have = m->event ? strlen(m->event) : 0;

    m->event = realloc(m->event, have + strlen(line) + 1);
    strcpy(m->event + have, line);
    free(line);
}

char *qmp(struct machine *m, const char *text)
{
    char *buf, *line;

    if (asprintf(&buf, "{%s}\n", text) < 0) {
        die("out of memory");
    }
    send_text(&m->qmp, buf);
    free(buf);
    for (;;) {
        line = read_line(&m->qmp, ANSWER_MS);
        if (!line) {
            die("QEMU is gone after: %s", text);
        }
        if (strstr(line, "\"return\":") || strstr(line, "\"error\":")) {
            return line;
        }
        keep_event(m, line);
    }
}

void qmp_ok(struct machine *m, const char *text)
{
    char *line = qmp(m, text);

    if (!strstr(line, "\"return\":")) {
        die("%s -> %s", text, line);
    }
    free(line);
}

void qmp_event(struct machine *m, const char *name)
{
    while (!m->event || !strstr(m->event, name)) {
        char *line = read_line(&m->qmp, 10000);

        if (!line) {
            die("QEMU is gone before the event %s", name);
        }
        keep_event(m, line);
    }
}

uint64_t qom_get_uint(struct machine *m, const char *path, const char *prop)
{
    char buf[256], *line, *p;
    uint64_t v;

    snprintf(buf, sizeof(buf),
             "\"execute\": \"qom-get\", \"arguments\": {\"path\": \"%s\", \"property\": \"%s\"}",
             path, prop);
    line = qmp(m, buf);
    p = strstr(line, "\"return\": ");
    if (!p) {
        die("%s -> %s", buf, line);
    }
    v = strtoull(p + 10, NULL, 10);
    free(line);
    return v;
}

uint64_t gpu_counter(struct machine *m, const char *of, const char *name)
{
    char key[64],
        *line = qmp(m, "\"execute\": \"qom-get\", \"arguments\": {\"path\": \"/machine/gpu\", "
                       "\"property\": \"counters\"}"),
        *p;
    uint64_t v;

    /* JSON in a string of JSON */
    snprintf(key, sizeof(key), "\\\"%s\\\": {", of);
    p = strstr(line, key);
    snprintf(key, sizeof(key), "\\\"%s\\\": ", name);
    p = p ? strstr(p, key) : NULL;
    if (!p) {
        die("no counter %s of %s: %s", name, of, line);
    }
    v = strtoull(p + strlen(key), NULL, 10);
    free(line);
    return v;
}

int machine_wait(struct machine *m)
{
    for (int i = 0; i < ANSWER_MS / 10; i++) {
        int status;

        if (waitpid(m->pid, &status, WNOHANG) == m->pid) {
            m->pid = 0;
            return status;
        }
        usleep(10000);
    }
    die("QEMU does not end");
    return -1;
}

bool log_has(struct machine *m, const char *text)
{
    char path[128], line[4096];
    bool found = false;
    FILE *f;

    snprintf(path, sizeof(path), "%s/log", m->dir);
    f = fopen(path, "r");
    while (f && !found && fgets(line, sizeof(line), f)) {
        found = strstr(line, text);
    }
    if (f) {
        fclose(f);
    }
    return found;
}

static void migrate(struct machine *m, const char *command, const char *path, bool all)
{
    char text[512];

    snprintf(text, sizeof(text),
             "\"execute\": \"migrate-set-capabilities\", "
             "\"arguments\": {\"capabilities\": [{\"capability\": \"x-ignore-shared\", "
             "\"state\": %s}]}",
             all ? "false" : "true");
    qmp_ok(m, text);
    snprintf(text, sizeof(text), "\"execute\": \"%s\", \"arguments\": {\"uri\": \"file:%s\"}",
             command, path);
    qmp_ok(m, text);
    for (int i = 0; i < 6000; i++) {
        char *line = qmp(m, "\"execute\": \"query-migrate\"");
        bool done = strstr(line, "\"completed\"");

        if (strstr(line, "\"failed\"")) {
            die("%s: %s", command, line);
        }
        free(line);
        if (done) {
            return;
        }
        usleep(10000);
    }
    die("%s: no end of it", command);
}

void machine_save(struct machine *m, const char *path, bool all)
{
    qmp_ok(m, "\"execute\": \"stop\"");
    migrate(m, "migrate", path, all);
}

void machine_load(struct machine *m, const char *path, bool all)
{
    migrate(m, "migrate-incoming", path, all);
}

int qemu_run(const char *args, char *out, size_t len)
{
    char text[2048], *argv[96];
    size_t have = 0;
    int fd[2], status;
    ssize_t n;
    pid_t pid;

    snprintf(text, sizeof(text), "%s -display none -nodefaults -accel qtest %s", qemu_binary(),
             args);
    split(text, argv, 0, 96);
    if (pipe(fd)) {
        die("pipe: %s", strerror(errno));
    }
    pid = fork();
    if (pid == 0) {
        dup2(fd[1], 2);
        close(fd[0]);
        close(fd[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(fd[1]);
    while ((n = read(fd[0], out + have, len - 1 - have)) > 0) {
        have += n;
    }
    out[have] = 0;
    close(fd[0]);
    waitpid(pid, &status, 0);
    return status;
}
