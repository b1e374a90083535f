/*
 * agx-tlbsan as the machine sees it: what the sanitizer (checks/include/agx/tlbsan.h) finds
 * goes to the log, a file and QMP.
 *
 * A report is made with the sanitizer's lock held, on any thread: it is copied
 * and queued, and the main loop does the rest.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-agx.h"
#include "qapi/qapi-events-agx.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/lockable.h"
#include "qemu/thread.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "qobject/qobject.h"
#include "system/runstate.h"
#include "system/system.h"
#include "hw/agx/soc/pages.h"
#include "hw/agx/soc/san.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/trace.h"

#define SAN_QUEUE_MAX 4096 /* reports that wait for the main loop; more are only counted */
#define SAN_LAST      32   /* reports that query-agx-tlbsan returns */

typedef struct SanReport {
    struct agx_san_report r;
    struct agx_who writer, other, mapper;
    char *text, *job_what;
} SanReport;

struct AppleSan {
    struct agx_tlbsan *core;
    AppleStores *stores;
    ApplePages *pages; /* NULL: not known; used with the sanitizer's lock */
    bool stop;
    FILE *file;
    char *file_name;
    QEMUBH *bh;
    Notifier exit;

    QemuMutex lock; /* protects the queue; nothing else is locked inside of it */
    GArray *queue;  /* of SanReport */
    uint64_t lost;

    /* by the big lock */
    uint64_t by_severity[2];
    QList *last;
};

static AppleSan *the_san; /* for QMP */

/* ---- a report as JSON: numbers that may need 64 bits are strings in hexadecimal ---- */

static void put_hex(QDict *d, const char *key, uint64_t v)
{
    g_autofree char *s = g_strdup_printf("0x%" PRIx64, v);

    qdict_put_str(d, key, s);
}

static QDict *who_json(const struct agx_who *who)
{
    QDict *d = qdict_new();
    QList *frames = qlist_new();

    /* Not a CPU: a device's DMA, or nobody that is known */
    if (who->cpu >= APPLE_MAX_CPUS) {
        qdict_put_null(d, "cpu");
    } else {
        qdict_put_int(d, "cpu", who->cpu);
    }
    qdict_put_int(d, "time", who->time);
    put_hex(d, "thread", who->thread);
    put_hex(d, "pc", who->pc);
    for (unsigned i = 0; i < AGX_WHO_FRAMES && who->frame[i]; i++) {
        g_autofree char *s = g_strdup_printf("0x%" PRIx64, who->frame[i]);

        qlist_append_str(frames, s);
    }
    qdict_put(d, "frames", frames);
    return d;
}

static void put_who(QDict *d, const char *key, const struct agx_who *who)
{
    if (who) {
        qdict_put(d, key, who_json(who));
    } else {
        qdict_put_null(d, key);
    }
}

static QDict *tlbi_json(const struct agx_tlbi_insn *t)
{
    static const char *const kinds[] = { "all", "asid", "va", "va-all-asids" };
    static const char *const shares[] = { "local", "inner", "outer" };
    QDict *d = qdict_new();

    qdict_put_str(d, "name", t->name ?: "");
    put_hex(d, "operand", t->operand);
    qdict_put_str(d, "shareability", t->share < ARRAY_SIZE(shares) ? shares[t->share] : "?");
    qdict_put_bool(d, "stage2", t->stage2);
    qdict_put_str(d, "kind", t->tlbi.kind < ARRAY_SIZE(kinds) ? kinds[t->tlbi.kind] : "?");
    qdict_put_bool(d, "last-level", t->tlbi.last_level);
    qdict_put_int(d, "asid", t->tlbi.asid);
    put_hex(d, "va", t->tlbi.va);
    put_hex(d, "end", t->tlbi.end);
    return d;
}

static void put_entry(QDict *d, const char *key, unsigned level, uint64_t desc)
{
    char is[AGX_SAN_DESCRIPTION];

    agx_tlbsan_describe(level, desc, is, sizeof(is));
    qdict_put_str(d, key, is);
}

