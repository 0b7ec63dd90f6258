/* prepare.c - the run over all conversations (prepare.h). */
#include "contact/set/prepare.h"

#include "base/compiler.h"
#include "base/file.h"
#include "base/hash.h"
#include "contact/set/join.h"
#include "contact/set/place.h"
#include "contact/set/prepare_impl.h"
#include "contact/set/record.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LABELS_LIMIT = 16 << 20 }; /* bytes of a file of labels */

/* Ids that have been there, as hashes in an open table that is at most half full. */
typedef struct ids_seen {
    wu_hash *slot;
    size_t n_slot, n;
} ids_seen;

typedef struct run {
    const wu_prepare_options *o;
    wu_prepare_tally tally;
    wu_join analyses, journeys;
    ids_seen seen;
    wu_conversation c;
    wu_labels labels;
    wu_replace file;
    wu_buf turns, prompt, line, answer[WU_N_TASK];
    const char *transcript; /* name of the file it comes from */
    const char *format;
    char where[WU_PATH_MAX];          /* the file, for messages */
    char label_where[2][WU_PATH_MAX]; /* the same of analysis and journey */
} run;

static wu_code out_of_memory(const run *r, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", r->where);
}

/* ---- ids ------------------------------------------------------------------------------------ */

static size_t id_slot(const ids_seen *s, wu_hash h) {
    size_t at = (size_t)h.lo & (s->n_slot - 1);
    while ((s->slot[at].hi || s->slot[at].lo) && (s->slot[at].hi != h.hi || s->slot[at].lo != h.lo))
        at = (at + 1) & (s->n_slot - 1);
    return at;
}

static wu_code ids_grow(ids_seen *s) {
    const ids_seen old = *s;
    const size_t n = old.n_slot ? 2 * old.n_slot : 1024;
    wu_hash *slot = calloc(n, sizeof(*slot));
    if (!slot) return WU_ENOMEM;
    *s = (ids_seen){slot, n, old.n};
    for (size_t i = 0; i < old.n_slot; i++)
        if (old.slot[i].hi || old.slot[i].lo) slot[id_slot(s, old.slot[i])] = old.slot[i];
    free(old.slot);
    return WU_OK;
}

static wu_code is_new_id(ids_seen *s, wu_str id, bool *is_new) {
    wu_hash h = wu_hash_bytes(id.p, id.n);
    if (!h.hi && !h.lo) h.lo = 1; /* all zero is a free slot */
    if (2 * (s->n + 1) > s->n_slot && ids_grow(s)) return WU_ENOMEM;
    wu_hash *slot = &s->slot[id_slot(s, h)];
    *is_new = !slot->hi && !slot->lo;
    if (*is_new) s->n++;
    *slot = h;
    return WU_OK;
}

/* ---- labels --------------------------------------------------------------------------------- */

/* Of a conversation: by the name of its file, else by its id, which a file may give. */
static wu_join_file *find_file(const run *r, const wu_join *j) {
    wu_join_file *f = r->transcript ? wu_join_find(j, wu_join_stem(r->transcript)) : NULL;
    return f ? f : wu_join_find(j, r->c.id);
}

/* The file's labels take the place of those in the record, if there is a file. */
static wu_code read_labels(run *r, const wu_join *j, char path[WU_PATH_MAX], const char **name,
                           wu_json **out, wu_err *err) {
    wu_json *labels = NULL;
    wu_code rc;
    *name = NULL;
    memcpy(path, r->where, sizeof(r->where));
    wu_join_file *f = j->n ? find_file(r, j) : NULL;
    if (!f) return WU_OK;
    if (f->is_used) {
        wu_fail(err, WU_EDATA, "%s: %s/%s belongs to another transcript already", r->where, j->dir,
                f->name);
        return wu_prepare_problem(&r->tally, WU_PROBLEM_DUPLICATE, err);
    }
    f->is_used = true;
    if ((rc = wu_path_join(path, WU_PATH_MAX, j->dir, f->name, err))) return rc;
    if ((rc = wu_json_read_file(&labels, path, LABELS_LIMIT, WU_EDATA, err)) ||
        (rc = wu_labels_unwrap(&labels, path, err))) {
        wu_json_free(labels);
        if (rc == WU_ENOMEM) return rc;
        return wu_prepare_problem(&r->tally, WU_PROBLEM_UNREADABLE, err);
    }
    wu_json_free(*out);
    *out = labels;
    *name = f->name;
    return WU_OK;
}

