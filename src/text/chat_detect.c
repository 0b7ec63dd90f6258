/* chat_detect.c - names of the chat templates, and which one a model means.
 *
 * There is no Jinja here: a template is recognised by what its text contains.
 * What is not recognised for sure is NONE, never the nearest one, since a wrong
 * prompt makes a model worse without a word. */
#include "text/chat_impl.h"

#include <string.h>

enum { MARKS_MAX = 4 };

typedef struct fact {
    const char *name;
    const char *system;          /* default system message */
    const char *mark[MARKS_MAX]; /* tokens that the template needs */
} fact;

static const fact facts[WU_N_CHAT] = {
    [WU_CHAT_NONE] = {"none", NULL, {0}},
    [WU_CHAT_MISTRAL3] = {"mistral-v3", NULL, {"<s>", "</s>", "[INST]", "[/INST]"}},
    [WU_CHAT_LLAMA3] = {"llama3",
                        NULL,
                        {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                         "<|eot_id|>"}},
    [WU_CHAT_LLAMA31] = {"llama3.1",
                         NULL,
                         {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                          "<|eot_id|>"}},
    [WU_CHAT_QWEN2] = {"qwen2", "You are a helpful assistant.", {"<|im_start|>", "<|im_end|>"}},
    [WU_CHAT_QWEN25] = {"qwen2.5",
                        "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
                        {"<|im_start|>", "<|im_end|>"}},
    [WU_CHAT_SMOLLM2] = {"smollm2",
                         "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
                         {"<|im_start|>", "<|im_end|>"}},
    [WU_CHAT_CHATML] = {"chatml", NULL, {"<|im_start|>", "<|im_end|>"}},
    [WU_CHAT_PLAIN] = {"plain", NULL, {0}},
};

const char *wu_chat_name(wu_chat c) {
    return (unsigned)c < WU_N_CHAT ? facts[c].name : facts[WU_CHAT_NONE].name;
}

int wu_chat_from_name(const char *name) {
    for (int c = 0; c < WU_N_CHAT; c++)
        if (strcmp(facts[c].name, name) == 0) return c;
    return -1;
}

const char *wu_chat_system(wu_chat c) { return facts[c].system; }

int32_t wu_chat_mark(const wu_tokenizer *t, const char *name) {
    const wu_vocab *v = wu_tokenizer_vocab(t);
    const int32_t id = wu_tokenizer_find(t, wu_str_of(name));

    if (id < 0 || (v->type[id] != WU_TOKEN_CONTROL && v->type[id] != WU_TOKEN_USER)) return -1;
    return id;
}

static bool has(const char *jinja, const char *s) { return strstr(jinja, s) != NULL; }

/* What a ChatML template writes for a missing system message stands literally behind its header,
 * with a newline or the two characters \n between; a quote there ends the literal. */
static wu_chat detect_chatml(const char *jinja) {
    static const wu_chat known[] = {WU_CHAT_QWEN25, WU_CHAT_SMOLLM2, WU_CHAT_QWEN2};
    static const char head[] = "<|im_start|>system";
    wu_chat found = WU_CHAT_CHATML;

    for (const char *p = strstr(jinja, head); p; p = strstr(p, head)) {
        size_t i;

        p += sizeof(head) - 1;
        if (*p == '\n')
            p += 1;
        else if (strncmp(p, "\\n", 2) == 0)
            p += 2;
        if (*p == '\'' || *p == '"') continue;
        for (i = 0; i < WU_LEN(known); i++) {
            const char *s = facts[known[i]].system;
            if (strncmp(p, s, strlen(s)) == 0 && strncmp(p + strlen(s), "<|im_end|>", 10) == 0)
                break;
        }
        if (i == WU_LEN(known)) return WU_CHAT_NONE;
        found = known[i];
    }
    return found;
}

static wu_chat detect(const char *jinja) {
    if (has(jinja, "<|start_header_id|>") && has(jinja, "<|eot_id|>"))
        return has(jinja, "Cutting Knowledge Date") ? WU_CHAT_LLAMA31 : WU_CHAT_LLAMA3;
    if (has(jinja, "<|im_start|>")) return detect_chatml(jinja);
    if (has(jinja, "[INST]") && !has(jinja, "[SYSTEM_PROMPT]") && !has(jinja, "<<SYS>>"))
        return WU_CHAT_MISTRAL3;
    return WU_CHAT_NONE;
}

wu_chat wu_chat_detect(const char *jinja, const wu_tokenizer *t) {
    const wu_chat c = jinja ? detect(jinja) : WU_CHAT_NONE;

    for (int i = 0; t && i < MARKS_MAX && facts[c].mark[i]; i++)
        if (wu_chat_mark(t, facts[c].mark[i]) < 0) return WU_CHAT_NONE;
    return c;
}
