/* cmd_format.c - `wrapup format`: examples in the shapes that trainers read. */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/open.h"
#include "contact/set/format.h"
#include "contact/set/place.h"

#include <stdio.h>
#include <string.h>

typedef struct options {
    wu_common common;
    const char *data, *to, *out, *model, *chat_template;
} options;

static const wu_opt table[] = {
    {"data", 0, WU_OPT_TEXT, offsetof(options, data), "PATH", NULL, NULL, 0, 0, true,
     "A file of examples, or a folder: then train, valid, test and examples (.jsonl or "
     "_chatml.jsonl), as far as they are there."},
    {"to", 0, WU_OPT_CHOICE, offsetof(options, to), "SHAPE", NULL,
     "prompt-completion|messages|chatml|mlx-text", 0, 0, true,
     "chatml is messages in files called train_chatml.jsonl and so on; mlx-text is {\"text\"} with "
     "the model's own control tokens."},
    {"out", 'o', WU_OPT_TEXT, offsetof(options, out), "PATH", NULL, NULL, 0, 0, true,
     "The file, or the folder, to write."},
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, false,
     "For mlx-text: model directory, GGUF file, tokenizer.json or tokenizer.model."},
    {"chat-template", 0, WU_OPT_TEXT, offsetof(options, chat_template), "NAME", NULL, NULL, 0, 0,
     false,
     "For mlx-text: mistral-v3, llama3, llama3.1, qwen2, qwen2.5, smollm2, chatml; by "
     "default the model's own."},
};

enum { N_FILE = 4 };
static const char *const part[N_FILE] = {"train", "valid", "test", "examples"};

typedef struct work {
    const options *o;
    wu_opened opened;
    wu_shape_options shape;
    wu_shape_counts n;
    char from[N_FILE][WU_PATH_MAX];
    wu_replace file[N_FILE];
    int n_file;
    wu_replace metadata;
    wu_json *files; /* counts by file, for metadata.json */
} work;

static wu_code open_template(work *w, wu_err *err) {
    const options *o = w->o;
    const bool is_text = strcmp(o->to, "mlx-text") == 0;
    w->shape.to = is_text                                   ? WU_SHAPE_TEXT
                  : strcmp(o->to, "prompt-completion") == 0 ? WU_SHAPE_PROMPT
                                                            : WU_SHAPE_MESSAGES;
    if (!is_text && (o->model || o->chat_template))
        return wu_fail(err, WU_EARG, "--model and --chat-template are for --to mlx-text");
    if (!is_text) return WU_OK;
    if (!o->model)
        return wu_fail(err, WU_EARG, "--to mlx-text needs --model: control tokens are the model's");
    if (o->chat_template && strcmp(o->chat_template, "plain") == 0)
        return wu_fail(err, WU_EARG,
                       "--chat-template plain: its markers are tokens of no vocabulary; leave it "
                       "out to get the model's own");
    const wu_code rc = wu_open_tokenizer(&w->opened, o->model, o->chat_template, err);
    if (rc) return rc;
    w->shape.tokenizer = w->opened.tokenizer;
    w->shape.chat = w->opened.chat;
    if (w->shape.chat != WU_CHAT_NONE) return WU_OK;
    return wu_fail(err, WU_EARG,
                   "%s: has no chat template that is known; name one with "
                   "--chat-template",
                   o->model);
}

static wu_code add_file(work *w, const char *from, const char *to, wu_err *err) {
    if (wu_same_file(from, to))
        return wu_fail(err, WU_EARG, "%s: is what is read; --out must be another place", to);
    snprintf(w->from[w->n_file], WU_PATH_MAX, "%s", from);
    return wu_replace_begin(&w->file[w->n_file++], to, err);
}

/* Of a part's two possible names the one that is there; false: neither. */
static bool find_part(char *out, const char *dir, const char *name, wu_err *err) {
    static const char *const ending[2] = {"", "_chatml"};
    char file[64];
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof(file), "%s%s.jsonl", name, ending[i]);
        if (wu_path_join(out, WU_PATH_MAX, dir, file, err)) return false;
        if (wu_is_file(out)) return true;
    }
    return false;
}

