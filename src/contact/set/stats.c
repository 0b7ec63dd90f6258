/* stats.c - collecting: examples and conversations become counters (stats.h). */
#include "contact/set/stats.h"

#include "base/file.h"
#include "base/hash.h"
#include "contact/set/stats_impl.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

static wu_code out_of_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "statistics: out of memory");
}

const char *wu_stats_task_name(int task) {
    return task == WU_STATS_OTHER ? "other" : task == WU_STATS_ALL ? "all" : wu_tasks[task].name;
}

/* ----------------------------------------------------------------------- begin, inputs */

static int ascending(const void *a_, const void *b_) {
    const int32_t a = *(const int32_t *)a_, b = *(const int32_t *)b_;
    return a < b ? -1 : a > b;
}

static wu_code set_limits(wu_stats *s, wu_err *err) {
    const int n = s->o.n_limit;
    if (n < 0 || n > WU_STATS_LIMITS)
        return wu_fail(err, WU_EARG, "statistics: %d lengths, want at most %d", n, WU_STATS_LIMITS);
    qsort(s->o.limit, (size_t)n, sizeof(s->o.limit[0]), ascending);
    s->o.n_limit = 0;
    for (int i = 0; i < n; i++) {
        const int32_t v = s->o.limit[i];
        if (v < 1) return wu_fail(err, WU_EARG, "statistics: length %d, want 1 or more", v);
        if (s->o.n_limit > 0 && s->limit[s->o.n_limit - 1].n_tok == v) continue;
        s->o.limit[s->o.n_limit] = v;
        s->limit[s->o.n_limit++].n_tok = v;
    }
    return WU_OK;
}

wu_code wu_stats_begin(wu_stats *s, const wu_stats_options *o, wu_err *err) {
    const size_t memory = o->memory_bytes ? o->memory_bytes : (size_t)48 << 20;
    memset(s, 0, sizeof(*s));
    s->o = *o;
    wu_code rc = set_limits(s, err);
    if (!rc) rc = wu_languages_read(&s->languages, err);
    if (!rc && o->duplicates)
        rc = wu_alike_create(&s->finder, o->threshold, memory / 3 * 2, o->temporary, err);
    if (!rc && o->duplicates) rc = wu_sort_create(&s->prompts, memory / 6, o->temporary, err);
    if (!rc) rc = wu_sort_create(&s->agents, memory / 6, o->temporary, err);
    if (rc) wu_stats_free(s);
    return rc;
}

static void free_task(wu_stats_task *t) {
    for (int u = 0; u < WU_N_SIZE_UNIT; u++)
        for (int p = 0; p < WU_N_PART; p++) wu_tally_free(&t->size[u][p]);
    for (int i = 0; i < WU_STATS_FIELDS; i++) {
        wu_tally_free(&t->field[i].value);
        wu_counts_free(&t->field[i].unknown);
    }
    wu_counts_free(&t->extra);
}

/* What only collecting needs. */
static void free_work(wu_stats *s) {
    wu_languages_free(s->languages);
    wu_alike_free(s->finder);
    wu_sort_free(s->agents);
    wu_sort_free(s->prompts);
    free(s->seen);
    wu_ids_free(&s->ids);
    for (int i = 0; i < WU_STATS_KEPT; i++) wu_ids_free(&s->kept[i]);
    wu_arena_free(&s->scratch);
    s->languages = NULL;
    s->finder = NULL;
    s->agents = s->prompts = NULL;
    s->seen = NULL;
}

void wu_stats_free(wu_stats *s) {
    free_work(s);
    for (int32_t i = 0; i < s->n_input; i++) {
        free(s->input[i].name);
        free(s->input[i].split);
        wu_counts_free(&s->input[i].formats);
    }
    free(s->input);
    for (int i = 0; i < WU_STATS_TASKS; i++) free_task(&s->task[i]);
    for (int i = 0; i < WU_N_PARTY_ROLE; i++) {
        wu_tally_free(&s->role[i].turns);
        wu_tally_free(&s->role[i].words_a_turn);
    }
    wu_counts_free(&s->unknown_task);
    wu_counts_free(&s->language);
    wu_counts_free(&s->channel);
    wu_tally_free(&s->turns);
    wu_tally_free(&s->words);
    wu_tally_free(&s->characters);
    wu_tally_free(&s->month);
    wu_tally_free(&s->per_agent);
    free(s->longest.file);
    memset(s, 0, sizeof(*s));
}

