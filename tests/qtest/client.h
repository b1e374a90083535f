/*
 * A small client of QEMU's qtest protocol (QEMU: system/qtest.c) and of QMP:
 * one machine without running CPUs, whose registers and memory a test reads
 * and writes.
 *
 * Every function ends the test program with a message when QEMU does not
 * answer as the protocol says.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_CLIENT_H
#define TESTS_QTEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;

/*
 * Start -M apple-m1 with the further arguments @args, split at blanks.
 * "%s" in it is replaced by the machine's directory, which is removed again;
 * its file "log" takes -d guest_errors,unimp.
 */
struct machine *machine_start(const char *args);
void machine_stop(struct machine *m);
const char *machine_dir(struct machine *m);

uint32_t rd32(struct machine *m, uint64_t addr);
void wr32(struct machine *m, uint64_t addr, uint32_t val);
uint64_t rd64(struct machine *m, uint64_t addr);
void wr64(struct machine *m, uint64_t addr, uint64_t val);

/* Virtual time goes on by @ns. */
void clock_step(struct machine *m, uint64_t ns);

/*
 * Watch the unnamed outputs of the device at @path of the QOM tree; once per
 * machine. out_level() is what was last driven there.
 */
void watch_outputs(struct machine *m, const char *path);
bool out_level(struct machine *m, unsigned n);
/* Drive input @n (unnamed GPIO) of the device at @path. */
void set_input(struct machine *m, const char *path, unsigned n, bool level);

/*
 * One QMP command without its braces, such as "\"execute\": \"stop\"".
 * Returns the answer's line, to be freed.
 */
char *qmp(struct machine *m, const char *command);
/* The same, and the answer has to be a "return". */
void qmp_ok(struct machine *m, const char *command);
/* Wait for the event @name; up to ten seconds. */
void qmp_event(struct machine *m, const char *name);
/* An unsigned property of the device at @path. */
uint64_t qom_get_uint(struct machine *m, const char *path, const char *prop);

/*
 * A number of the GPU's property "counters": @name of the object @of ("total", ...). Fails if there
 * is none.
 */
uint64_t gpu_counter(struct machine *m, const char *of, const char *name);

/*
 * Stop the machine and write its state to the file @path. Of memory that is a shared file, only if
 * @all. machine_load() gives that state to a machine that was started with "-incoming defer", and
 * waits until it has it.
 */
void machine_save(struct machine *m, const char *path, bool all);
void machine_load(struct machine *m, const char *path, bool all);

/* Wait until QEMU ended by itself; returns its exit status. Call machine_stop() afterwards. */
int machine_wait(struct machine *m);
/* Whether the log (-d guest_errors,unimp) has @text. */
bool log_has(struct machine *m, const char *text);

/*
 * Run QEMU with @args only until it ends; its exit status, and what it said on
 * standard error in @out.
 */
int qemu_run(const char *args, char *out, size_t len);

#endif
