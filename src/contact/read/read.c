/* read.c - one door to all formats: what is it, and the next conversation of it (read.h). */
#include "base/compiler.h"
#include "base/file.h"
#include "base/lines.h"
#include "contact/read/read_impl.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 64 << 10 };

static const wu_format_row *const row_of[] = {
    &wu_format_plain,   &wu_format_contact_lens, &wu_format_transcribe,   &wu_format_ccai,
    &wu_format_genesys, &wu_format_webvtt,       &wu_format_srt,          &wu_format_whisper,
    &wu_format_turns,   &wu_format_vcon,         &wu_format_conversation,
};

/* ------------------------------------------------------------------------------------ formats */

static const struct {
    const char *name, *summary;
} streamed[] = {
    {"csv", "Comma, semicolon or tab separated: a conversation or a turn a row"},
    {"jsonl", "An object a line: a conversation, a turn or any format of JSON"},
};

static const wu_format_row *find_row(wu_format f) {
    for (size_t i = 0; i < WU_LEN(row_of); i++)
        if (row_of[i]->format == f) return row_of[i];
    return NULL;
}

const char *wu_format_name(wu_format f) {
    const wu_format_row *row = find_row(f);
    if (row) return row->name;
    return f == WU_FORMAT_CSV ? streamed[0].name : f == WU_FORMAT_JSONL ? streamed[1].name : "auto";
}

const char *wu_format_summary(wu_format f) {
    const wu_format_row *row = find_row(f);
    if (row) return row->summary;
    if (f == WU_FORMAT_CSV) return streamed[0].summary;
    return f == WU_FORMAT_JSONL ? streamed[1].summary : "Detected from the content";
}

wu_format wu_format_find(const char *name) {
    for (int f = 0; f < WU_N_FORMAT; f++)
        if (strcmp(wu_format_name((wu_format)f), name) == 0) return (wu_format)f;
    return WU_N_FORMAT;
}

const wu_format_row *wu_read_detect_json(const wu_json *root) {
    const wu_format_row *best = NULL;
    int most = 0;
    for (size_t i = 0; i < WU_LEN(row_of); i++) {
        const int score = row_of[i]->detect_json ? row_of[i]->detect_json(root) : 0;
        if (score <= most) continue;
        most = score;
        best = row_of[i];
    }
    return best;
}

/* ------------------------------------------------------------------------------------ encoding */

static wu_str without_bom(wu_str s) {
    return wu_str_starts(s, WU_STR("\xEF\xBB\xBF")) ? (wu_str){s.p + 3, s.n - 3} : s;
}

static bool is_utf16(wu_str s) {
    return s.n >= 2 && (memcmp(s.p, "\xFF\xFE", 2) == 0 || memcmp(s.p, "\xFE\xFF", 2) == 0);
}

static wu_code refuse_utf16(const char *where, wu_err *err) {
    return wu_fail(err, WU_EDATA,
                   "%s: is UTF-16, want UTF-8 (convert it, for example with: iconv -f UTF-16 -t "
                   "UTF-8)",
                   where);
}

/* The whole of text is UTF-8 without NUL; the message has line and byte of what is not. */
static wu_code check_encoding(wu_str text, const char *where, wu_err *err) {
    size_t line = 1, start = 0;
    if (is_utf16(text)) return refuse_utf16(where, err);
    for (size_t i = 0; i < text.n;) {
        int n = 1;
        const unsigned char c = (unsigned char)text.p[i];
        if (c == 0)
            return wu_fail(err, WU_EDATA, "%s:%zu: byte %zu of the line is NUL, want text", where,
                           line, i - start + 1);
        if (c >= 0x80 && wu_utf8_next((wu_str){text.p + i, text.n - i}, &n) != WU_UTF8_CHAR)
            return wu_fail(err, WU_EDATA,
                           "%s:%zu: byte %zu of the line, 0x%02x, is not valid UTF-8", where, line,
                           i - start + 1, c);
        i += (size_t)n;
        if (c == '\n') {
            line++;
            start = i;
        }
    }
    return WU_OK;
}

