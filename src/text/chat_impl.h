/* chat_impl.h - what the two files of the chat templates share; private to text/. */
#ifndef WU_TEXT_CHAT_IMPL_H
#define WU_TEXT_CHAT_IMPL_H

#include "text/chat.h"

/* The system message that a template writes where there is none; NULL: nothing. */
const char *wu_chat_system(wu_chat c);

/* The special token of that name, or -1. */
int32_t wu_chat_mark(const wu_tokenizer *t, const char *name);

#endif
