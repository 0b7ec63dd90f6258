/* bpe.c - byte-pair merging: the lowest rank first, of equal ranks the leftmost.
 *
 * The symbols of a piece are a linked list; a heap holds the pairs that may
 * merge.  n symbols take O(n log n).
 *
 * SentencePiece files have scores and no merges: there a merge is any two
 * pieces whose concatenation is a piece, and its rank is the place of that
 * piece's score.  Ties go by ids, as in Hugging Face's conversion. */
#include "text/tokenizer_impl.h"

#include <math.h>
#include <stdlib.h>

enum { DERIVE_MAX = 256 }; /* bytes of a token that may be split; the longest real one has 128 */

/* ---- tables --------------------------------------------------------------------------------- */

static uint64_t pair_of(int32_t left, int32_t right) {
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

static uint64_t mix(uint64_t x) { /* the finisher of splitmix64 */
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static const wu_pair_slot *find_pair(const wu_tokenizer *t, int32_t left, int32_t right) {
    const uint64_t pair = pair_of(left, right);

    for (uint64_t i = mix(pair) & t->pair_mask;; i = (i + 1) & t->pair_mask) {
        if (t->pair[i].result < 0) return NULL;
        if (t->pair[i].pair == pair) return &t->pair[i];
    }
}

static wu_code check_merges(const wu_vocab *v, wu_err *err) {
    for (int32_t i = 0; i < v->n_merge; i++) {
        const wu_merge *m = &v->merge[i];
        if (m->left < 0 || m->left >= v->n_token || m->right < 0 || m->right >= v->n_token ||
            m->result < 0 || m->result >= v->n_token)
            return wu_fail(err, WU_EFORMAT,
                           "tokenizer: merge %d is (%d, %d) to %d, want tokens below %d", (int)i,
                           (int)m->left, (int)m->right, (int)m->result, (int)v->n_token);
    }
    return WU_OK;
}

/* A merge that would make a control token is left out: plain text never becomes one. */
static bool makes_control(const wu_vocab *v, const wu_merge *m) {
    return v->type[m->result] == WU_TOKEN_CONTROL || v->type[m->result] == WU_TOKEN_UNKNOWN;
}

static wu_code build_pairs(wu_tokenizer *t, wu_err *err) {
    uint64_t size = 16;

    while (size < 2 * (uint64_t)t->n_merge) size *= 2;
    t->pair = wu_arena_zero(&t->arena, size, sizeof(*t->pair));
    if (!t->pair)
        return wu_fail(err, WU_ENOMEM, "tokenizer: out of memory for %d merges", (int)t->n_merge);
    t->pair_mask = size - 1;
    for (uint64_t i = 0; i < size; i++) t->pair[i].result = -1;
    for (int32_t rank = 0; rank < t->n_merge; rank++) {
        const wu_merge *m = &t->merge[rank];
        uint64_t i = mix(pair_of(m->left, m->right)) & t->pair_mask;

        if (makes_control(t->v, m) || find_pair(t, m->left, m->right))
            continue; /* the first counts */
        while (t->pair[i].result >= 0) i = (i + 1) & t->pair_mask;
        t->pair[i] = (wu_pair_slot){pair_of(m->left, m->right), rank, m->result};
    }
    return WU_OK;
}

typedef struct scored {
    wu_merge m;
    float score;
} scored;

static int compare_scored(const void *a, const void *b) {
    const scored *x = a, *y = b;

    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->m.result != y->m.result) return x->m.result < y->m.result ? -1 : 1;
    if (x->m.left != y->m.left) return x->m.left < y->m.left ? -1 : 1;
    return (x->m.right > y->m.right) - (x->m.right < y->m.right);
}

/* All merges that make token i, appended to (*out)[*n]. */
static wu_code derive_token(const wu_tokenizer *t, int32_t i, scored **out, size_t *n, size_t *cap,
                            wu_err *err) {
    const wu_vocab *v = t->v;
    const wu_str s = v->token[i];

    for (size_t k = 1; k < s.n; k++) {
        int32_t left, right;

        if (v->kind == WU_VOCAB_SPM && ((unsigned char)s.p[k] & 0xC0) == 0x80) continue;
        left = wu_tokenizer_plain(t, (wu_str){s.p, k});
        if (left < 0) continue;
        right = wu_tokenizer_plain(t, (wu_str){s.p + k, s.n - k});
        if (right < 0) continue;
        if (*n == *cap) {
            const size_t more = *cap ? *cap * 2 : 4096;
            scored *p = realloc(*out, more * sizeof(*p)); /* bounded by DERIVE_MAX per token */
            if (!p || *n >= INT32_MAX / 4) {
                if (p) *out = p;
                return wu_fail(err, WU_ENOMEM, "tokenizer: out of memory for merges");
            }
            *out = p;
            *cap = more;
        }
        (*out)[(*n)++] = (scored){{left, right, i}, v->score[i]};
    }
    return WU_OK;
}

static wu_code derive_merges(wu_tokenizer *t, wu_err *err) {
    const wu_vocab *v = t->v;
    scored *list = NULL;
    size_t n = 0, cap = 0;
    wu_merge *merge;
    wu_code rc = WU_OK;

    for (int32_t i = 0; i < v->n_token && !rc; i++) {
        if (isnan(v->score[i]))
            rc = wu_fail(err, WU_EFORMAT, "tokenizer: the score of token %d is not a number",
                         (int)i);
        else if (v->type[i] == WU_TOKEN_NORMAL && v->token[i].n > DERIVE_MAX)
            rc = wu_fail(err, WU_EFORMAT, "tokenizer: token %d has %zu bytes, want at most %d",
                         (int)i, v->token[i].n, DERIVE_MAX);
        else if (v->type[i] == WU_TOKEN_NORMAL)
            rc = derive_token(t, i, &list, &n, &cap, err);
    }
    if (rc) goto done;
    if (n) qsort(list, n, sizeof(*list), compare_scored);
    merge = wu_arena_zero(&t->arena, n + 1, sizeof(*merge));
    if (!merge) {
        rc = wu_fail(err, WU_ENOMEM, "tokenizer: out of memory for %zu merges", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) merge[i] = list[i].m;
    t->merge = merge;
    t->n_merge = (int32_t)n;
done:
    free(list);
    return rc;
}

wu_code wu_bpe_build(wu_tokenizer *t, wu_err *err) {
    wu_code rc;

    if (t->v->merge) {
        if ((rc = check_merges(t->v, err))) return rc;
        t->merge = t->v->merge;
        t->n_merge = t->v->n_merge;
    } else if (t->v->score) {
        if ((rc = derive_merges(t, err))) return rc;
    }
    return build_pairs(t, err);
}

/* ---- merging -------------------------------------------------------------------------------- */

wu_code wu_bpe_start(wu_bpe *b, size_t max_symbols) {
    b->n = 0;
    b->n_heap = 0;
    if (max_symbols > INT32_MAX / 4) return WU_ENOMEM;
    if (max_symbols > b->cap) {
        const size_t cap = max_symbols + max_symbols / 2 + 64;
        wu_bpe_symbol *p = realloc(b->sym, cap * sizeof(*p));
        if (!p) return WU_ENOMEM;
        b->sym = p;
        b->cap = cap;
    }
    return WU_OK;
}

void wu_bpe_add(wu_bpe *b, int32_t id) {
    const int32_t i = (int32_t)b->n++;
    b->sym[i] = (wu_bpe_symbol){id, i - 1, i + 1};
}

void wu_bpe_free(wu_bpe *b) {
    free(b->sym);
    free(b->heap);
    *b = (wu_bpe){0};
}

static void heap_push(wu_bpe *b, uint64_t key) {
    size_t i = b->n_heap++;

    while (i > 0 && b->heap[(i - 1) / 2] > key) {
        b->heap[i] = b->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    b->heap[i] = key;
}

static uint64_t heap_pop(wu_bpe *b) {
    const uint64_t top = b->heap[0], last = b->heap[--b->n_heap];
    size_t i = 0, kid;

    while ((kid = 2 * i + 1) < b->n_heap) {
        if (kid + 1 < b->n_heap && b->heap[kid + 1] < b->heap[kid]) kid++;
        if (b->heap[kid] >= last) break;
        b->heap[i] = b->heap[kid];
        i = kid;
    }
    if (b->n_heap > 0) b->heap[i] = last;
    return top;
}

static void push_pair(wu_bpe *b, const wu_tokenizer *t, int32_t i) {
    const int32_t next = b->sym[i].next;
    const wu_pair_slot *p;

    if (next >= (int32_t)b->n) return;
    p = find_pair(t, b->sym[i].id, b->sym[next].id);
    if (p) heap_push(b, (uint64_t)(uint32_t)p->rank << 32 | (uint32_t)i);
}

static void merge_at(wu_bpe *b, const wu_tokenizer *t, int32_t rank, int32_t i) {
    const wu_merge *m = &t->merge[rank];
    wu_bpe_symbol *s = &b->sym[i];
    const int32_t gone = s->next;

    /* Either side may have been merged since the pair was found. */
    if (gone >= (int32_t)b->n || s->id != m->left || b->sym[gone].id != m->right) return;
    s->id = m->result;
    s->next = b->sym[gone].next;
    b->sym[gone].id = -1;
    if (s->next < (int32_t)b->n) b->sym[s->next].prev = i;
    if (s->prev >= 0) push_pair(b, t, s->prev);
    push_pair(b, t, i);
}

wu_code wu_bpe_finish(wu_bpe *b, const wu_tokenizer *t, wu_ids *out) {
    /* Every merge takes one pair from the heap and adds at most two, and there are fewer merges
     * than symbols. */
    const size_t need = 2 * b->n;
    wu_code rc;

    if (need > b->cap_heap) {
        uint64_t *p = realloc(b->heap, (need + 64) * sizeof(*p));
        if (!p) return WU_ENOMEM;
        b->heap = p;
        b->cap_heap = need + 64;
    }
    for (int32_t i = 0; i + 1 < (int32_t)b->n; i++) push_pair(b, t, i);
    while (b->n_heap > 0) {
        const uint64_t key = heap_pop(b);
        merge_at(b, t, (int32_t)(key >> 32), (int32_t)(key & 0xFFFFFFFFu));
    }
    for (int32_t i = 0; i < (int32_t)b->n; i = b->sym[i].next)
        if ((rc = wu_ids_push(out, b->sym[i].id))) return rc;
    return WU_OK;
}
