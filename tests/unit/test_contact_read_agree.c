/* One conversation, told in every format: what is read agrees in words, order and roles with
 * tests/data/transcripts/conversation.json, and in every field that the table "Which format carries
 * what" of docs/formats.md says the format carries. The table is read here; what it denies must be
 * unknown.
 *
 * A file is FORMAT[.VARIANT].EXTENSION. A row of the table may be for a variant alone. In a cell:
 * "yes" every file of the row carries the field, "–" none does, "if given" some do, and one at
 * least here; "own" all do, in terms of the format that are not compared. Times in whole seconds
 * count as equal to those that they were cut from, "en" as equal to "en-US". */
#include "near.h"

#include "base/dir.h"
#include "base/file.h"
#include "contact/read/read.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char folder[] = "tests/data/transcripts";

enum { N_FIELD = 15, MAX_ROW = 64, CELL = 48 };

static const char *const field_name[N_FIELD] = {
    "id",         "roles",      "speaker names", "turn start", "turn end",
    "start time", "channel",    "language",      "agent id",   "customer id",
    "queue",      "queue wait", "hold",          "transfers",  "contact number"};
enum {
    F_ID,
    F_ROLES,
    F_NAMES,
    F_START,
    F_END,
    F_TIME,
    F_CHANNEL,
    F_LANGUAGE,
    F_AGENT,
    F_CUSTOMER,
    F_QUEUE,
    F_WAIT,
    F_HOLD,
    F_TRANSFERS,
    F_NUMBER
};

typedef enum cell { DENIED, IF_GIVEN, OWN, CARRIED } cell;

typedef struct row {
    char name[CELL];
    cell cell[N_FIELD];
    bool carried[N_FIELD]; /* by a file at least */
    int files;
} row;

static row rows[MAX_ROW];
static int n_row;

/* ---- the table of the documentation --------------------------------------------------------- */

/* The next cell of "| a | b |"; false behind the last. */
static bool next_cell(const char **p, char out[CELL]) {
    while (**p == ' ') ++*p;
    if (**p != '|') return false;
    ++*p;
    const size_t n = strcspn(*p, "|\n");
    if ((*p)[n] != '|') return false;
    const wu_str s = wu_utf8_trim((wu_str){*p, n});
    assert_true(s.n < CELL);
    memcpy(out, s.p, s.n);
    out[s.n] = 0;
    *p += n;
    return true;
}

static cell meaning(const char *s, const char *of) {
    if (strcmp(s, "yes") == 0) return CARRIED;
    if (strcmp(s, "if given") == 0) return IF_GIVEN;
    if (strcmp(s, "own") == 0) return OWN;
    if (strcmp(s, "–") != 0) fail_msg("%s: \"%s\" is none of yes, if given, own, –", of, s);
    return DENIED;
}

static void read_header(const char *p) {
    char c[CELL];
    assert_true(next_cell(&p, c)); /* format */
    for (int f = 0; f < N_FIELD; f++) {
        assert_true(next_cell(&p, c));
        assert_string_equal(c, field_name[f]);
    }
}

static int read_table(void **state) {
    wu_buf b = {0};
    wu_err err = {0};
    char c[CELL];
    (void)state;
    CHECK_OK(wu_read_file(&b, "docs/formats.md", 1 << 24, &err), err);
    const char *p = strstr(b.p, "Which format carries what");
    assert_non_null(p);
    p = strstr(p, "\n| format");
    assert_non_null(p);
    read_header(++p);
    for (p = strchr(strchr(p, '\n') + 1, '\n'); p && p[1] == '|'; p = strchr(p + 1, '\n')) {
        const char *q = p + 1;
        row *r = &rows[n_row++];
        assert_true(n_row < MAX_ROW);
        assert_true(next_cell(&q, c));
        const size_t n = strlen(c); /* "`plain`" */
        assert_true(n > 2 && c[0] == '`' && c[n - 1] == '`');
        snprintf(r->name, sizeof(r->name), "%.*s", (int)n - 2, c + 1);
        for (int f = 0; f < N_FIELD; f++) {
            assert_true(next_cell(&q, c));
            r->cell[f] = meaning(c, r->name);
        }
    }
    wu_buf_free(&b);
    return 0;
}