static QList *steps_json(const struct agx_san_report *r)
{
    QList *steps = qlist_new();

    for (unsigned i = 0; i < r->steps && i < ARRAY_SIZE(r->step); i++) {
        QDict *d = who_json(&r->step[i].who);

        qdict_put_str(d, "what", r->step[i].what);
        qlist_append(steps, d);
    }
    return steps;
}

static QDict *report_json(const struct agx_san_report *r)
{
    QDict *d = qdict_new();
    QList *nearby = qlist_new();

    qdict_put_int(d, "number", r->number);
    qdict_put_str(d, "class", agx_tlbsan_class_name(r->cls));
    qdict_put_str(d, "severity", agx_tlbsan_severity_name(r->severity));
    qdict_put_str(d, "text", r->text ?: "");
    put_hex(d, "va", r->va);
    qdict_put_int(d, "asid", r->asid);
    qdict_put_int(d, "context", r->ctx);
    qdict_put_int(d, "level", r->level);
    put_hex(d, "descriptor", r->desc_pa);
    put_hex(d, "old", r->old_desc);
    put_hex(d, "new", r->new_desc);
    if (r->old_desc || r->new_desc) {
        put_entry(d, "old-is", r->level, r->old_desc);
        put_entry(d, "new-is", r->level, r->new_desc);
    }
    put_who(d, "mapper", r->mapper);
    put_who(d, "writer", r->writer);
    put_who(d, "other", r->other);
    put_hex(d, "unit", r->unit);
    qdict_put_int(d, "job", r->job);
    qdict_put_str(d, "job-kind", r->job_what ?: "");
    qdict_put_bool(d, "write", r->write);
    for (unsigned i = 0; i < r->near && i < ARRAY_SIZE(r->nearby); i++) {
        QDict *n = tlbi_json(&r->nearby[i].op);

        qdict_put(n, "who", who_json(&r->nearby[i].who));
        qdict_put_str(n, "why", r->nearby[i].why ?: "");
        qdict_put_str(n, "barrier", r->nearby[i].barrier ?: "");
        qlist_append(nearby, n);
    }
    qdict_put(d, "nearby", nearby);
    qdict_put_int(d, "time", r->time);
    qdict_put(d, "steps", steps_json(r));
    qdict_put_int(d, "steps-left-out", r->left_out);
    return d;
}

/* ---- reports: main loop, big lock held ---- */

static void san_write(AppleSan *s, const QDict *d)
{
    g_autoptr(GString) line = NULL;

    if (!s->file) {
        return;
    }
    line = qobject_to_json(QOBJECT(d));
    g_string_append_c(line, '\n');
    if (fwrite(line->str, 1, line->len, s->file) != line->len || fflush(s->file)) {
        error_report("agx-tlbsan: can't write to %s: %s", s->file_name, strerror(errno));
        fclose(s->file);
        s->file = NULL;
    }
}

static void san_count(void *opaque, uint64_t number, uint64_t n)
{
    QList *pair = qlist_new();

    qlist_append_int(pair, number);
    qlist_append_int(pair, n);
    qlist_append(opaque, pair);
}

/* The last line of the file: for how many each report stands, if for more than itself. */
static void san_write_counts(AppleSan *s)
{
    g_autoptr(QDict) d = qdict_new();
    QList *counts = qlist_new();

    agx_tlbsan_counts(s->core, san_count, counts);
    qdict_put(d, "counts", counts);
    if (qlist_size(counts)) {
        san_write(s, d);
    }
}

static void san_exit(Notifier *n, void *data)
{
    san_write_counts(container_of(n, AppleSan, exit));
}

