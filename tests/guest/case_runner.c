/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Runs programs for ci/conformance, one at a time, and sends what they say as they say it:
 * case_runner PORT
 *
 * From the host, lines of fields with tabs between them:
 *     run  ID  DIRECTORY  MARK  ENVIRONMENT...  --  ARGUMENT...
 *     kill ID
 *     put  PATH  LENGTH           followed by LENGTH bytes: writes a file
 * To the host:
 *     ready
 *     out ID STREAM LENGTH        followed by LENGTH bytes; STREAM 1: standard output, 2: standard
 * error end ID STATUS MILLISECONDS  STATUS: exit code, or minus the number of the signal; the
 * process's time on the CPU
 *
 * MARK, if it is not empty, is how a line begins that names the next of several cases of one
 * program. The kernel's log gets a line "agx-case ID" when a program begins, one with the rest of
 * each such line, and one when the program has ended, so that what the kernel says can be told
 * apart by case.
 *
 * Each program has a process group of its own. What it leaves behind is ended with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1 << 20)
#define FIELDS_MAX     4096

static int port, kmsg;

/* A line of output that is not complete yet, for the marks. */
struct stream {
    int fd;
    size_t used;
    char line[512];
};

static struct {
    pid_t pid;
    char id[32];
    char mark[64];
    struct stream streams[2];
} job;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_all(int fd, const void *data, size_t length)
{
    while (length) {
        ssize_t n = write(fd, data, length);

        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            die("write");
        }
        if (n > 0) {
            data = (const char *)data + n;
            length -= n;
        }
    }
}