/* ------------------------------------------------------------------------------------ detection */

static size_t skip_blanks(wu_str s, size_t i) {
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n')) i++;
    return i;
}

/* A value of JSON; a line such as "[00:01:23] Agent: ..." is not. */
static bool begins_json(wu_str s) {
    const size_t i = skip_blanks(s, 0);
    if (i == s.n) return false;
    if (s.p[i] == '{') return true;
    if (s.p[i] != '[') return false;
    const size_t k = skip_blanks(s, i + 1);
    return k < s.n && (s.p[k] == '{' || s.p[k] == '[' || s.p[k] == ']');
}

static bool has_suffix(const char *path, const char *suffix) {
    const size_t n = strlen(path), m = strlen(suffix);
    return n > m && strcmp(path + n - m, suffix) == 0;
}

/* Names are a hint where the content could be two things. */
static int hint(wu_format f, const char *path) {
    static const struct {
        const char *suffix;
        wu_format format;
    } known[] = {
        {".csv", WU_FORMAT_CSV}, {".tsv", WU_FORMAT_CSV},  {".vtt", WU_FORMAT_WEBVTT},
        {".srt", WU_FORMAT_SRT}, {".md", WU_FORMAT_PLAIN}, {".txt", WU_FORMAT_PLAIN},
    };
    for (size_t i = 0; i < WU_LEN(known); i++)
        if (known[i].format == f && has_suffix(path, known[i].suffix)) return 5;
    return 0;
}

/* What kind of text it is; AUTO: none that is known. */
static wu_format detect_text(wu_str head, const char *path, bool csv, const wu_column_map *map) {
    wu_format best = WU_FORMAT_AUTO;
    int most = 0;
    for (size_t i = 0; i < WU_LEN(row_of); i++) {
        int score = row_of[i]->detect_text ? row_of[i]->detect_text(head) : 0;
        if (score > 0) score += hint(row_of[i]->format, path);
        if (score <= most) continue;
        most = score;
        best = row_of[i]->format;
    }
    int score = csv ? wu_csv_detect(head, map) : 0;
    if (score > 0) score += hint(WU_FORMAT_CSV, path);
    if (csv && map && best == WU_FORMAT_AUTO) score += hint(WU_FORMAT_CSV, path);
    return score > most ? WU_FORMAT_CSV : best;
}

static wu_code unknown_format(const char *where, wu_err *err) {
    if (has_suffix(where, ".csv") || has_suffix(where, ".tsv"))
        return wu_fail(err, WU_EDATA,
                       "%s: no column of the first line has a usual name for what is said, or none "
                       "for an id or a speaker: name the columns (--map)",
                       where);
    return wu_fail(err, WU_EDATA, "%s: no known format of transcripts", where);
}

/* ------------------------------------------------------------------------------------ parsing */

static wu_code parse_row(const wu_format_row *row, wu_conversation *c, wu_str text,
                         const wu_json *root, const char *where, const wu_read_options *o,
                         wu_err *err) {
    WU_ASSERT(row); /* the format was found before */
    if (row->parse_json) return row->parse_json(c, root, where, o, err);
    return row->parse_text(c, text, where, o, err);
}

/* One value of JSON by the format asked for, or the one that knows it, or the usual names. */
static wu_code parse_json(wu_conversation *c, const wu_json *root, wu_format f, const char *where,
                          const wu_read_options *o, wu_err *err) {
    const wu_format_row *row = find_row(f);
    if (!row && f == WU_FORMAT_AUTO) row = wu_read_detect_json(root);
    if (row && row->parse_json) return row->parse_json(c, root, where, o, err);
    if (wu_json_type(root) == WU_JSON_OBJECT) return wu_read_mapped(c, root, where, o, err);
    return wu_fail(err, WU_EDATA, "%s: no known format of transcripts in this JSON", where);
}

/* A conversation without a turn is none. */
static wu_code finish(wu_conversation *c, const char *where, const wu_read_options *o,
                      wu_err *err) {
    if (c->n_turn == 0) return wu_fail(err, WU_EDATA, "%s: has no turns", where);
    return wu_roles_settle(c, o, err);
}