/* File names may be any bytes, reports are UTF-8. NULL when out of memory. */
static char *clean_copy(const char *s) {
    wu_buf b = {0};
    const wu_code rc = wu_utf8_lossy(wu_str_of(s), &b);
    char *copy = rc ? NULL : strdup(b.n ? b.p : "");
    wu_buf_free(&b);
    return copy;
}

wu_code wu_stats_input_begin(wu_stats *s, const char *name, const char *split, bool is_examples,
                             wu_err *err) {
    if (s->n_input == s->max_input) {
        if (s->max_input > INT32_MAX / 2) return out_of_memory(err);
        const int32_t more = s->max_input ? 2 * s->max_input : 8;
        wu_stats_input *p = realloc(s->input, (size_t)more * sizeof(*p));
        if (!p) return out_of_memory(err);
        s->input = p;
        s->max_input = more;
    }
    wu_stats_input *in = &s->input[s->n_input];
    *in = (wu_stats_input){
        .name = clean_copy(name), .split = clean_copy(split), .is_examples = is_examples};
    if (!in->name || !in->split) {
        free(in->name);
        free(in->split);
        return out_of_memory(err);
    }
    s->n_input++;
    return WU_OK;
}

void wu_stats_bad(wu_stats *s) { s->input[s->n_input - 1].n_bad++; }

/* ---------------------------------------------------------------------- seen before? */

static wu_code grow_seen(wu_stats *s) {
    const size_t more = s->max_seen ? 2 * s->max_seen : 1024;
    size_t bytes;
    if (s->n_seen < s->max_seen / 2) return WU_OK;
    if (!wu_mul_size(&bytes, more, sizeof(*s->seen))) return WU_ENOMEM;
    uint64_t *p = malloc(bytes);
    if (!p) return WU_ENOMEM;
    memset(p, 0, bytes);
    for (size_t k = 0; k < s->max_seen; k++) {
        if (!s->seen[k]) continue;
        size_t i = (size_t)s->seen[k] & (more - 1);
        while (p[i]) i = (i + 1) & (more - 1);
        p[i] = s->seen[k];
    }
    free(s->seen);
    s->seen = p;
    s->max_seen = more;
    return WU_OK;
}

/* Whether key is new; it is not any more. */
static wu_code is_new(wu_stats *s, uint64_t key, bool *yes) {
    const wu_code rc = grow_seen(s);
    if (rc) return rc;
    if (key == 0) key = 1;
    size_t i = (size_t)key & (s->max_seen - 1);
    while (s->seen[i] && s->seen[i] != key) i = (i + 1) & (s->max_seen - 1);
    *yes = s->seen[i] != key;
    if (*yes) {
        s->seen[i] = key;
        s->n_seen++;
    }
    return WU_OK;
}

/* ---------------------------------------------------------------------------- examples */

/* An example of any shape, taken apart. */
typedef struct parts {
    wu_message *msg; /* [n]; of the scratch arena */
    int n;
    bool is_text;
    wu_str completion; /* or the whole text */
    int64_t words[WU_N_PART], chars[WU_N_PART];
    uint64_t prompt_hash;
    int32_t n_tok, answer; /* tokens; those before the answer */
} parts;

static wu_role role_of(wu_str s) {
    return wu_str_eq(s, WU_STR("assistant")) ? WU_ROLE_ASSISTANT
           : wu_str_eq(s, WU_STR("system"))  ? WU_ROLE_SYSTEM
                                             : WU_ROLE_USER;
}

static wu_code take_messages(wu_stats *s, parts *p, const wu_record *r) {
    const wu_json *list = wu_json_get(r->json, "messages");
    const size_t n = wu_json_size(list);
    if (r->prompt.n || r->completion.n || n == 0 || n > INT32_MAX) {
        p->msg = wu_arena_zero(&s->scratch, 2, sizeof(*p->msg));
        if (!p->msg) return WU_ENOMEM;
        p->msg[0] = (wu_message){WU_ROLE_USER, r->prompt};
        p->msg[1] = (wu_message){WU_ROLE_ASSISTANT, r->completion};
        p->n = 2;
        return WU_OK;
    }
    p->msg = wu_arena_zero(&s->scratch, n, sizeof(*p->msg));
    if (!p->msg) return WU_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const wu_json *m = wu_json_at(list, i);
        p->msg[i].role = role_of(wu_json_str(wu_json_get(m, "role")));
        p->msg[i].text = wu_json_str(wu_json_get(m, "content"));
    }
    p->n = (int)n;
    return WU_OK;
}