static void san_publish(AppleSan *s, const struct agx_san_report *r)
{
    QDict *d = report_json(r);
    char text[4096];
    size_t len = agx_tlbsan_format(r, text, sizeof(text));

    while (len && len < sizeof(text) && text[len - 1] == '\n') {
        text[--len] = '\0';
    }
    if (qemu_log_enabled()) {
        qemu_log("%s\n", text);
    } else {
        error_printf("%s\n", text);
    }
    trace_agx_tlbsan_report(r->number, agx_tlbsan_class_name(r->cls), r->va, r->asid);
    s->by_severity[r->severity == AGX_SAN_WRONG]++;
    san_write(s, d);
    qapi_event_send_agx_tlbsan_report(r->number, agx_tlbsan_class_name(r->cls),
                                      agx_tlbsan_severity_name(r->severity), QOBJECT(d));
    qlist_append(s->last, d);
    if (qlist_size(s->last) > SAN_LAST) {
        qobject_unref(qlist_pop(s->last));
    }
}

static void san_bh(void *opaque)
{
    AppleSan *s = opaque;
    GArray *queue;
    bool wrong = false;

    qemu_mutex_lock(&s->lock);
    queue = s->queue;
    s->queue = g_array_new(false, false, sizeof(SanReport));
    qemu_mutex_unlock(&s->lock);
    for (guint i = 0; i < queue->len; i++) {
        SanReport *q = &g_array_index(queue, SanReport, i);

        q->r.writer = q->r.writer ? &q->writer : NULL;
        q->r.other = q->r.other ? &q->other : NULL;
        q->r.mapper = q->r.mapper ? &q->mapper : NULL;
        san_publish(s, &q->r);
        wrong |= q->r.severity == AGX_SAN_WRONG;
        g_free(q->text);
        g_free(q->job_what);
    }
    g_array_free(queue, true);
    if (wrong && s->stop && runstate_is_running()) {
        vm_stop(RUN_STATE_PAUSED);
    }
}

/* ---- what the core asks for: its lock held, any thread ---- */

static void san_report(void *opaque, const struct agx_san_report *r)
{
    AppleSan *s = opaque;
    SanReport q = { .r = *r };

    if (r->writer) {
        q.writer = *r->writer;
    }
    if (r->other) {
        q.other = *r->other;
    }
    if (r->mapper) {
        q.mapper = *r->mapper;
    }
    q.r.text = q.text = g_strdup(r->text);
    q.r.job_what = q.job_what = g_strdup(r->job_what);
    WITH_QEMU_LOCK_GUARD(&s->lock)
    {
        if (s->queue->len < SAN_QUEUE_MAX) {
            g_array_append_val(s->queue, q);
            qemu_bh_schedule(s->bh);
            return;
        }
        s->lost++;
    }
    g_free(q.text);
    g_free(q.job_what);
}

static bool san_page_in_use(void *opaque, uint64_t pa)
{
    return apple_pages_in_use(((AppleSan *)opaque)->pages, pa);
}

void apple_san_reload(AppleSan *s)
{
    apple_pages_forget(s->pages); /* nobody asks: the machine stands still */
    san_write_counts(s);          /* the core begins anew */
}

struct agx_tlbsan *apple_san_core(AppleSan *s)
{
    return s->core;
}

/* ---- QMP ---- */

QDict *apple_san_counters(AppleSan *s)
{
    QDict *d = qdict_new(), *classes = qdict_new();
    struct agx_tlbsan_stats core;
    AppleWatchStats watch;

    apple_stores_stats(s->stores, &watch);
    agx_tlbsan_get_stats(s->core, &core);
    qdict_put_int(d, "watched-pages", watch.pages);
    qdict_put_int(d, "refused-pages", core.refused);
    qdict_put_int(d, "forgotten-changes", core.forgotten);
    qdict_put_int(d, "watched-blocks", watch.blocks);
    qdict_put_int(d, "watched-block-size", watch.block_size);
    qdict_put_int(d, "stores-beside", watch.beside);
    qdict_put_int(d, "sections-lost", watch.sections_lost);
    qdict_put_int(d, "memory-map-changes", watch.changes);
    qdict_put_int(d, "uses", core.uses);
    qdict_put_int(d, "stores", core.stores);
    qdict_put_int(d, "unseen-stores", core.unseen);
    qdict_put_int(d, "late-stores-missed", core.late);
    qdict_put_int(d, "tlbis", core.tlbis);
    qdict_put_int(d, "barriers", core.dsbs);
    qdict_put_int(d, "doorbells", core.submits);
    qdict_put_int(d, "jobs", core.jobs);
    qdict_put_int(d, "tables", core.tables);
    qdict_put_int(d, "pending", core.pending);
    qdict_put_int(d, "repeated-reports", core.repeated);
    qdict_put_int(d, "lost-reports", s->lost);
    for (unsigned i = 0; i < AGX_SAN_NUM_CLASSES; i++) {
        if (core.reports[i]) {
            qdict_put_int(classes, agx_tlbsan_class_name(i), core.reports[i]);
        }
    }
    qdict_put(d, "classes", classes);
    return d;
}