wu_code wu_read_text(wu_conversation *c, wu_str text, const char *where, const wu_read_options *o,
                     wu_err *err) {
    static const wu_read_options none = {0};
    wu_json *root = NULL;
    wu_code rc;
    if (!o) o = &none;
    wu_conversation_clear(c);
    if ((rc = check_encoding(text, where, err))) return rc;
    text = without_bom(text);
    wu_format f = o->format;
    const wu_format_row *row = find_row(f);
    const bool json = row ? row->parse_json != NULL : f == WU_FORMAT_JSONL || begins_json(text);
    if (f == WU_FORMAT_CSV)
        return wu_fail(err, WU_EDATA, "%s: a table is read from a file only", where);
    if (f == WU_FORMAT_AUTO && !json) {
        const wu_str head = {text.p, WU_MIN(text.n, (size_t)HEAD_BYTES)};
        row = find_row(detect_text(head, where, false, NULL));
        if (!row) return unknown_format(where, err);
    }
    if (json) {
        if ((rc = wu_read_json(&root, text, where, err))) return rc;
        rc = parse_json(c, root, f == WU_FORMAT_JSONL ? WU_FORMAT_AUTO : f, where, o, err);
    } else {
        rc = parse_row(row, c, text, NULL, where, o, err);
    }
    if (!rc) rc = finish(c, where, o, err);
    wu_json_free(root);
    return rc;
}

/* ------------------------------------------------------------------------------------ the reader
 */

struct wu_reader {
    char *path, *stem;
    wu_read_options o;
    wu_format format;
    wu_row_stream *rows; /* CSV, JSONL */
    wu_buf text;         /* other formats: the whole file */
    wu_json *root;
    size_t at;    /* elements of an array of conversations that were read */
    bool is_list; /* root is such an array */
    bool is_done;
    int64_t number; /* of the conversation returned last */
};

/* The file's name without directory and extension. */
static char *stem_of(const char *path) {
    if (strcmp(path, "-") == 0) return strdup("stdin");
    const char *slash = strrchr(path, '/');
    char *s = strdup(slash && slash[1] ? slash + 1 : path);
    char *dot = s ? strrchr(s, '.') : NULL;
    if (dot && dot > s) *dot = 0;
    return s;
}

/* Standard input that cannot go back is copied to a file without name that takes its place. */
static wu_code spool(wu_err *err) {
    FILE *f = tmpfile();
    char chunk[65536];
    ssize_t n = 0;
    if (!f) return wu_fail_errno(err, "standard input: temporary file");
    while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
        if (fwrite(chunk, 1, (size_t)n, f) != (size_t)n) break;
    if (n != 0 || fflush(f) || lseek(fileno(f), 0, SEEK_SET) != 0 ||
        dup2(fileno(f), STDIN_FILENO) < 0) {
        const wu_code rc = wu_fail_errno(err, "standard input: cannot be kept in a file");
        fclose(f);
        return rc;
    }
    fclose(f);
    return WU_OK;
}

/* The first bytes of a file, which is read from its start again afterwards. */
static wu_code read_head(wu_buf *head, const char *path, wu_err *err) {
    const bool is_stdin = strcmp(path, "-") == 0;
    wu_code rc = WU_OK;
    if (is_stdin && lseek(STDIN_FILENO, 0, SEEK_CUR) < 0 && (rc = spool(err))) return rc;
    if (!is_stdin && wu_is_dir(path)) return wu_fail(err, WU_EIO, "%s: is a directory", path);
    FILE *f = is_stdin ? stdin : fopen(path, "rbe");
    if (!f) return wu_fail_errno(err, "%s", path);
    if (!is_stdin && lseek(fileno(f), 0, SEEK_CUR) < 0) {
        fclose(f);
        return wu_fail(err, WU_EIO,
                       "%s: is a pipe, which cannot be read twice; give it as standard input (-)",
                       path);
    }
    if (wu_buf_reserve(head, HEAD_BYTES)) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    } else {
        head->n = fread(head->p, 1, HEAD_BYTES, f);
        head->p[head->n] = 0;
        if (ferror(f)) rc = wu_fail_errno(err, "%s", path);
    }
    if (!is_stdin)
        fclose(f);
    else if (!rc && fseek(stdin, 0, SEEK_SET))
        rc = wu_fail_errno(err, "standard input");
    return rc;
}