static wu_code take_apart(wu_stats *s, parts *p, const wu_record *r) {
    const wu_str text = wu_json_str(wu_json_get(r->json, "text"));
    p->is_text = !r->prompt.n && !r->completion.n && !wu_json_get(r->json, "messages");
    if (p->is_text) {
        p->words[WU_PART_WHOLE] = wu_count_words(text);
        p->chars[WU_PART_WHOLE] = wu_count_chars(text);
        p->completion = text;
        p->prompt_hash = wu_hash64(text.p, text.n);
        return WU_OK;
    }
    const wu_code rc = take_messages(s, p, r);
    if (rc) return rc;
    for (int i = 0; i < p->n; i++) {
        const wu_message *m = &p->msg[i];
        const bool last = i == p->n - 1 && m->role == WU_ROLE_ASSISTANT;
        const wu_size_part part = last ? WU_PART_COMPLETION : WU_PART_PROMPT;
        const int64_t words = wu_count_words(m->text), chars = wu_count_chars(m->text);
        p->words[part] += words;
        p->words[WU_PART_WHOLE] += words;
        p->chars[part] += chars;
        p->chars[WU_PART_WHOLE] += chars;
        if (last)
            p->completion = m->text;
        else
            p->prompt_hash = p->prompt_hash * 31 + wu_hash64(m->text.p, m->text.n) + m->role;
    }
    return WU_OK;
}

/* As the trainer does it. */
static wu_code encode(wu_stats *s, parts *p, const char *where, wu_err *err) {
    const wu_tokenizer *t = s->o.tokenizer;
    wu_code rc;
    s->ids.n = 0;
    if (!t) return WU_OK;
    if (p->is_text) {
        const int32_t eos = wu_tokenizer_vocab(t)->eos;
        rc = wu_tokenizer_encode(t, p->completion, WU_ENCODE_SPECIAL | WU_ENCODE_BOS, &s->ids, err);
        if (!rc && eos >= 0 && (s->ids.n == 0 || s->ids.id[s->ids.n - 1] != eos))
            if ((rc = wu_ids_push(&s->ids, eos))) out_of_memory(err);
    } else {
        rc = wu_chat_encode(s->o.chat, t, p->msg, p->n, false, &s->ids, &p->answer, err);
        if (rc == WU_EARG) rc = WU_EDATA; /* messages that the template cannot show */
    }
    p->n_tok = s->ids.n;
    return rc ? wu_fail_in(err, rc, "%s", where) : WU_OK;
}

static wu_code add_sizes(wu_stats_task *t, const parts *p, bool has_tokens) {
    const int64_t tokens[WU_N_PART] = {p->answer, p->n_tok - p->answer, p->n_tok};
    wu_code rc = WU_OK;
    t->n_example++;
    for (int i = 0; !rc && i < WU_N_PART; i++) {
        if (p->is_text && i != WU_PART_WHOLE) continue;
        rc = wu_tally_add(&t->size[WU_SIZE_WORDS][i], p->words[i]);
        if (!rc) rc = wu_tally_add(&t->size[WU_SIZE_CHARACTERS][i], p->chars[i]);
        if (!rc && has_tokens) rc = wu_tally_add(&t->size[WU_SIZE_TOKENS][i], tokens[i]);
    }
    return rc;
}

