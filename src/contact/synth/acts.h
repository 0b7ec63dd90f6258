/* acts.h - the dialogue acts of the simulator, in the order of data/synth/README.md.
 *
 * X(symbol, name, frequent): a frequent act has more frames, because it is
 * heard in nearly every contact.  Threads: constant. */
#ifndef WU_CONTACT_SYNTH_ACTS_H
#define WU_CONTACT_SYNTH_ACTS_H

#include <stdbool.h>

/* clang-format off */
#define WU_ACTS(X) \
    X(WU_ACT_A_GREET, "a.greet", true) \
    X(WU_ACT_A_GREET_POOR, "a.greet_poor", false) \
    X(WU_ACT_A_QUEUE_SORRY, "a.queue_sorry", false) \
    X(WU_ACT_A_VERIFY, "a.verify", true) \
    X(WU_ACT_A_VERIFIED, "a.verified", true) \
    X(WU_ACT_A_LEAK, "a.leak", false) \
    X(WU_ACT_A_DISCLOSE, "a.disclose", true) \
    X(WU_ACT_A_EMPATHY, "a.empathy", true) \
    X(WU_ACT_A_FLAT, "a.flat", true) \
    X(WU_ACT_A_SORRY_FORMULA, "a.sorry_formula", false) \
    X(WU_ACT_A_PARAPHRASE, "a.paraphrase", true) \
    X(WU_ACT_A_ASK_AGAIN, "a.ask_again", false) \
    X(WU_ACT_A_PROBE, "a.probe", true) \
    X(WU_ACT_A_LOOK, "a.look", true) \
    X(WU_ACT_A_SLOW, "a.slow", false) \
    X(WU_ACT_A_HOLD_ASK, "a.hold_ask", true) \
    X(WU_ACT_A_HOLD_BACK, "a.hold_back", true) \
    X(WU_ACT_A_HOLD_POOR, "a.hold_poor", false) \
    X(WU_ACT_A_HOLD_BACK_POOR, "a.hold_back_poor", false) \
    X(WU_ACT_A_CLEAR, "a.clear", false) \
    X(WU_ACT_A_JARGON, "a.jargon", false) \
    X(WU_ACT_A_FOUND, "a.found", true) \
    X(WU_ACT_A_FIX, "a.fix", true) \
    X(WU_ACT_A_PROMISE, "a.promise", false) \
    X(WU_ACT_A_REFUSE, "a.refuse", false) \
    X(WU_ACT_A_POLICY, "a.policy", false) \
    X(WU_ACT_A_CORRECT, "a.correct", false) \
    X(WU_ACT_A_INSIST, "a.insist", false) \
    X(WU_ACT_A_OFFER, "a.offer", false) \
    X(WU_ACT_A_ON_PRICE, "a.on_price", false) \
    X(WU_ACT_A_ON_LEAVING, "a.on_leaving", false) \
    X(WU_ACT_A_SAVE_OFFER, "a.save_offer", false) \
    X(WU_ACT_A_CANCEL_DONE, "a.cancel_done", false) \
    X(WU_ACT_A_TRANSFER_WARM, "a.transfer_warm", false) \
    X(WU_ACT_A_TRANSFER_COLD, "a.transfer_cold", false) \
    X(WU_ACT_A_SECOND_WARM, "a.second_warm", false) \
    X(WU_ACT_A_SECOND_COLD, "a.second_cold", false) \
    X(WU_ACT_A_ESCALATE, "a.escalate", false) \
    X(WU_ACT_A_OWN, "a.own", true) \
    X(WU_ACT_A_DISOWN, "a.disown", false) \
    X(WU_ACT_A_NEXT, "a.next", true) \
    X(WU_ACT_A_NO_NEXT, "a.no_next", false) \
    X(WU_ACT_A_RECAP, "a.recap", false) \
    X(WU_ACT_A_ANYTHING_ELSE, "a.anything_else", false) \
    X(WU_ACT_A_SURVEY, "a.survey", false) \
    X(WU_ACT_A_CLOSE, "a.close", true) \
    X(WU_ACT_A_CLOSE_POOR, "a.close_poor", false) \
    X(WU_ACT_A_RUDE, "a.rude", false) \
    X(WU_ACT_A_CARD_BACK, "a.card_back", false) \
    X(WU_ACT_A_STILL_THERE, "a.still_there", false) \
    X(WU_ACT_A_LATE, "a.late", false) \
    X(WU_ACT_A_SMALLTALK, "a.smalltalk", false) \
    X(WU_ACT_A_SIDE_ANSWER, "a.side_answer", false) \
    X(WU_ACT_A_ACK, "a.ack", true) \
    X(WU_ACT_C_HELLO, "c.hello", true) \
    X(WU_ACT_C_CALM, "c.calm", false) \
    X(WU_ACT_C_WORRIED, "c.worried", false) \
    X(WU_ACT_C_URGENT, "c.urgent", false) \
    X(WU_ACT_C_DEADLINE, "c.deadline", false) \
    X(WU_ACT_C_SECOND_TIME, "c.second_time", false) \
    X(WU_ACT_C_MANY_TIMES, "c.many_times", false) \
    X(WU_ACT_C_WAITED, "c.waited", false) \
    X(WU_ACT_C_WAIT_WRONG, "c.wait_wrong", false) \
    X(WU_ACT_C_LONG_TENURE, "c.long_tenure", false) \
    X(WU_ACT_C_SHORT_TENURE, "c.short_tenure", false) \
    X(WU_ACT_C_IDENTIFY, "c.identify", true) \
    X(WU_ACT_C_FINE, "c.fine", true) \
    X(WU_ACT_C_CONFIRM, "c.confirm", true) \
    X(WU_ACT_C_TOLD_YOU, "c.told_you", false) \
    X(WU_ACT_C_HOLD_YES, "c.hold_yes", false) \
    X(WU_ACT_C_HOLD_HERE, "c.hold_here", false) \
    X(WU_ACT_C_HOLD_LONG, "c.hold_long", false) \
    X(WU_ACT_C_DOUBT, "c.doubt", false) \
    X(WU_ACT_C_CONFUSED, "c.confused", false) \
    X(WU_ACT_C_UNDERSTOOD, "c.understood", false) \
    X(WU_ACT_C_PRICE, "c.price", false) \
    X(WU_ACT_C_COMPETITOR, "c.competitor", false) \
    X(WU_ACT_C_COMPETITOR_PRAISE, "c.competitor_praise", false) \
    X(WU_ACT_C_LEAVING, "c.leaving", false) \
    X(WU_ACT_C_CANCEL_INSIST, "c.cancel_insist", false) \
    X(WU_ACT_C_ACCEPT_OFFER, "c.accept_offer", false) \
    X(WU_ACT_C_REFUSE_OFFER, "c.refuse_offer", false) \
    X(WU_ACT_C_LOYAL, "c.loyal", false) \
    X(WU_ACT_C_STORY_AGAIN, "c.story_again", false) \
    X(WU_ACT_C_STORY_AGAIN_ANNOYED, "c.story_again_annoyed", false) \
    X(WU_ACT_C_GLAD, "c.glad", true) \
    X(WU_ACT_C_ACCEPT, "c.accept", false) \
    X(WU_ACT_C_WAIT_AND_SEE, "c.wait_and_see", false) \
    X(WU_ACT_C_UPSET, "c.upset", false) \
    X(WU_ACT_C_RESIGNED, "c.resigned", false) \
    X(WU_ACT_C_SARCASM, "c.sarcasm", false) \
    X(WU_ACT_C_WARM, "c.warm", false) \
    X(WU_ACT_C_END_HAPPY, "c.end_happy", true) \
    X(WU_ACT_C_END_PLAIN, "c.end_plain", true) \
    X(WU_ACT_C_END_POLITE, "c.end_polite", false) \
    X(WU_ACT_C_END_UNHAPPY, "c.end_unhappy", false) \
    X(WU_ACT_C_VENT, "c.vent", false) \
    X(WU_ACT_C_CALMER, "c.calmer", false) \
    X(WU_ACT_C_SIDE_QUESTION, "c.side_question", false) \
    X(WU_ACT_C_SMALLTALK, "c.smalltalk", false) \
    X(WU_ACT_C_STILL_HERE, "c.still_here", false) \
    X(WU_ACT_C_THANKS_NO, "c.thanks_no", false) \
    X(WU_ACT_C_BOT_TOPIC, "c.bot_topic", false) \
    X(WU_ACT_C_BOT_AGENT, "c.bot_agent", false) \
    X(WU_ACT_B_GREET, "b.greet", false) \
    X(WU_ACT_B_FAIL, "b.fail", false) \
    X(WU_ACT_B_HANDOVER, "b.handover", false) \
    X(WU_ACT_S_QUEUE, "s.queue", false) \
    X(WU_ACT_S_JOINED, "s.joined", false) \
    X(WU_ACT_S_TRANSFERRED, "s.transferred", false) \
    X(WU_ACT_S_DROPPED, "s.dropped", false)
/* clang-format on */

typedef enum wu_act {
#define WU_ACT_ENUM(symbol, name, frequent) symbol,
    WU_ACTS(WU_ACT_ENUM)
#undef WU_ACT_ENUM
        WU_N_ACT
} wu_act;

typedef struct wu_act_row {
    const char *name;
    bool frequent;
} wu_act_row;

extern const wu_act_row wu_acts[WU_N_ACT];

#endif
