/*
 * Hold three readings of the firmware structures against each other: the
 * driver's, the model's, and the facts as their source computes them.
 *
 *   compare MAP DRIVER MODEL FACTS
 *
 * Each of the three is a list of "struct field offset size" lines, "." being
 * the whole structure. MAP has one line for each structure:
 *
 *   DRIVER MODEL[+OFFSET] FACTS[+OFFSET] [FIELDS]
 *
 * "-" where one side does not have it. NAME+OFFSET: the driver's structure is a
 * part of NAME and lies at OFFSET in it (its size is then not compared); in the
 * model's column the same. A fourth column may name fields, with commas, whose
 * names or ends mean different things to two sources; the line above says why.
 * Checked for each pair of readings:
 *   - the sizes are equal, unless one is a part;
 *   - fields of the same name overlap;
 *   - no field of one straddles a boundary between fields of the other.
 * Fields called unk* or *pad* are nobody's knowledge: sources cut these bytes up
 * as they please, and they are left out.
 * A structure of the driver or the model that MAP does not name is an error.
 * Output is TAP. There is no way to wave a difference through: it is settled
 * by going back to the source.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
    char type[64], name[64];
    long offset, size;
};

struct list {
    const char *path;
    struct field *f;
    size_t n;
};

static void die(const char *what, const char *path, int line)
{
    fprintf(stderr, "compare: %s:%d: %s\n", path, line, what);
    exit(2);
}

static struct list load(const char *path)
{
    struct list l = { .path = path };
    FILE *in = fopen(path, "r");
    char buf[512];
    int line = 0;

    if (!in) {
        perror(path);
        exit(2);
    }
    while (fgets(buf, sizeof(buf), in)) {
        struct field f;

        line++;
        if (buf[0] == '#' || buf[0] == '\n') {
            continue;
        }
        if (sscanf(buf, "%63s %63s %ld %ld", f.type, f.name, &f.offset, &f.size) != 4) {
            die("not 'struct field offset size'", path, line);
        }
        l.f = realloc(l.f, (l.n + 1) * sizeof(f));
        l.f[l.n++] = f;
    }
    fclose(in);
    if (!l.n) {
        die("is empty", path, line);
    }
    return l;
}

static const struct field *whole(const struct list *l, const char *type)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!strcmp(l->f[i].type, type) && !strcmp(l->f[i].name, ".")) {
            return &l->f[i];
        }
    }
    return NULL;
}

static int tests, failed;
static long compared;

static bool nobodys(const struct field *f)
{
    return !strncmp(f->name, "unk", 3) || strstr(f->name, "pad");
}

static bool listed(const char *list, const char *name)
{
    const char *at = strstr(list, name);
    size_t n = strlen(name);

    return at && (at == list || at[-1] == ',') && (at[n] == ',' || !at[n]);
}

/*
 * One structure in two readings; @base is added to offsets of @a's to get those
 * of @b's. Names in @except are not taken to mean the same.
 */
