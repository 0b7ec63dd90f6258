/* brief_impl.h - what briefs and answers share.  Threads: constant. */
#ifndef WU_CONTACT_SYNTH_BRIEF_IMPL_H
#define WU_CONTACT_SYNTH_BRIEF_IMPL_H

#include "contact/set/language.h"
#include "contact/synth/brief.h"

const wu_languages *wu_briefs_languages(const wu_briefs *b);

#endif
