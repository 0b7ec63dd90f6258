/* probe.h - can simulated labels be had without reading?
 *
 * Makes calls and asks how far something trivial gets: the metadata alone, the
 * first turn, the length, one word, a list of words, a bag of words, one side,
 * phrases or industries that were never seen.  A set on which such a guesser
 * comes near the ceiling (what is left when the labels' own noise is taken
 * away) teaches a model to take that way, too.  Beside that: how varied the
 * words are.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SYNTH_PROBE_H
#define WU_CONTACT_SYNTH_PROBE_H

#include "contact/synth/synth.h"

typedef struct wu_probe_row {
    const char *probe, *measure;
    double value;
    double lo, hi; /* expected; both 0: only reported */
} wu_probe_row;

enum { WU_PROBE_ROWS = 64, WU_PROBE_WORDS = 50 };

typedef struct wu_probe_word { /* a word or pair, and how well it alone tells high from low */
    char text[96];
    double auroc;
} wu_probe_word;

typedef struct wu_probe_report {
    int32_t n_call;
    wu_probe_row row[WU_PROBE_ROWS];
    int32_t n_row;
    wu_probe_word word[WU_PROBE_WORDS]; /* for satisfaction, by mutual information */
    int32_t n_word;
} wu_probe_report;

/* Probes n calls from index 0 on; o->industries and held_out are chosen by the probes. Errors:
 * those of wu_synth_open; EARG (n below 500); ENOMEM. */
WU_MUST_CHECK wu_code wu_probe(wu_probe_report *out, const wu_synth_options *o, int32_t n,
                               wu_err *err);
bool wu_probe_holds(const wu_probe_row *r); /* within what is expected, or only reported */

/* For people; as JSON (NULL when out of memory). */
WU_MUST_CHECK wu_code wu_probe_text(wu_buf *out, const wu_probe_report *r);
wu_json *wu_probe_json(const wu_probe_report *r);

#endif