/* Labels that came in the record itself. */
static wu_code unwrap(run *r, wu_json **labels, const char *what, wu_err *err) {
    char where[WU_PATH_MAX + 32];
    if (!*labels) return WU_OK;
    snprintf(where, sizeof(where), "%s: %s", r->where, what);
    const wu_code rc = wu_labels_unwrap(labels, where, err);
    if (!rc || rc == WU_ENOMEM) return rc;
    wu_json_free(*labels);
    *labels = NULL;
    return wu_prepare_problem(&r->tally, WU_PROBLEM_UNREADABLE, err);
}

/* Who says the answers and what they are made from. */
static wu_json *provenance(const run *r, const char *analysis, const char *journey,
                           const wu_shortened *cut) {
    const wu_prepare_options *o = r->o;
    const char *text[][2] = {{"transcript", r->transcript}, {"analysis", analysis},
                             {"journey", journey},          {"format", r->format},
                             {"labels", o->label_source},   {"program", "wrapup " WU_VERSION}};
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    wu_buf valid = {0};
    for (size_t i = 0; !rc && i < WU_LEN(text); i++) {
        if (!text[i][1]) continue;
        wu_buf_clear(&valid); /* names of files may be any bytes */
        rc = wu_utf8_lossy(wu_str_of(text[i][1]), &valid);
        if (!rc) rc = wu_json_set(j, text[i][0], wu_json_new_str(wu_buf_view(&valid)));
    }
    wu_buf_free(&valid);
    if (!rc && o->redactor) rc = wu_json_set(j, "redacted", wu_json_new_bool(true));
    if (!rc && cut->was_cut) rc = wu_json_set(j, "turns_left_out", wu_json_new_int(cut->n_turn));
    if (!rc && cut->n_word) rc = wu_json_set(j, "words_left_out", wu_json_new_int(cut->n_word));
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

/* ---- one conversation ----------------------------------------------------------------------- */

static bool is_wanted(const run *r, int task) {
    return r->o->tasks == 0 || ((r->o->tasks >> task) & 1u);
}

static wu_code count_labels(run *r, wu_err *err) {
    wu_prepare_counts *n = r->tally.n;
    wu_code rc;
    n->n_text_cut += r->labels.n_cut;
    if (r->labels.csat >= 0.0) {
        n->csat_most = n->n_csat ? WU_MAX(n->csat_most, r->labels.csat) : r->labels.csat;
        n->n_csat++;
    }
    for (int i = 0; i < WU_N_TASK; i++) {
        const wu_label_state *state = r->labels.state[i];
        if (!is_wanted(r, i)) continue;
        n->n_state[i][0][state[0]]++;
        for (int k = 1; r->labels.answer[i] && k < wu_tasks[i].n_field; k++)
            n->n_state[i][k][state[k]]++;
        if (state[0] != WU_LABEL_BAD && state[0] != WU_LABEL_UNKNOWN) continue;
        const bool of_journey = i == WU_TASK_CHURN || i == WU_TASK_JOURNEY;
        wu_fail(err, WU_EDATA, "%.560s: %s", r->label_where[of_journey], r->labels.wrong[i]);
        if ((rc = wu_prepare_problem(&r->tally, WU_PROBLEM_LABEL, err))) return rc;
    }
    return WU_OK;
}

/* The answers as text; empty where there is none. */
static wu_code render_answers(run *r, wu_str view[WU_N_TASK], wu_err *err) {
    for (int i = 0; i < WU_N_TASK; i++) {
        const wu_json *answer = is_wanted(r, i) ? r->labels.answer[i] : NULL;
        wu_err why = {0};
        view[i] = (wu_str){0};
        if (!answer) continue;
        if (wu_labels_check(&wu_tasks[i], answer, r->o->labels.taxonomy, &why))
            return wu_fail(err, WU_EBUG, "%s: %s", r->where, why.msg);
        wu_buf_clear(&r->answer[i]);
        if (wu_json_write(&r->answer[i], answer, WU_JSON_SPACED)) return out_of_memory(r, err);
        view[i] = wu_buf_view(&r->answer[i]);
    }
    return WU_OK;
}

static wu_code write_example(run *r, int task, wu_str turns, wu_str answer, const wu_json *contact,
                             const wu_json *from, wu_err *err) {
    wu_record record = {0};
    wu_json *known = wu_json_size(contact) ? wu_json_copy(contact) : NULL;
    wu_json *source = wu_json_copy(from);
    wu_buf_clear(&r->prompt);
    wu_buf_clear(&r->line);
    wu_code rc = source && (known || !wu_json_size(contact)) ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_prompt_render(&r->prompt, &wu_tasks[task], r->o->order, (wu_str){0}, turns);
    if (rc) {
        wu_json_free(known);
        wu_json_free(source);
    } else {
        rc = wu_record_make(&record, &wu_tasks[task], wu_buf_view(&r->prompt), answer, r->c.id,
                            known, NULL, source);
    }
    if (!rc) rc = wu_record_write(&r->line, &record);
    wu_record_clear(&record);
    if (rc) return out_of_memory(r, err);
    if (fwrite(r->line.p, 1, r->line.n, r->file.f) != r->line.n)
        return wu_fail_errno(err, "%s", r->file.path);
    return wu_prepare_answer(&r->tally, &wu_tasks[task], r->labels.answer[task], err);
}

static wu_code write_examples(run *r, const char *analysis, const char *journey,
                              const wu_str answer[WU_N_TASK], wu_err *err) {
    wu_prepare_counts *n = r->tally.n;
    wu_shortened cut = {0};
    wu_code rc;
    wu_buf_clear(&r->turns);
    if (wu_conversation_render(&r->turns, &r->c)) return out_of_memory(r, err);
    wu_str turns = wu_buf_view(&r->turns);
    if (r->o->shortener && (rc = wu_shorten(r->o->shortener, &turns, answer, r->where, &cut, err)))
        return rc == WU_EDATA ? wu_prepare_problem(&r->tally, WU_PROBLEM_TOO_LONG, err) : rc;
    n->n_shortened += cut.was_cut;
    n->n_turn_out += cut.n_turn;
    n->n_word_out += cut.n_word;
    wu_json *contact = wu_contact_json(&r->c.contact, false);
    wu_json *from = provenance(r, analysis, journey, &cut);
    rc = contact && from ? WU_OK : out_of_memory(r, err);
    bool is_used = false;
    for (int i = 0; !rc && i < WU_N_TASK; i++) {
        if (!answer[i].n) continue;
        rc = write_example(r, i, turns, answer[i], contact, from, err);
        is_used = true;
    }
    n->n_used += is_used;
    wu_json_free(contact);
    wu_json_free(from);
    return rc;
}

/* What cannot be used has labels all the same: they are not without a transcript. */
static void claim_labels(const run *r) {
    const wu_join *const join[2] = {&r->analyses, &r->journeys};
    for (int i = 0; i < 2; i++) {
        wu_join_file *f = r->transcript ? wu_join_find(join[i], wu_join_stem(r->transcript)) : NULL;
        if (f) f->is_used = true;
    }
}

static wu_code pass_over(run *r, wu_problem kind, wu_err *err) {
    claim_labels(r);
    return wu_prepare_problem(&r->tally, kind, err);
}

/* An id may be the name of a file, which can be any bytes. */
static wu_code make_id_valid(run *r, wu_err *err) {
    wu_buf valid = {0};
    if (wu_utf8_valid(r->c.id)) return WU_OK;
    wu_code rc = wu_utf8_lossy(r->c.id, &valid);
    if (!rc) rc = wu_conversation_set(&r->c, &r->c.id, wu_buf_view(&valid));
    wu_buf_free(&valid);
    return rc ? out_of_memory(r, err) : WU_OK;
}

/* False with OK: it cannot be used, which has been counted. */
static wu_code check_conversation(run *r, bool *is_good, wu_err *err) {
    bool is_new;
    wu_code rc;
    *is_good = false;
    r->tally.n->n_conversation++;
    if ((rc = make_id_valid(r, err))) return rc;
    if (is_new_id(&r->seen, r->c.id, &is_new)) return out_of_memory(r, err);
    if (!is_new) {
        wu_fail(err, WU_EDATA, "%s: the id \"%.*s\" has been there before", r->where,
                (int)WU_MIN(r->c.id.n, (size_t)200), r->c.id.p);
        return pass_over(r, WU_PROBLEM_DUPLICATE, err);
    }
    if (r->c.n_turn == 0) {
        wu_fail(err, WU_EDATA, "%s: there are no turns", r->where);
        return pass_over(r, WU_PROBLEM_EMPTY, err);
    }
    *is_good = true;
    return WU_OK;
}

static wu_code find_labels(run *r, const char **analysis, const char **journey, wu_err *err) {
    const int64_t n_unreadable = r->tally.n->n_problem[WU_PROBLEM_UNREADABLE];
    const int64_t n_duplicate = r->tally.n->n_problem[WU_PROBLEM_DUPLICATE];
    wu_code rc;
    if ((rc = unwrap(r, &r->c.analysis, "analysis", err))) return rc;
    if ((rc = read_labels(r, &r->analyses, r->label_where[0], analysis, &r->c.analysis, err)))
        return rc;
    /* one that is there but cannot be used has been told already */
    const bool is_told = r->tally.n->n_problem[WU_PROBLEM_UNREADABLE] > n_unreadable ||
                         r->tally.n->n_problem[WU_PROBLEM_DUPLICATE] > n_duplicate;
    if ((rc = unwrap(r, &r->c.journey, "journey", err))) return rc;
    if ((rc = read_labels(r, &r->journeys, r->label_where[1], journey, &r->c.journey, err)))
        return rc;
    if (!r->c.journey) r->tally.n->n_no_journey++;
    if (r->c.analysis || is_told) return WU_OK;
    wu_fail(err, WU_EDATA, "%s: there is no analysis", r->where);
    return wu_prepare_problem(&r->tally, WU_PROBLEM_NO_ANALYSIS, err);
}

static wu_code do_conversation(run *r, wu_err *err) {
    const char *analysis, *journey;
    wu_str answer[WU_N_TASK];
    bool is_good;
    wu_code rc;
    if ((rc = check_conversation(r, &is_good, err)) || !is_good) return rc;
    if ((rc = find_labels(r, &analysis, &journey, err))) return rc;
    if (r->o->redactor && (rc = wu_redact_conversation(r->o->redactor, &r->c, err))) return rc;
    if ((rc = wu_labels_read(&r->labels, r->c.analysis, r->c.journey, &r->o->labels, err)))
        return rc;
    if ((rc = count_labels(r, err))) return rc;
    if ((rc = render_answers(r, answer, err))) return rc;
    return write_examples(r, analysis, journey, answer, err);
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Names the conversation in messages; a file of one is named by its path alone. */
static void set_place(run *r, const char *path, wu_format f) {
    const char *name = strcmp(path, "-") ? path : "standard input";
    if (f == WU_FORMAT_CSV || f == WU_FORMAT_JSONL || f == WU_FORMAT_CONVERSATION)
        snprintf(r->where, sizeof(r->where), "%.3500s: %.*s", name,
                 (int)WU_MIN(r->c.id.n, (size_t)200), r->c.id.p);
    else
        snprintf(r->where, sizeof(r->where), "%s", name);
    r->format = wu_format_name(f);
}

static wu_code do_file(run *r, const char *path, wu_err *err) {
    wu_reader *reader = NULL;
    bool end = false;
    wu_code rc = wu_reader_open(&reader, path, &r->o->read, err);
    if (r->o->transcripts && (rc == WU_EDATA || rc == WU_EIO))
        return pass_over(r, WU_PROBLEM_UNREADABLE, err);
    while (!rc && !end) {
        rc = wu_reader_next(reader, &r->c, &end, err);
        if (rc == WU_EDATA) {
            rc = pass_over(r, WU_PROBLEM_UNREADABLE, err);
        } else if (!rc && !end) {
            set_place(r, path, wu_reader_format(reader));
            rc = do_conversation(r, err);
        }
    }
    wu_reader_close(reader);
    return rc;
}

/* Where transcripts and labels lie in one directory, their names tell them apart. */
static bool is_label_file(const run *r, const char *name) {
    const wu_str s = wu_str_of(name);
    const char *const dir[2] = {r->o->analyses, r->o->journeys};
    static const char *const prefix[2] = {"analysis_", "journey_"};
    for (int i = 0; i < 2; i++)
        if (dir[i] && wu_same_file(dir[i], r->o->transcripts) &&
            wu_str_starts(s, wu_str_of(prefix[i])))
            return true;
    return false;
}

static wu_code do_directory(run *r, wu_err *err) {
    wu_dir list = {0};
    char path[WU_PATH_MAX];
    wu_code rc = wu_dir_list(&list, r->o->transcripts, err);
    for (int32_t i = 0; !rc && i < list.n; i++) {
        if (is_label_file(r, list.name[i])) continue;
        if ((rc = wu_path_join(path, sizeof(path), r->o->transcripts, list.name[i], err))) break;
        if (wu_is_dir(path)) continue;
        r->transcript = list.name[i];
        rc = do_file(r, path, err);
    }
    r->transcript = NULL;
    wu_dir_free(&list);
    return rc;
}

/* Labels that no transcript asked for. */
static wu_code find_unused(run *r, const wu_join *j, wu_err *err) {
    wu_code rc = WU_OK;
    for (int32_t i = 0; !rc && i < j->n; i++) {
        if (j->file[i].is_used) continue;
        wu_fail(err, WU_EDATA, "%s/%s: there is no transcript for it", j->dir, j->file[i].name);
        rc = wu_prepare_problem(&r->tally, WU_PROBLEM_NO_TRANSCRIPT, err);
    }
    return rc;
}

static wu_code open_labels(wu_join *j, const wu_prepare_options *o, const char *dir,
                           const char *prefix, wu_err *err) {
    if (!dir) return WU_OK;
    const bool is_shared = wu_same_file(dir, o->transcripts) ||
                           (o->journeys && wu_same_file(o->analyses, o->journeys));
    return wu_join_open(j, dir, is_shared ? prefix : NULL, err);
}

static wu_code do_all(run *r, wu_err *err) {
    const wu_prepare_options *o = r->o;
    wu_code rc;
    if (o->input) {
        r->transcript = strcmp(o->input, "-") ? wu_base_name(o->input) : NULL;
        return do_file(r, o->input, err);
    }
    if ((rc = open_labels(&r->analyses, o, o->analyses, "analysis_", err))) return rc;
    if ((rc = open_labels(&r->journeys, o, o->journeys, "journey_", err))) return rc;
    if ((rc = do_directory(r, err))) return rc;
    if ((rc = find_unused(r, &r->analyses, err))) return rc;
    return find_unused(r, &r->journeys, err);
}

/* ---- files ---------------------------------------------------------------------------------- */

static wu_code check_places(const wu_prepare_options *o, const char *examples, wu_err *err) {
    const char *const dir[] = {o->transcripts, o->analyses, o->journeys};
    if (!o->input == !o->transcripts)
        return wu_fail(err, WU_EARG, "want either a directory of transcripts or one input file");
    if (o->transcripts && !o->analyses && !o->journeys)
        return wu_fail(err, WU_EARG, "%s: want a directory of analyses too", o->transcripts);
    for (size_t i = 0; i < WU_LEN(dir); i++)
        if (dir[i] && wu_same_file(dir[i], o->output))
            return wu_fail(err, WU_EARG, "%s: is read from; the output must go elsewhere", dir[i]);
    if (o->input && wu_same_file(o->input, examples))
        return wu_fail(err, WU_EARG, "%s: is what is read; the output must go elsewhere", examples);
    return WU_OK;
}

/* Both files are complete before the first takes its name. What metadata.json said of the old
 * examples goes before they do: a reader who finds it finds what it describes. */
static wu_code finish(run *r, wu_err *err) {
    wu_replace metadata = {0};
    wu_code rc;
    if (r->tally.n->n_examples == 0)
        return wu_fail(err, WU_EDATA, "%s: no example could be made, of %lld conversation%s",
                       !r->o->input               ? r->o->transcripts
                       : strcmp(r->o->input, "-") ? r->o->input
                                                  : "standard input",
                       (long long)r->tally.n->n_conversation,
                       r->tally.n->n_conversation == 1 ? "" : "s");
    if (fflush(r->file.f)) return wu_fail_errno(err, "%s", r->file.path);
    rc = wu_begin_metadata(&metadata, r->o->output, NULL, "prepare", wu_prepare_json(&r->tally),
                           err);
    if (!rc && wu_is_file(metadata.path) && unlink(metadata.path))
        rc = wu_fail_errno(err, "%s", metadata.path);
    if (!rc) rc = wu_replace_commit(&r->file, err);
    if (!rc) rc = wu_replace_commit(&metadata, err);
    wu_replace_abandon(&metadata);
    return rc;
}

static void release(run *r) {
    wu_prepare_end(&r->tally);
    wu_join_close(&r->analyses);
    wu_join_close(&r->journeys);
    free(r->seen.slot);
    wu_conversation_free(&r->c);
    wu_labels_clear(&r->labels);
    wu_replace_abandon(&r->file);
    wu_buf_free(&r->turns);
    wu_buf_free(&r->prompt);
    wu_buf_free(&r->line);
    for (int i = 0; i < WU_N_TASK; i++) wu_buf_free(&r->answer[i]);
    free(r);
}

wu_code wu_prepare(wu_prepare_counts *out, const wu_prepare_options *o, wu_err *err) {
    char examples[WU_PATH_MAX];
    wu_err local = {0}; /* problems are told through it even where the caller wants no message */
    wu_code rc;
    if (!err) err = &local;
    run *r = calloc(1, sizeof(*r));
    if (!r) return wu_fail(err, WU_ENOMEM, "prepare: out of memory");
    r->o = o;
    wu_conversation_init(&r->c);
    if ((rc = wu_prepare_begin(&r->tally, o, out, err))) goto done;
    if ((rc = wu_path_join(examples, sizeof(examples), o->output, "examples.jsonl", err)))
        goto done;
    if ((rc = check_places(o, examples, err))) goto done;
    if ((rc = wu_make_dirs(o->output, err))) goto done;
    if ((rc = wu_replace_begin(&r->file, examples, err))) goto done;
    if ((rc = do_all(r, err))) goto done;
    rc = finish(r, err);
done:
    release(r);
    return rc;
}