static wu_code count_limits(wu_stats *s, const parts *p, const char *file, int64_t line) {
    const int64_t size = s->o.tokenizer ? p->n_tok : p->chars[WU_PART_WHOLE];
    const wu_tally *whole =
        &s->task[WU_STATS_ALL]
             .size[s->o.tokenizer ? WU_SIZE_TOKENS : WU_SIZE_CHARACTERS][WU_PART_WHOLE];
    for (int i = 0; s->o.tokenizer && i < s->o.n_limit; i++) {
        wu_stats_limit *l = &s->limit[i];
        if (p->n_tok <= l->n_tok) continue;
        l->n_long++;
        l->n_lost += p->n_tok - l->n_tok;
        l->n_no_answer += !p->is_text && p->answer >= l->n_tok;
    }
    if (s->longest.file && size <= whole->max) return WU_OK;
    char *copy = clean_copy(file);
    if (!copy) return WU_ENOMEM;
    free(s->longest.file);
    s->longest = (wu_stats_place){s->n_input - 1, copy, line};
    return WU_OK;
}

/* A new example of a conversation adds to its tree what no earlier one begins with. */
static void count_shared(wu_stats *s, uint64_t conversation) {
    int32_t most = 0;
    if (s->kept_of != conversation) s->n_kept = 0;
    s->kept_of = conversation;
    for (int k = 0; k < s->n_kept; k++) {
        const wu_ids *a = &s->kept[k];
        int32_t n = 0;
        while (n < a->n && n < s->ids.n && a->id[n] == s->ids.id[n]) n++;
        if (n > most) most = n;
    }
    s->n_tok += s->ids.n;
    s->n_tok_shared += most;
    if (s->n_kept == WU_STATS_KEPT) return;
    const wu_ids swap = s->kept[s->n_kept];
    s->kept[s->n_kept++] = s->ids;
    s->ids = swap;
}

static wu_code count_answer(wu_stats *s, const parts *p, const wu_record *r, int *task) {
    wu_json *answer = NULL;
    wu_code rc = WU_OK;
    *task = r->task ? (int)r->task->id : WU_STATS_OTHER;
    if (!p->is_text && wu_json_parse(&answer, p->completion, "", WU_EDATA, NULL) == WU_ENOMEM)
        return WU_ENOMEM;
    if (answer && wu_json_type(answer) == WU_JSON_OBJECT) {
        const wu_task *t = r->task ? r->task : r->task_type.n ? NULL : wu_stats_task_of(answer);
        if (t) {
            *task = (int)t->id;
            rc = wu_stats_answer(&s->task[t->id], t, answer);
        }
    }
    if (!rc && !r->task && r->task_type.n) rc = wu_counts_add(&s->unknown_task, r->task_type, 0);
    wu_json_free(answer);
    return rc;
}

/* The first example of a conversation stands for it. */
static wu_code count_conversation(wu_stats *s, const wu_record *r, const wu_contact *contact,
                                  uint64_t id, const char *where, wu_err *err) {
    const wu_json *temporal = wu_json_get(r->json, "temporal");
    const bool simulated = wu_json_bool(wu_json_get(temporal, "simulated"));
    wu_contact c = *contact;
    bool here, anywhere;
    if (is_new(s, id * 31 + (uint64_t)s->n_input, &here) || is_new(s, id, &anywhere))
        return out_of_memory(err);
    if (here) s->input[s->n_input - 1].n_conversation++;
    if (!anywhere) return WU_OK;
    s->n_conversation++;
    if (!c.start.known) {
        wu_when w;
        if (wu_when_parse(&w, wu_json_str(wu_json_get(temporal, "timestamp")))) c.start = w;
    }
    const wu_str name = r->source_id.n ? r->source_id : wu_str_of(wu_base_name(where));
    return wu_stats_lines(s, wu_record_conversation(r), &c, simulated, name, err);
}

static wu_code read_contact(wu_contact *out, wu_stats *s, const wu_record *r, const char *where,
                            wu_err *err) {
    const wu_json *j = wu_json_get(r->json, "contact");
    const wu_json *language = wu_json_get(r->json, "language");
    wu_contact_init(out);
    if (j) return wu_contact_from_json(out, &s->scratch, j, where, err);
    out->language = wu_json_str(language);
    return WU_OK;
}

static wu_code count_example(wu_stats *s, const wu_record *r, const parts *p, const char *file,
                             int64_t line, wu_err *err) {
    int task = WU_STATS_OTHER;
    wu_code rc = count_limits(s, p, file, line);
    if (!rc) rc = count_answer(s, p, r, &task);
    if (!rc) rc = add_sizes(&s->task[task], p, s->o.tokenizer != NULL);
    if (!rc) rc = add_sizes(&s->task[WU_STATS_ALL], p, s->o.tokenizer != NULL);
    if (rc) return out_of_memory(err);
    s->n_example++;
    s->input[s->n_input - 1].n_example++;
    return s->prompts ? wu_sort_add(s->prompts, p->prompt_hash,
                                    wu_hash64(p->completion.p, p->completion.n), err)
                      : WU_OK;
}