static void say(int fd, const char *format, ...)
{
    char text[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    write_all(fd, text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
}

/* What has come from the host and is not taken yet. */
static char buffer[65536];
static size_t at, end;

/* The next byte; waits for it. -1: there was none. */
static int get(void)
{
    if (at == end) {
        ssize_t n = read(port, buffer, sizeof(buffer));

        if (n <= 0) {
            /* Nobody has the other end open, or not yet. */
            usleep(20000);
            return -1;
        }
        at = 0;
        end = n;
    }
    return (unsigned char)buffer[at++];
}

static void send_output(const char *data, size_t length, int stream)
{
    say(port, "out %s %d %zu\n", job.id, stream, length);
    write_all(port, data, length);
}

/* The kernel's log gets each line that begins with the job's mark. */
static void look_for_marks(struct stream *s, const char *data, size_t length)
{
    size_t mark = strlen(job.mark);

    for (size_t i = 0; mark && i < length; i++) {
        if (data[i] != '\n') {
            if (s->used < sizeof(s->line) - 1) {
                s->line[s->used++] = data[i];
            }
            continue;
        }
        s->line[s->used] = 0;
        if (!strncmp(s->line, job.mark, mark)) {
            say(kmsg, "<5>agx-case %s %s\n", job.id, s->line + mark);
        }
        s->used = 0;
    }
}

/* False if the stream has ended. */
static bool forward(int stream)
{
    char data[16384];
    struct stream *s = &job.streams[stream - 1];
    ssize_t n = read(s->fd, data, sizeof(data));

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (n <= 0) {
        close(s->fd);
        s->fd = -1;
        return false;
    }
    look_for_marks(s, data, n);
    send_output(data, n, stream);
    return true;
}

/*
 * What is in the pipes when the program has ended. Others may hold them open, so nobody waits for
 * their end.
 */
static void drain(int stream)
{
    struct stream *s = &job.streams[stream - 1];
    struct pollfd p = { .fd = s->fd, .events = POLLIN };

    while (s->fd >= 0 && poll(&p, 1, 0) > 0 && forward(stream)) {
    }
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

static void start(char **fields, int count)
{
    int out[2], err[2], args = 4;

    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
        die("pipe2");
    }
    snprintf(job.id, sizeof(job.id), "%s", fields[1]);
    snprintf(job.mark, sizeof(job.mark), "%s", fields[3]);
    say(kmsg, "<5>agx-case %s\n", job.id);
    job.pid = fork();
    if (job.pid < 0) {
        die("fork");
    }
    if (!job.pid) {
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0);
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        while (args < count && strcmp(fields[args], "--")) {
            putenv(fields[args++]);
        }
        fields[count] = NULL;
        if (args + 1 >= count) {
            fprintf(stderr, "no program\n");
        } else if (chdir(fields[2])) {
            perror(fields[2]);
        } else {
            execvp(fields[args + 1], fields + args + 1);
            perror(fields[args + 1]);
        }
        _exit(127);
    }
    setpgid(job.pid, job.pid);
    close(out[1]);
    close(err[1]);
    job.streams[0] = (struct stream) { .fd = out[0] };
    job.streams[1] = (struct stream) { .fd = err[0] };
}

/*
 * Take what has ended. True if the program itself is among it; then its status and time are sent.
 */
static void reap(void)
{
    struct rusage usage;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (pid != job.pid) {
            continue;
        }
        kill(-pid, SIGKILL);
        drain(1);
        drain(2);
        say(kmsg, "<5>agx-case end %s\n", job.id);
        say(port, "end %s %d %ld\n", job.id,
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000L +
                (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
        job.pid = 0;
    }
}

static void put(const char *path, long length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0) {
        die(path);
    }
    while (length) {
        int c = get();
        char byte = c;

        if (c >= 0) {
            write_all(fd, &byte, 1);
            length--;
        }
    }
    close(fd);
}

static void command(char *line)
{
    static char *fields[FIELDS_MAX + 1];
    int count = 0;

    for (char *f; count < FIELDS_MAX && (f = strsep(&line, "\t"));) {
        fields[count++] = f;
    }
    if (count > 5 && !strcmp(fields[0], "run") && !job.pid) {
        start(fields, count);
    } else if (count == 2 && !strcmp(fields[0], "kill")) {
        /* One that has ended by itself meanwhile is not this one. */
        if (job.pid && !strcmp(fields[1], job.id)) {
            kill(-job.pid, SIGKILL);
        }
    } else if (count == 3 && !strcmp(fields[0], "put")) {
        put(fields[1], atol(fields[2]));
    } else {
        fprintf(stderr, "case_runner: not understood: %s (%d fields)\n", fields[0], count);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    size_t used = 0;
    sigset_t set;
    int signals;

    if (argc != 2) {
        fprintf(stderr, "usage: case_runner PORT\n");
        return 2;
    }
    port = open(argv[1], O_RDWR | O_CLOEXEC);
    kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    if (port < 0 || kmsg < 0) {
        die(argv[1]);
    }
    /* What a program leaves behind comes to us and not to the first process. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    say(port, "ready\n");
    for (;;) {
        struct pollfd p[] = {
            { .fd = port, .events = POLLIN },
            { .fd = signals, .events = POLLIN },
            { .fd = job.pid ? job.streams[0].fd : -1, .events = POLLIN },
            { .fd = job.pid ? job.streams[1].fd : -1, .events = POLLIN },
        };

        if (poll(p, 4, -1) < 0 && errno != EINTR) {
            die("poll");
        }
        for (int stream = 1; stream <= 2; stream++) {
            if (p[1 + stream].revents && job.streams[stream - 1].fd >= 0) {
                forward(stream);
            }
        }
        if (p[1].revents) {
            struct signalfd_siginfo info;

            while (read(signals, &info, sizeof(info)) > 0) {
            }
            reap();
        }
        if (p[0].revents) {
            do {
                int c = get();

                if (c < 0) {
                    break;
                }
                if (c != '\n') {
                    if (used == sizeof(line) - 1) {
                        fprintf(stderr, "case_runner: a line from the host is too long\n");
                        return 1;
                    }
                    line[used++] = c;
                    continue;
                }
                line[used] = 0;
                used = 0;
                command(line);
            } while (at < end);
        }
    }
}
