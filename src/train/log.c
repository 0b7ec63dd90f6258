/* log.c - log.jsonl (log.h). */
#include "train/log.h"

#include "base/clock.h"
#include "base/file.h"
#include "text/json.h"

wu_code wu_train_log_open(wu_train_log *log, const char *dir, wu_err *err) {
    wu_code rc;
    log->f = NULL;
    if ((rc = wu_make_dirs(dir, err))) return rc;
    if ((rc = wu_path_join(log->path, sizeof(log->path), dir, "log.jsonl", err))) return rc;
    log->f = fopen(log->path, "w");
    return log->f ? WU_OK : wu_fail_errno(err, "%s", log->path);
}

void wu_train_log_close(wu_train_log *log) {
    if (log->f) (void)fclose(log->f);
    log->f = NULL;
}

static double per_second(int64_t n, double seconds) {
    return seconds > 0.0 ? (double)n / seconds : 0.0;
}

static wu_json *describe(const wu_train_event *e) {
    static const char *const name[] = {"train", "valid", "saved", "end"};
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
#define INT(key, v)                                                                                \
    if (!rc) rc = wu_json_set(j, key, wu_json_new_int(v))
#define REAL(key, v)                                                                               \
    if (!rc) rc = wu_json_set(j, key, wu_json_new_real(v))
#define TEXT(key, v)                                                                               \
    if (!rc) rc = wu_json_set(j, key, wu_json_new_str(wu_str_of(v)))
    TEXT("event", name[e->kind]);
    INT("step", e->iteration);
    if (e->kind == WU_EVENT_TRAIN) {
        REAL("epoch", e->epoch);
        REAL("loss", e->loss);
        REAL("learning_rate", e->rate);
        REAL("grad_norm", e->grad_norm);
        REAL("tokens_per_second", per_second(e->tally.target, e->seconds));
        REAL("raw_tokens_per_second", per_second(e->tally.row, e->seconds));
        REAL("data_tokens_per_second", per_second(e->tally.token, e->seconds));
        INT("trained_tokens", e->trained);
        INT("peak_memory_bytes", wu_peak_rss_bytes());
    }
    if (e->kind == WU_EVENT_VALID) {
        REAL("eval_loss", e->loss);
        INT("eval_tokens", e->tally.target);
    }
    if (e->kind == WU_EVENT_SAVED) {
        TEXT("path", e->path);
        if (e->numbered) TEXT("numbered", e->numbered);
    }
    if (e->kind == WU_EVENT_END) {
        INT("trained_tokens", e->trained);
        INT("raw_tokens", e->tally.row);
        INT("data_tokens", e->tally.token);
        if (!rc) rc = wu_json_set(j, "stopped", wu_json_new_bool(e->stopped));
    }
    if (e->kind != WU_EVENT_SAVED) REAL("seconds", e->seconds);
#undef INT
#undef REAL
#undef TEXT
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

wu_code wu_train_log_write(wu_train_log *log, const wu_train_event *event, wu_err *err) {
    wu_buf b = {0};
    wu_code rc = WU_OK;

    if (!log->f) return WU_OK;
    wu_json *j = describe(event);
    if (!j || wu_json_write(&b, j, WU_JSON_COMPACT) || wu_buf_char(&b, '\n')) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", log->path);
        goto done;
    }
    if (fwrite(b.p, 1, b.n, log->f) != b.n || fflush(log->f))
        rc = wu_fail_errno(err, "%s", log->path);
done:
    wu_json_free(j);
    wu_buf_free(&b);
    return rc;
}
