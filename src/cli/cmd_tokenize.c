/* cmd_tokenize.c - `wrapup tokenize`: text to ids and back, line by line. */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/open.h"
#include "text/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    const char *model;
    bool special, bos, jsonl, decode;
} options;

static const wu_opt table[] = {
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, true,
     "Model directory, GGUF file, tokenizer.json or tokenizer.model."},
    {"special", 0, WU_OPT_FLAG, offsetof(options, special), NULL, NULL, NULL, 0, 0, false,
     "Names of special tokens in the text become those tokens; with --decode they are written."},
    {"bos", 0, WU_OPT_FLAG, offsetof(options, bos), NULL, NULL, NULL, 0, 0, false,
     "Begin each line with the begin-of-text token where the vocabulary asks for one."},
    {"jsonl", 0, WU_OPT_FLAG, offsetof(options, jsonl), NULL, NULL, NULL, 0, 0, false,
     "Lines are JSON: {\"text\"} is read and {\"ids\"} written, with --decode the other way."},
    {"decode", 0, WU_OPT_FLAG, offsetof(options, decode), NULL, NULL, NULL, 0, 0, false,
     "From ids to text."},
};

/* One line of work; the buffers are kept from line to line. */
typedef struct work {
    const options *o;
    const wu_tokenizer *tokenizer;
    const char *name; /* of the input, for messages */
    int64_t line;
    wu_ids ids;
    wu_buf out, text;
} work;

static wu_code check_id(const work *w, int64_t id, wu_err *err) {
    const int32_t n = wu_tokenizer_vocab(w->tokenizer)->n_token;
    if (id >= 0 && id < n) return WU_OK;
    return wu_fail(err, WU_EDATA, "%s:%lld: id %lld is not in the vocabulary of %d tokens", w->name,
                   (long long)w->line, (long long)id, n);
}

static wu_code push_id(work *w, int64_t id, wu_err *err) {
    wu_code rc = check_id(w, id, err);
    if (!rc && (rc = wu_ids_push(&w->ids, (int32_t)id)))
        wu_fail(err, rc, "%s:%lld: too many ids", w->name, (long long)w->line);
    return rc;
}