wu_code wu_stats_example(wu_stats *s, const wu_record *r, const char *file, int64_t line,
                         wu_err *err) {
    const wu_arena_mark mark = wu_arena_save(&s->scratch);
    char where[WU_WHERE_MAX];
    wu_contact contact;
    parts p = {0};
    snprintf(where, sizeof(where), "%s:%lld", file, (long long)line);
    wu_code rc = take_apart(s, &p, r);
    if (rc) {
        out_of_memory(err);
        goto done;
    }
    if ((rc = read_contact(&contact, s, r, where, err))) goto done;
    if ((rc = encode(s, &p, where, err))) goto done;
    const wu_str words = wu_record_conversation(r);
    const uint64_t id =
        r->source_id.n ? wu_hash64(r->source_id.p, r->source_id.n) : wu_hash64(words.p, words.n);
    if ((rc = count_example(s, r, &p, file, line, err))) goto done;
    if ((rc = count_conversation(s, r, &contact, id, where, err))) goto done;
    if (s->o.tokenizer) count_shared(s, id);
done:
    wu_arena_reset(&s->scratch, mark);
    return rc;
}

wu_code wu_stats_conversation(wu_stats *s, const wu_conversation *c, const char *format,
                              int64_t number, wu_err *err) {
    wu_stats_input *in = &s->input[s->n_input - 1];
    bool first = true;
    if (c->id.n && is_new(s, wu_hash64(c->id.p, c->id.n), &first)) return out_of_memory(err);
    s->n_id_again += !first;
    in->n_conversation++;
    s->n_conversation++;
    if (number <= 1 && wu_counts_add(&in->formats, wu_str_of(format), 0)) return out_of_memory(err);
    return wu_stats_talk(s, c, err);
}

/* ------------------------------------------------------------------------------ finish */

static wu_code finish_agents(wu_stats *s, wu_err *err) {
    wu_pair p;
    uint64_t key = 0;
    int64_t n = 0;
    bool end = false;
    wu_code rc = wu_sort_finish(s->agents, err);
    while (!rc && !(rc = wu_sort_next(s->agents, &p, &end, err))) {
        if (n > 0 && (end || p.key != key)) {
            if (wu_tally_add(&s->per_agent, n)) rc = out_of_memory(err);
            s->n_agent++;
            n = 0;
        }
        if (end) break;
        key = p.key;
        n++;
    }
    return rc;
}

static wu_code finish_prompts(wu_stats *s, wu_err *err) {
    wu_pair p, before = {0};
    bool end = false, any = false, torn = false;
    wu_code rc = wu_sort_finish(s->prompts, err);
    while (!rc && !(rc = wu_sort_next(s->prompts, &p, &end, err)) && !end) {
        if (!any || p.key != before.key) torn = false;
        if (any && p.key == before.key) {
            s->n_example_again += p.value == before.value;
            s->n_prompt_torn += p.value != before.value && !torn;
            torn = torn || p.value != before.value;
        }
        before = p;
        any = true;
    }
    return rc;
}

wu_code wu_stats_finish(wu_stats *s, wu_err *err) {
    wu_code rc = finish_agents(s, err);
    if (!rc && s->prompts) rc = finish_prompts(s, err);
    if (!rc && s->finder) rc = wu_alike_finish(s->finder, &s->alike, err);
    wu_counts_sort(&s->language);
    wu_counts_sort(&s->channel);
    wu_counts_sort(&s->unknown_task);
    for (int32_t i = 0; i < s->n_input; i++) wu_counts_sort(&s->input[i].formats);
    for (int i = 0; i < WU_STATS_TASKS; i++) {
        wu_counts_sort(&s->task[i].extra);
        for (int k = 0; k < WU_STATS_FIELDS; k++) wu_counts_sort(&s->task[i].field[k].unknown);
    }
    free_work(s);
    s->is_finished = rc == WU_OK;
    return rc;
}
