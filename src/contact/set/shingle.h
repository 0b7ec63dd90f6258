/* shingle.h - how alike two conversations are: sets of word sequences, and their sketches.
 *
 * Words are runs of letters and digits, ASCII letters made small; punctuation
 * and white space do not count.  A shingle is the hash of four words in
 * sequence (of all of them, where there are fewer).  The similarity of two
 * texts is the Jaccard index of their sets of shingles:
 *
 *     J(A, B) = |A and B| / |A or B|
 *
 * A sketch keeps, for each of WU_SKETCH hash functions, the least hash over a
 * set; two sketches agree in a place with probability J (Broder 1997).
 *
 * Threads: any; an object belongs to its caller. */
#ifndef WU_CONTACT_SET_SHINGLE_H
#define WU_CONTACT_SET_SHINGLE_H

#include "base/buf.h"
#include "base/err.h"

enum { WU_SHINGLE_WORDS = 4, WU_SKETCH = 126 };

typedef struct wu_shingles {
    uint64_t *hash; /* [n], ascending, each once; from malloc */
    int32_t n, max;
    uint64_t text; /* hash of all the words: equal words, equal hash */
} wu_shingles;     /* all zero is empty; memory is used again */

/* ENOMEM. */
WU_MUST_CHECK wu_code wu_shingles_of(wu_shingles *s, wu_str text);
void wu_shingles_free(wu_shingles *s);

/* 1 if both are empty. */
double wu_shingles_similarity(const wu_shingles *a, const wu_shingles *b);

void wu_sketch_of(uint32_t sketch[WU_SKETCH], const wu_shingles *s);

/* Bands of a sketch: two texts of similarity t share one with a probability of at least 0.995, and
 * of those alike much less hardly any does. n_band * n_row <= WU_SKETCH. */
typedef struct wu_bands {
    int32_t n_band, n_row;
} wu_bands;
wu_bands wu_bands_for(double t);
uint64_t wu_band_hash(const uint32_t sketch[WU_SKETCH], wu_bands b, int32_t band);

#endif