/* Whether the first line is a whole object and a second one begins another. */
static wu_code is_jsonl(bool *is, const char *path, wu_err *err) {
    wu_lines l = {0};
    wu_str line;
    bool end = false, first = false;
    *is = false;
    wu_code rc = wu_lines_open(&l, path, 0, err);
    while (!rc && !(rc = wu_lines_next(&l, &line, &end, err)) && !end) {
        line = wu_utf8_trim(without_bom(line));
        if (line.n == 0) continue;
        *is = first && line.p[0] == '{';
        if (first || line.p[0] != '{' || line.p[line.n - 1] != '}') break;
        first = true;
    }
    if (rc == WU_EDATA) rc = WU_OK; /* a line too long: it will be found again */
    if (!rc && l.f == stdin) rc = wu_lines_seek(&l, 0, 1, err);
    wu_lines_close(&l);
    return rc;
}

static wu_code detect_file(wu_reader *r, wu_str head, wu_err *err) {
    bool lines = false;
    wu_code rc;
    if (is_utf16(head)) return refuse_utf16(r->path, err);
    head = without_bom(head);
    if (skip_blanks(head, 0) == head.n) return wu_fail(err, WU_EDATA, "%s: is empty", r->path);
    if (memchr(head.p, 0, head.n))
        return wu_fail(err, WU_EDATA, "%s: is not text, it has NUL bytes", r->path);
    if (begins_json(head)) {
        if ((rc = is_jsonl(&lines, r->path, err))) return rc;
        if (lines || has_suffix(r->path, ".jsonl")) r->format = WU_FORMAT_JSONL;
        return WU_OK; /* else by the value */
    }
    r->format = detect_text(head, r->path, true, r->o.map);
    return r->format == WU_FORMAT_AUTO ? unknown_format(r->path, err) : WU_OK;
}

/* An array of objects none of which is a turn is a list of conversations. */
static bool is_list(const wu_json *root) {
    return wu_json_type(root) == WU_JSON_ARRAY && wu_json_size(root) > 0 &&
           wu_json_type(wu_json_at(root, 0)) == WU_JSON_OBJECT;
}

