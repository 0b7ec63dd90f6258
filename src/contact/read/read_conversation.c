/* read_conversation.c - our own JSON (docs/formats.md, "Conversations as JSON"). */
#include "contact/read/json_in.h"

static int detect(const wu_json *root) {
    const wu_json *turn = wu_json_at(wu_json_get(root, "turns"), 0);
    if (wu_json_type(wu_json_get(root, "parties")) != WU_JSON_ARRAY ||
        wu_json_type(wu_json_get(root, "turns")) != WU_JSON_ARRAY)
        return 0;
    return !turn || wu_json_get(turn, "party") ? 100 : 0;
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    (void)o;
    const wu_code rc = wu_conversation_from_json(c, j, where, err);
    for (int32_t i = 0; !rc && i < c->n_turn; i++)
        if (c->turn[i].end_ms < c->turn[i].start_ms) c->turn[i].end_ms = -1; /* as everywhere */
    if (rc || c->n_turn > 0) return rc;
    return wu_fail(err, WU_EDATA, "%s: nobody says anything in it", where);
}

const wu_format_row wu_format_conversation = {
    .format = WU_FORMAT_CONVERSATION,
    .name = "conversation",
    .summary = "The JSON that wrapup writes itself",
    .detect_json = detect,
    .parse_json = parse,
};