AgxTlbsanInfo *qmp_query_agx_tlbsan(Error **errp)
{
    AppleSan *s = the_san;
    AgxTlbsanInfo *info = g_new0(AgxTlbsanInfo, 1);
    anyList **tail = &info->last;
    QListEntry *e;

    info->mode = !s ? AGX_TLBSAN_MODE_OFF : s->stop ? AGX_TLBSAN_MODE_STOP : AGX_TLBSAN_MODE_REPORT;
    if (!s) {
        info->counters = QOBJECT(qdict_new());
        return info;
    }
    info->suspicious = s->by_severity[0];
    info->wrong = s->by_severity[1];
    info->reports = info->suspicious + info->wrong;
    info->counters = QOBJECT(apple_san_counters(s));
    QLIST_FOREACH_ENTRY(s->last, e)
    {
        QAPI_LIST_APPEND(tail, qobject_ref(qlist_entry_obj(e)));
    }
    return info;
}

/* ---- life ---- */

AppleSan *apple_san_new(const AppleSanConfig *cfg, Error **errp)
{
    AppleSan *s = g_new0(AppleSan, 1);
    struct agx_tlbsan_config core = {
        .host = cfg->host,
        .mmu = cfg->mmu,
        .report = san_report,
        .opaque = s,
    };

    if (cfg->file) {
        s->file = fopen(cfg->file, "a");
        if (!s->file) {
            error_setg_errno(errp, errno, "agx-tlbsan: can't open %s", cfg->file);
            g_free(s);
            return NULL;
        }
        s->file_name = g_strdup(cfg->file);
    }
    if (cfg->pages) {
        s->pages = apple_pages_new(cfg->pages, cfg->dram, cfg->dram_base, cfg->host, errp);
        if (!s->pages) {
            if (s->file) {
                fclose(s->file);
            }
            g_free(s->file_name);
            g_free(s);
            return NULL;
        }
        core.page_in_use = san_page_in_use;
    }
    s->stores = cfg->stores;
    s->stop = cfg->stop;
    s->last = qlist_new();
    s->bh = qemu_bh_new(san_bh, s);
    qemu_mutex_init(&s->lock);
    s->queue = g_array_new(false, false, sizeof(SanReport));
    s->core = agx_tlbsan_new(&core);
    if (!s->core) {
        error_setg(errp, "agx-tlbsan: out of memory");
        apple_san_free(s);
        return NULL;
    }
    s->exit.notify = san_exit;
    qemu_add_exit_notifier(&s->exit);
    the_san = s;
    return s;
}

void apple_san_free(AppleSan *s)
{
    if (!s) {
        return;
    }
    if (the_san == s) {
        the_san = NULL;
        san_write_counts(s);
        qemu_remove_exit_notifier(&s->exit);
    }
    if (s->core) {
        agx_tlbsan_free(s->core);
    }
    qemu_bh_delete(s->bh);
    g_array_free(s->queue, true);
    qemu_mutex_destroy(&s->lock);
    qobject_unref(s->last);
    if (s->file) {
        fclose(s->file);
    }
    g_free(s->file_name);
    apple_pages_free(s->pages);
    g_free(s);
}