static wu_code load(wu_reader *r, wu_err *err) {
    struct stat about;
    if (stat(r->path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > WU_READ_LIMIT)
        return wu_fail(err, WU_EDATA, "%s: larger than %d MiB, which only CSV and JSONL may be",
                       r->path, WU_READ_LIMIT >> 20);
    wu_code rc = wu_read_file(&r->text, r->path, WU_READ_LIMIT, err);
    if (rc || (rc = check_encoding(wu_buf_view(&r->text), r->path, err))) return rc;
    const wu_format_row *row = find_row(r->format);
    if (row && !row->parse_json) return WU_OK;
    const wu_str text = without_bom(wu_buf_view(&r->text));
    if ((rc = wu_read_json(&r->root, text, r->path, err))) return rc;
    wu_buf_free(&r->text);
    if (r->format == WU_FORMAT_AUTO && (row = wu_read_detect_json(r->root)))
        r->format = row->format;
    if (r->format == WU_FORMAT_AUTO) {
        r->is_list = is_list(r->root);
        if (r->is_list || wu_json_type(r->root) == WU_JSON_OBJECT)
            r->format = WU_FORMAT_JSONL; /* as its lines are read */
        else
            return wu_fail(err, WU_EDATA, "%s: no known format of transcripts in this JSON",
                           r->path);
    }
    return WU_OK;
}

wu_code wu_reader_open(wu_reader **out, const char *path, const wu_read_options *o, wu_err *err) {
    static const wu_read_options none = {0};
    wu_buf head = {0};
    wu_code rc;
    *out = NULL;
    wu_reader *r = calloc(1, sizeof(*r));
    if (!r) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    r->o = o ? *o : none;
    r->format = r->o.format;
    r->path = strdup(path);
    r->stem = stem_of(path);
    if (!r->path || !r->stem) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    if (r->format == WU_FORMAT_AUTO) {
        if ((rc = read_head(&head, path, err))) goto done;
        if ((rc = detect_file(r, wu_buf_view(&head), err))) goto done;
    }
    if (r->format == WU_FORMAT_CSV || r->format == WU_FORMAT_JSONL)
        rc = wu_row_stream_open(&r->rows, r->path, r->format == WU_FORMAT_CSV, &r->o, err);
    else
        rc = load(r, err);
    if (rc) goto done;
    *out = r;
    r = NULL;
done:
    wu_buf_free(&head);
    wu_reader_close(r);
    return rc;
}

/* transcript_00012.md is joined with other files by that number, whatever its text says. */
static bool is_numbered(const char *stem) {
    static const char prefix[] = "transcript_";
    if (strncmp(stem, prefix, sizeof(prefix) - 1) != 0) return false;
    const char *p = stem + sizeof(prefix) - 1;
    if (!*p) return false;
    while (*p >= '0' && *p <= '9') p++;
    return !*p;
}

static wu_code set_id(wu_reader *r, wu_conversation *c, bool several, wu_err *err) {
    wu_buf b = {0};
    wu_code rc = WU_OK;
    if (c->id.n > 0 && !(r->format == WU_FORMAT_PLAIN && is_numbered(r->stem))) return WU_OK;
    rc = wu_utf8_lossy(wu_str_of(r->stem), &b);
    if (!rc && several) rc = wu_buf_fmt(&b, "-%lld", (long long)r->number);
    if (!rc) rc = wu_conversation_set(c, &c->id, wu_buf_view(&b));
    wu_buf_free(&b);
    return rc ? wu_fail(err, rc, "%s: out of memory", r->path) : WU_OK;
}

static wu_code next_element(wu_reader *r, wu_conversation *c, bool *end, wu_err *err) {
    char where[WU_PATH_MAX + 32];
    const size_t n = wu_json_size(r->root);
    if (r->at == n) {
        *end = true;
        return WU_OK;
    }
    snprintf(where, sizeof(where), "%s: element %zu", r->path, r->at + 1);
    wu_code rc = parse_json(c, wu_json_at(r->root, r->at++), WU_FORMAT_AUTO, where, &r->o, err);
    return rc ? rc : finish(c, where, &r->o, err);
}

static wu_code next_whole(wu_reader *r, wu_conversation *c, bool *end, wu_err *err) {
    wu_code rc;
    *end = r->is_done;
    if (r->is_done) return WU_OK;
    r->is_done = true;
    const wu_format_row *row = find_row(r->format);
    if (row)
        rc = parse_row(row, c, without_bom(wu_buf_view(&r->text)), r->root, r->path, &r->o, err);
    else
        rc = wu_read_mapped(c, r->root, r->path, &r->o, err);
    return rc ? rc : finish(c, r->path, &r->o, err);
}

wu_code wu_reader_next(wu_reader *r, wu_conversation *c, bool *end, wu_err *err) {
    wu_code rc;
    *end = false;
    wu_conversation_clear(c);
    if (r->rows) {
        rc = wu_row_stream_next(r->rows, c, end, err);
        if (!rc && !*end) rc = finish(c, r->path, &r->o, err);
    } else if (r->is_list) {
        rc = next_element(r, c, end, err);
    } else {
        rc = next_whole(r, c, end, err);
    }
    if (*end) return rc;
    r->number++;
    return rc ? rc : set_id(r, c, r->rows || r->is_list, err);
}

wu_format wu_reader_format(const wu_reader *r) { return r->format; }

void wu_reader_close(wu_reader *r) {
    if (!r) return;
    wu_row_stream_close(r->rows);
    wu_buf_free(&r->text);
    wu_json_free(r->root);
    free(r->path);
    free(r->stem);
    free(r);
}