/* "1 2 3", also with commas. */
static wu_code read_plain_ids(work *w, wu_str line, wu_err *err) {
    size_t i = 0;
    while (i < line.n) {
        int64_t id = 0;
        const size_t start = i;
        if (strchr(" ,\t\r", line.p[i]) && line.p[i]) {
            i++;
            continue;
        }
        while (i < line.n && line.p[i] >= '0' && line.p[i] <= '9' && id < INT32_MAX)
            id = id * 10 + (line.p[i++] - '0');
        if (i == start || (i < line.n && (!line.p[i] || !strchr(" ,\t\r", line.p[i]))))
            return wu_fail(err, WU_EDATA, "%s:%lld: byte %zu begins no id", w->name,
                           (long long)w->line, start + 1);
        const wu_code rc = push_id(w, id, err);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code read_json_ids(work *w, const wu_json *object, const char *where, wu_err *err) {
    const wu_json *list = wu_json_get(object, "ids");
    if (wu_json_type(list) != WU_JSON_ARRAY)
        return wu_fail(err, WU_EDATA, "%s: ids is missing or not an array", where);
    for (size_t i = 0; i < wu_json_size(list); i++) {
        const wu_json *j = wu_json_at(list, i);
        if (wu_json_type(j) != WU_JSON_INT)
            return wu_fail(err, WU_EDATA, "%s: ids[%zu] is not an integer", where, i);
        const wu_code rc = push_id(w, wu_json_int(j), err);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code write_ids(work *w) {
    wu_code rc = w->o->jsonl ? wu_buf_str(&w->out, "{\"ids\":[") : WU_OK;
    for (int32_t i = 0; !rc && i < w->ids.n; i++)
        rc = wu_buf_fmt(&w->out, "%s%d", i == 0 ? "" : w->o->jsonl ? "," : " ", w->ids.id[i]);
    if (!rc && w->o->jsonl) rc = wu_buf_str(&w->out, "]}");
    return rc ? rc : wu_buf_char(&w->out, '\n');
}

static wu_code write_text(work *w) {
    wu_code rc = wu_tokenizer_decode(w->tokenizer, w->ids.id, w->ids.n, w->o->special, &w->text);
    if (rc) return rc;
    if (w->o->jsonl) {
        wu_json *object = wu_json_new_object();
        rc = wu_json_set(object, "text", wu_json_new_str(wu_buf_view(&w->text)));
        if (!rc) rc = wu_json_write(&w->out, object, WU_JSON_COMPACT);
        wu_json_free(object);
    } else {
        rc = wu_buf_add(&w->out, w->text.p, w->text.n);
    }
    return rc ? rc : wu_buf_char(&w->out, '\n');
}

static wu_code encode(work *w, wu_str text, wu_err *err) {
    const unsigned flags = (w->o->special ? (unsigned)WU_ENCODE_SPECIAL : 0) |
                           (w->o->bos ? (unsigned)WU_ENCODE_BOS : 0);
    return wu_tokenizer_encode(w->tokenizer, text, flags, &w->ids, err);
}

/* Fills w->ids from a line. */
static wu_code read_line(work *w, wu_str line, wu_err *err) {
    if (!w->o->jsonl) return w->o->decode ? read_plain_ids(w, line, err) : encode(w, line, err);
    char where[WU_PATH_MAX];
    wu_json *object = NULL;
    wu_str text;
    snprintf(where, sizeof(where), "%s:%lld", w->name, (long long)w->line);
    wu_code rc = wu_json_parse(&object, line, where, WU_EDATA, err);
    if (!rc && w->o->decode) {
        rc = read_json_ids(w, object, where, err);
    } else if (!rc) {
        const wu_json_in in = {object, where, WU_EDATA};
        rc = wu_json_want_str(&in, "text", &text, err);
        if (!rc) rc = encode(w, text, err);
    }
    wu_json_free(object);
    return rc;
}

static wu_code do_line(work *w, wu_str line, wu_err *err) {
    w->ids.n = 0;
    wu_buf_clear(&w->out);
    wu_buf_clear(&w->text);
    wu_code rc = read_line(w, line, err);
    if (rc) return rc;
    if ((rc = w->o->decode ? write_text(w) : write_ids(w)))
        return wu_fail(err, rc, "%s:%lld: out of memory", w->name, (long long)w->line);
    if (fwrite(w->out.p, 1, w->out.n, stdout) != w->out.n)
        return wu_fail_errno(err, "standard output");
    return WU_OK;
}

static wu_code do_lines(work *w, wu_str all, wu_err *err) {
    while (all.n) {
        const char *end = memchr(all.p, '\n', all.n);
        const size_t n = end ? (size_t)(end - all.p) : all.n;
        w->line++;
        const wu_code rc = do_line(w, (wu_str){all.p, n}, err);
        if (rc) return rc;
        all.p += end ? n + 1 : n;
        all.n -= end ? n + 1 : n;
    }
    return WU_OK;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    const char *path = n_arg ? arg[0] : "-";
    wu_opened opened = {0};
    wu_buf input = {0};
    work w = {.o = o, .name = strcmp(path, "-") == 0 ? "standard input" : path};
    wu_code rc = wu_open_tokenizer(&opened, o->model, NULL, err);
    if (rc) goto done;
    w.tokenizer = opened.tokenizer;
    if ((rc = wu_read_file(&input, path, WU_BUF_LIMIT, err))) goto done;
    rc = do_lines(&w, wu_buf_view(&input), err);
done:
    wu_ids_free(&w.ids);
    wu_buf_free(&w.out);
    wu_buf_free(&w.text);
    wu_buf_free(&input);
    wu_opened_close(&opened);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_tokenize = {
    .name = "tokenize",
    .summary = "Turn text into token ids, or ids into text",
    .arguments = "[FILE]",
    .max_args = 1,
    .about = "Reads FILE, or standard input, line by line, and writes one line of ids for each. A "
             "line is plain text: nothing in it becomes a special token unless --special is given.",
    .example =
        "  echo 'Agent: Hello' | wrapup tokenize --model models/SmolLM2-135M-Instruct.Q4_1.gguf\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