static wu_code add_folder(work *w, wu_err *err) {
    const char *ending = strcmp(w->o->to, "chatml") == 0 ? "_chatml" : "";
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < N_FILE; i++) {
        char from[WU_PATH_MAX], to[WU_PATH_MAX], name[64];
        if (!find_part(from, w->o->data, part[i], err)) continue;
        snprintf(name, sizeof(name), "%s%s.jsonl", part[i], ending);
        rc = wu_make_dirs(w->o->out, err);
        if (!rc) rc = wu_path_join(to, sizeof(to), w->o->out, name, err);
        if (!rc) rc = add_file(w, from, to, err);
    }
    if (rc || w->n_file > 0) return rc;
    return wu_fail(err, WU_EARG, "%s: has none of train, valid, test and examples.jsonl",
                   w->o->data);
}

static wu_code convert(work *w, int i, wu_err *err) {
    const int64_t before = w->n.n;
    const char *to = w->file[i].path;
    const wu_code rc = wu_shape_file(w->file[i].f, to, w->from[i], &w->shape, &w->n, err);
    if (rc) return rc;
    if (wu_json_set(w->files, wu_base_name(to), wu_json_new_int(w->n.n - before)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", to);
    return WU_OK;
}

static wu_code begin_metadata(work *w, wu_err *err) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_json_set(j, "to", wu_json_new_str(wu_str_of(w->o->to)));
    if (!rc && w->shape.tokenizer)
        rc = wu_json_set(j, "chat_template",
                         wu_json_new_str(wu_str_of(wu_chat_name(w->shape.chat))));
    if (!rc) {
        rc = wu_json_set(j, "files", w->files);
        w->files = NULL;
    }
    if (!rc) return wu_begin_metadata(&w->metadata, w->o->out, w->o->data, "format", j, err);
    wu_json_free(j);
    return wu_fail(err, rc, "%s: out of memory", w->o->out);
}

static void tell(const work *w) {
    if (w->n.n_inexact)
        fprintf(stderr,
                "%s: a trainer that reads these texts gets other tokens than the template's in "
                "%lld of %lld; messages are exact\n",
                w->o->out, (long long)w->n.n_inexact, (long long)w->n.n);
    if (!w->o->common.quiet)
        fprintf(stderr, "%s: %lld examples in %d file%s as %s\n", w->o->out, (long long)w->n.n,
                w->n_file, w->n_file == 1 ? "" : "s", w->o->to);
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    work w = {.o = options_};
    const bool is_folder = wu_is_dir(w.o->data);
    wu_code rc;
    (void)n_arg;
    (void)arg;
    if (!(w.files = wu_json_new_object())) {
        rc = wu_fail(err, WU_ENOMEM, "format: out of memory");
        goto done;
    }
    if ((rc = open_template(&w, err))) goto done;
    if ((rc = is_folder ? add_folder(&w, err) : add_file(&w, w.o->data, w.o->out, err))) goto done;
    for (int i = 0; i < w.n_file; i++)
        if ((rc = convert(&w, i, err))) goto done;
    if (is_folder && (rc = begin_metadata(&w, err))) goto done;
    for (int i = 0; i < w.n_file; i++)
        if ((rc = wu_replace_commit(&w.file[i], err))) goto done;
    if (is_folder && (rc = wu_replace_commit(&w.metadata, err))) goto done;
    tell(&w);
done:
    for (int i = 0; i < w.n_file; i++) wu_replace_abandon(&w.file[i]);
    wu_replace_abandon(&w.metadata);
    wu_json_free(w.files);
    wu_opened_close(&w.opened);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_format = {
    .name = "format",
    .summary = "Write examples in the shape another trainer reads",
    .about =
        "Turns {\"prompt\", \"completion\"} into {\"messages\"} or {\"text\"}, and messages of a "
        "user and an assistant back. Everything else in a line (task_type, source_id, ...) stays, "
        "so that a set can still be split and checked by conversation.\n\n"
        "`wrapup train` and mlx-lm read all three shapes; prefer prompt-completion or messages, "
        "with which only the answer is learned. Text is rendered with the model's own template; "
        "words of a customer that would be read as a control token are an error.",
    .example = "  wrapup format --data out/split --to chatml --out out/chatml\n"
               "  wrapup format --data out/split --to mlx-text --model models/tiny --out out/mlx\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