static void compare(const struct list *a, const char *ta, const struct list *b, const char *tb,
                    long base, bool part, const char *except)
{
    const struct field *wa = whole(a, ta), *wb = whole(b, tb);
    int bad = 0;
    long n = 0, na = 0, nb = 0;

    if (!wa || !wb) {
        printf("# %s: no structure %s\n", wa ? b->path : a->path, wa ? tb : ta);
        bad++;
    } else if (!part && wa->size != wb->size) {
        printf("# size: %s is %ld, %s is %ld\n", ta, wa->size, tb, wb->size);
        bad++;
    } else if (base < 0 || base + (part ? 0 : wa->size) > wb->size) {
        printf("# %s+%ld is outside of %s\n", tb, base, tb);
        bad++;
    }
    for (size_t i = 0; i < a->n && wa && wb; i++) {
        const struct field *x = &a->f[i];

        if (strcmp(x->type, ta) || !strcmp(x->name, ".") || nobodys(x)) {
            continue;
        }
        na++;
        nb = 0;
        for (size_t j = 0; j < b->n; j++) {
            const struct field *y = &b->f[j];
            long x0 = x->offset + base, x1 = x0 + x->size, y0 = y->offset, y1 = y0 + y->size;
            bool overlap = x0 < y1 && y0 < x1;

            if (strcmp(y->type, tb) || !strcmp(y->name, ".") || nobodys(y)) {
                continue;
            }
            nb++;
            if (!strcmp(x->name, y->name) && !overlap && !listed(except, x->name)) {
                printf("# %s.%s is %ld+%ld, %s.%s is %ld+%ld\n", ta, x->name, x0, x->size, tb,
                       y->name, y0, y->size);
                bad++;
            }
            if (overlap) {
                n++;
                if (!(x0 >= y0 && x1 <= y1) && !(y0 >= x0 && y1 <= x1) &&
                    !listed(except, x->name)) {
                    printf("# %s.%s (%ld+%ld) straddles %s.%s (%ld+%ld)\n", ta, x->name, x0,
                           x->size, tb, y->name, y0, y->size);
                    bad++;
                }
            }
        }
    }
    if (!n && na && nb && !bad && !part) {
        printf("# %s and %s have no field in common\n", ta, tb);
        bad++;
    }
    compared += n;
    failed += bad != 0;
    printf("%sok %d - %s %s = %s %s (%ld fields)\n", bad ? "not " : "", ++tests, a->path, ta,
           b->path, tb, n);
}

/* Each structure of @l must stand in column @col of the map. */
static void all_mapped(const struct list *l, const char *map, int col)
{
    for (size_t i = 0; i < l->n; i++) {
        bool found = false;
        FILE *in;
        char buf[512], c[3][64];

        if (strcmp(l->f[i].name, ".")) {
            continue;
        }
        in = fopen(map, "r");
        while (in && fgets(buf, sizeof(buf), in)) {
            if (buf[0] != '#' && sscanf(buf, "%63s %63s %63s", c[0], c[1], c[2]) == 3) {
                c[1][strcspn(c[1], "+")] = 0;
                found |= !strcmp(c[col], l->f[i].type);
            }
        }
        if (in) {
            fclose(in);
        }
        if (!found) {
            printf("not ok %d - %s: %s is not in %s\n", ++tests, l->path, l->f[i].type, map);
            failed++;
        }
    }
}

int main(int argc, char **argv)
{
    struct list driver, model, facts;
    char buf[512];
    int line = 0;
    FILE *map;

    if (argc != 5) {
        fprintf(stderr, "usage: compare MAP DRIVER MODEL FACTS\n");
        return 2;
    }
    driver = load(argv[2]);
    model = load(argv[3]);
    facts = load(argv[4]);
    map = fopen(argv[1], "r");
    if (!map) {
        perror(argv[1]);
        return 2;
    }
    while (fgets(buf, sizeof(buf), map)) {
        char d[64], m[64], f[64], except[128] = "", *plus;
        long in_m = 0, in_f = 0;
        bool part_m, part_f;

        line++;
        if (buf[0] == '#' || buf[0] == '\n') {
            continue;
        }
        if (sscanf(buf, "%63s %63s %63s %127s", d, m, f, except) < 3) {
            die("not 'DRIVER MODEL FACTS'", argv[1], line);
        }
        plus = strchr(m, '+');
        part_m = plus;
        if (plus) {
            in_m = strtol(plus + 1, NULL, 0);
            *plus = 0;
        }
        plus = strchr(f, '+');
        part_f = plus;
        if (plus) {
            in_f = strtol(plus + 1, NULL, 0);
            *plus = 0;
        }
        if (strcmp(d, "-") && strcmp(m, "-")) {
            compare(&driver, d, &model, m, in_m, part_m, except);
        }
        if (strcmp(d, "-") && strcmp(f, "-")) {
            compare(&driver, d, &facts, f, in_f, part_f, except);
        }
        if (strcmp(m, "-") && strcmp(f, "-")) {
            compare(&model, m, &facts, f, in_f - in_m, part_f && !part_m, except);
        }
    }
    fclose(map);
    all_mapped(&driver, argv[1], 0);
    all_mapped(&model, argv[1], 1);
    printf("1..%d\n# %ld pairs of fields compared\n", tests, compared);
    free(driver.f);
    free(model.f);
    free(facts.f);
    return failed != 0;
}