/* The row of "plain.names.md": its own, or that of "plain". */
static row *row_of(const char *file) {
    const size_t whole = (size_t)(strrchr(file, '.') - file), format = strcspn(file, ".");
    for (int pass = 0; pass < 2; pass++) {
        const size_t n = pass ? format : whole;
        for (int i = 0; i < n_row; i++)
            if (strlen(rows[i].name) == n && strncmp(rows[i].name, file, n) == 0) return &rows[i];
    }
    fail_msg("%s: docs/formats.md has no row for it", file);
    return NULL;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static const wu_conversation *want;

static bool same_ms(int64_t got, int64_t from) {
    return got == from || (got % 1000 == 0 && got / 1000 == from / 1000);
}

/* Whether all turns have the time; those that have it must agree. */
static bool times(const wu_conversation *c, bool end, const char *file) {
    int known = 0;
    for (int32_t i = 0; i < c->n_turn; i++) {
        const int64_t got = end ? c->turn[i].end_ms : c->turn[i].start_ms;
        const int64_t right = end ? want->turn[i].end_ms : want->turn[i].start_ms;
        known += got >= 0;
        if (got >= 0 && !same_ms(got, right))
            fail_msg("%s: turn %d %s at %lld ms, want %lld", file, (int)i, end ? "ends" : "begins",
                     (long long)got, (long long)right);
    }
    return known == c->n_turn;
}

/* Names of the agent and the customer; "Agent" and "SPEAKER_00" are none. */
static bool names(const wu_conversation *c) {
    int known = 0;
    for (int32_t i = 0; i < c->n_turn; i++) {
        const wu_party *got = &c->party[c->turn[i].party];
        const wu_party *right = &want->party[want->turn[i].party];
        if (right->role != WU_PARTY_AGENT && right->role != WU_PARTY_CUSTOMER) continue;
        if (wu_str_eq(got->name, right->name))
            known++;
        else if (known > 0)
            return false;
    }
    return known > 0;
}

static bool text(const row *r, int f, wu_str got, wu_str right, const char *file) {
    const char *what = field_name[f];
    const bool general =
        f == F_LANGUAGE && got.n < right.n && right.p[got.n] == '-' && wu_str_starts(right, got);
    if (got.n == 0) return false;
    if (r->cell[f] != OWN && !general && !wu_str_eq(got, right))
        fail_msg("%s: %s is \"%.*s\", want \"%.*s\"", file, what, (int)got.n, got.p, (int)right.n,
                 right.p);
    return true;
}

static bool count(int64_t got, int64_t right, const char *what, const char *file) {
    if (got < 0) return false;
    if (got != right)
        fail_msg("%s: %s is %lld, want %lld", file, what, (long long)got, (long long)right);
    return true;
}

/* The same moment; without an offset, the same clock. */
static bool start_time(wu_when got, wu_when right, const char *file) {
    if (!got.known) return false;
    if (got.has_offset ? wu_when_utc(got) != wu_when_utc(right) : got.local_s != right.local_s)
        fail_msg("%s: starts at %lld", file, (long long)got.local_s);
    return true;
}

static bool roles(const wu_conversation *c, const char *file) {
    int known = 0;
    for (int32_t i = 0; i < c->n_turn; i++) {
        const wu_party_role got = wu_turn_role(c, &c->turn[i]);
        const wu_party_role right = wu_turn_role(want, &want->turn[i]);
        known += got != WU_PARTY_UNKNOWN;
        if (got != WU_PARTY_UNKNOWN && got != right)
            fail_msg("%s: turn %d is by %s, want %s", file, (int)i, wu_party_role_name(got),
                     wu_party_role_name(right));
    }
    return known == c->n_turn;
}

/* Turns of one party are of one party here too, and nobody else's. */
static void same_parties(const wu_conversation *c, const char *file) {
    for (int32_t i = 0; i < c->n_turn; i++)
        for (int32_t k = 0; k < i; k++)
            if ((c->turn[i].party == c->turn[k].party) !=
                (want->turn[i].party == want->turn[k].party))
                fail_msg("%s: turns %d and %d: who is who differs", file, (int)k, (int)i);
}

static void compare(const row *r, const wu_conversation *c, bool has[N_FIELD], const char *file) {
    const wu_contact *k = &c->contact, *w = &want->contact;
    for (int32_t i = 0; i < WU_MIN(c->n_turn, want->n_turn); i++)
        if (!wu_str_eq(c->turn[i].text, want->turn[i].text))
            fail_msg("%s: turn %d is \"%.*s\", want \"%.*s\"", file, (int)i, (int)c->turn[i].text.n,
                     c->turn[i].text.p, (int)want->turn[i].text.n, want->turn[i].text.p);
    if (c->n_turn != want->n_turn)
        fail_msg("%s: %d turns, want %d", file, (int)c->n_turn, (int)want->n_turn);
    same_parties(c, file);
    has[F_ID] = wu_str_eq(c->id, want->id);
    has[F_ROLES] = roles(c, file);
    has[F_NAMES] = names(c);
    has[F_START] = times(c, false, file);
    has[F_END] = times(c, true, file);
    has[F_TIME] = start_time(k->start, w->start, file);
    has[F_CHANNEL] = text(r, F_CHANNEL, k->channel, w->channel, file);
    has[F_LANGUAGE] = text(r, F_LANGUAGE, k->language, w->language, file);
    has[F_AGENT] = text(r, F_AGENT, k->agent_id, w->agent_id, file);
    has[F_CUSTOMER] = text(r, F_CUSTOMER, k->customer_id, w->customer_id, file);
    has[F_QUEUE] = text(r, F_QUEUE, k->queue, w->queue, file);
    has[F_WAIT] = count(k->queue_wait_s, w->queue_wait_s, "queue wait", file);
    has[F_HOLD] = count(k->hold_s, w->hold_s, "hold", file);
    has[F_TRANSFERS] = count(k->transfers, w->transfers, "transfers", file);
    has[F_NUMBER] = count(k->contact_number_30d, w->contact_number_30d, "contact number", file);
}

/* ---- the files ------------------------------------------------------------------------------ */

/* Whatever a file is said to be, it holds one conversation and is detected as its format. */
static void read_one(const char *file, wu_conversation *c) {
    char path[WU_PATH_MAX], format[CELL];
    wu_reader *r;
    wu_err err = {0};
    bool end = false;
    CHECK_OK(wu_path_join(path, sizeof(path), folder, file, &err), err);
    CHECK_OK(wu_reader_open(&r, path, NULL, &err), err);
    snprintf(format, sizeof(format), "%.*s", (int)strcspn(file, "."), file);
    if (strcmp(file, "conversation.jsonl") != 0 &&
        strcmp(wu_format_name(wu_reader_format(r)), format) != 0)
        fail_msg("%s: taken for %s", file, wu_format_name(wu_reader_format(r)));
    CHECK_OK(wu_reader_next(r, c, &end, &err), err);
    assert_false(end);
    wu_conversation *more = calloc(1, sizeof(*more));
    assert_non_null(more);
    wu_conversation_init(more);
    CHECK_OK(wu_reader_next(r, more, &end, &err), err);
    if (!end) fail_msg("%s: more than one conversation", file);
    wu_conversation_free(more);
    free(more);
    wu_reader_close(r);
}

static void every_format_tells_the_same_conversation(void **state) {
    (void)state;
    wu_conversation right, c;
    wu_dir dir = {0};
    wu_err err = {0};
    wu_conversation_init(&right);
    wu_conversation_init(&c);
    read_one("conversation.json", &right);
    want = &right;
    assert_int_equal(right.n_turn, 14);
    CHECK_OK(wu_dir_list(&dir, folder, &err), err);
    for (int32_t i = 0; i < dir.n; i++) {
        const char *file = dir.name[i];
        bool has[N_FIELD];
        row *r = row_of(file);
        read_one(file, &c);
        compare(r, &c, has, file);
        r->files++;
        for (int f = 0; f < N_FIELD; f++) {
            r->carried[f] |= has[f];
            if (r->cell[f] >= OWN && !has[f])
                fail_msg("%s: does not carry %s, docs/formats.md says yes", file, field_name[f]);
            if (r->cell[f] == DENIED && has[f])
                fail_msg("%s: carries %s, docs/formats.md says –", file, field_name[f]);
        }
    }
    wu_dir_free(&dir);
    wu_conversation_free(&c);
    wu_conversation_free(&right);
}

/* No row without a file, no "if given" that nothing here gives, no format without a row. */
static void the_table_is_complete(void **state) {
    (void)state;
    for (int i = 0; i < n_row; i++) {
        if (rows[i].files == 0) fail_msg("%s: no file in %s", rows[i].name, folder);
        for (int f = 0; f < N_FIELD; f++)
            if (rows[i].cell[f] == IF_GIVEN && !rows[i].carried[f])
                fail_msg("%s: no file carries %s", rows[i].name, field_name[f]);
    }
    for (int f = WU_FORMAT_AUTO + 1; f < WU_N_FORMAT; f++) {
        char file[CELL];
        snprintf(file, sizeof(file), "%s.x", wu_format_name((wu_format)f));
        assert_non_null(row_of(file));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_tells_the_same_conversation),
        cmocka_unit_test(the_table_is_complete),
    };
    return cmocka_run_group_tests(tests, read_table, NULL) != 0;
}
