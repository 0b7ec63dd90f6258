/* Transcripts of JSON, CSV and JSONL: what is special to each format, and what is wrong in them. */
#include "near.h"

#include "base/file.h"
#include "base/lines.h"
#include "contact/read/json_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- helpers --------------------------------------------------------------------------------- */

static wu_conversation conv;

static void begin(void) {
    wu_conversation_free(&conv);
    wu_conversation_init(&conv);
}

static void reads_as(wu_format format, const char *text) {
    const wu_read_options o = {.format = format};
    wu_err err = {0};
    begin();
    if (wu_read_text(&conv, wu_str_of(text), "in", &o, &err)) fail_msg("%s", err.msg);
}

static void reads(const char *text) { reads_as(WU_FORMAT_AUTO, text); }

static void refuses_as(wu_format format, const char *text, const char *why) {
    const wu_read_options o = {.format = format};
    wu_err err = {0};
    begin();
    assert_int_equal(wu_read_text(&conv, wu_str_of(text), "in", &o, &err), WU_EDATA);
    if (!strstr(err.msg, why)) fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
}

static void refuses(const char *text, const char *why) { refuses_as(WU_FORMAT_AUTO, text, why); }

static bool is(wu_str s, const char *want) {
    if (wu_str_eq(s, wu_str_of(want))) return true;
    print_error("is \"%.*s\", want \"%s\"\n", (int)s.n, s.p ? s.p : "", want);
    return false;
}

/* Turn i: role, times, words. */
static void turn(int32_t i, wu_party_role role, int64_t start, int64_t end, const char *text) {
    assert_in_range(i, 0, conv.n_turn - 1);
    const wu_turn *t = &conv.turn[i];
    assert_true(is(t->text, text));
    assert_int_equal(wu_turn_role(&conv, t), role);
    assert_int_equal(t->start_ms, start);
    assert_int_equal(t->end_ms, end);
}

static void starts(const char *iso) {
    wu_buf b = {0};
    assert_int_equal(wu_when_render(&b, conv.contact.start), WU_OK);
    assert_true(is(wu_buf_view(&b), iso));
    wu_buf_free(&b);
}

/* ---- Contact Lens ---------------------------------------------------------------------------- */

static void contact_lens_finds_roles_through_participants(void **state) {
    (void)state;
    reads("{\"Participants\":[{\"ParticipantId\":\"x1\",\"ParticipantRole\":\"CUSTOMER\"},"
          "{\"ParticipantId\":\"x2\",\"ParticipantRole\":\"AGENT\"}],\"Channel\":\"VOICE\","
          "\"Transcript\":[{\"ParticipantId\":\"x2\",\"Content\":\"Hi\",\"BeginOffsetMillis\":5,"
          "\"EndOffsetMillis\":9},{\"ParticipantId\":\"x1\",\"Content\":\"Hello\"},"
          "{\"ParticipantId\":\"CUSTOMER\",\"Content\":\"literal\"},"
          "{\"ParticipantId\":\"x9\",\"Content\":\"who?\"}]}");
    turn(0, WU_PARTY_AGENT, 5, 9, "Hi");
    turn(1, WU_PARTY_CUSTOMER, -1, -1, "Hello");
    turn(2, WU_PARTY_CUSTOMER, -1, -1, "literal");
    turn(3, WU_PARTY_UNKNOWN, -1, -1, "who?");
    assert_int_equal(conv.contact.agent_id.n, 0); /* an id of this contact only */
    assert_true(is(conv.party[0].id, "x2"));
    assert_true(is(conv.contact.channel, "voice"));
}

static void contact_lens_takes_the_start_from_the_name_of_the_recording(void **state) {
    (void)state;
    reads("{\"Participants\":[],\"CustomerMetadata\":{\"ContactId\":\"c-9\",\"InputS3Uri\":"
          "\"s3://b/connect/2025/03/04/c-9_20250304T15:15_UTC.wav\"},"
          "\"Transcript\":[{\"ParticipantId\":\"AGENT\",\"Content\":\"Hi\"}]}");
    starts("2025-03-04T15:15:00Z");
    assert_true(is(conv.id, "c-9"));
}

static const char chat[] =
    "{\"Channel\":\"CHAT\",\"Participants\":[],\"Transcript\":["
    "{\"Type\":\"EVENT\",\"ParticipantRole\":\"CUSTOMER\",\"ParticipantId\":\"c\","
    "\"ContentType\":\"application/vnd.amazonaws.connect.event.participant.joined\","
    "\"AbsoluteTime\":\"2022-10-27T18:59:00.250Z\"},"
    "{\"Type\":\"MESSAGE\",\"ParticipantRole\":\"CUSTOMER\",\"ParticipantId\":\"c\","
    "\"DisplayName\":\"Ana\",\"Content\":\"Hi\",\"AbsoluteTime\":\"2022-10-27T18:59:01.000Z\"},"
    "%s"
    "{\"Type\":\"EVENT\",\"ParticipantRole\":\"AGENT\",\"ParticipantId\":\"a\","
    "\"ContentType\":\"application/vnd.amazonaws.connect.event.participant.joined\","
    "\"AbsoluteTime\":\"2022-10-27T19:00:00.250Z\"},"
    "{\"Type\":\"EVENT\",\"ParticipantRole\":\"AGENT\",\"ParticipantId\":\"a\","
    "\"ContentType\":\"application/vnd.amazonaws.connect.event.transfer.succeeded\","
    "\"AbsoluteTime\":\"2022-10-27T19:00:00.300Z\"},"
    "{\"Type\":\"ATTACHMENT\",\"ParticipantRole\":\"CUSTOMER\",\"ParticipantId\":\"c\","
    "\"DisplayName\":\"Ana\",\"AbsoluteTime\":\"2022-10-27T19:00:02.250Z\","
    "\"Attachments\":[{\"AttachmentName\":\"bill.pdf\"},{\"AttachmentName\":\"2.png\"}]},"
    "{\"Type\":\"MESSAGE\",\"ParticipantRole\":\"SUPERVISOR\",\"ParticipantId\":\"s\","
    "\"Content\":\"Hello\",\"AbsoluteTime\":\"2022-10-27T19:00:03.250Z\"}]}";

static void chats_tell_queue_wait_transfers_and_attachments(void **state) {
    char text[4096];
    (void)state;
    (void)snprintf(text, sizeof(text), chat, "");
    reads(text);
    assert_int_equal(conv.n_turn, 4);
    turn(0, WU_PARTY_CUSTOMER, 750, -1, "Hi");
    turn(1, WU_PARTY_CUSTOMER, 62000, -1, "[attachment: bill.pdf]");
    turn(2, WU_PARTY_CUSTOMER, 62000, -1, "[attachment: 2.png]");
    turn(3, WU_PARTY_SUPERVISOR, 63000, -1, "Hello");
    starts("2022-10-27T18:59:00Z");
    assert_int_equal(conv.contact.queue_wait_s, 60); /* from the customer's joining */
    assert_int_equal(conv.contact.transfers, 1);
    assert_true(is(conv.contact.customer_name, "Ana"));
    (void)snprintf(text, sizeof(text), chat,
                   "{\"Type\":\"MESSAGE\",\"ParticipantRole\":\"SYSTEM\",\"ParticipantId\":\"z\","
                   "\"Content\":\"You were placed in Queue.\","
                   "\"AbsoluteTime\":\"2022-10-27T18:59:20.250Z\"},");
    reads(text);
    assert_int_equal(conv.contact.queue_wait_s, 40); /* from the message */
}

static void real_time_segments_are_unwrapped(void **state) {
    (void)state;
    reads("{\"Segments\":[{\"Categories\":{}},{\"Transcript\":{\"ParticipantId\":\"p\","
          "\"ParticipantRole\":\"AGENT\",\"Content\":\"Hi\",\"Time\":{\"AbsoluteTime\":"
          "\"2022-10-27T18:59:01Z\"}}},{\"Event\":{\"ParticipantRole\":\"AGENT\",\"EventType\":"
          "\"application/vnd.amazonaws.connect.event.participant.left\"}}]}");
    assert_int_equal(conv.n_turn, 1);
    turn(0, WU_PARTY_AGENT, 0, -1, "Hi");
    assert_int_equal(conv.contact.transfers, 0);
}

static void wrong_contact_lens_is_named(void **state) {
    (void)state;
    refuses("{\"Participants\":[],\"Transcript\":[{\"Content\":5}]}",
            "in: Transcript[0]: Content is 5, want a string");
    refuses("{\"Participants\":[],\"Transcript\":[7]}", "Transcript[0] is not an object");
    refuses("{\"Participants\":7,\"Transcript\":[{}]}", "Participants is not an array");
    refuses("{\"Participants\":[],\"Channel\":\"FAX\",\"Transcript\":[{}]}", "Channel is \"FAX\"");
    refuses(
        "{\"Participants\":[],\"Transcript\":[{\"Content\":\"x\",\"BeginOffsetMillis\":-5000}]}",
        "BeginOffsetMillis is -5000");
    refuses("{\"Participants\":[],\"Transcript\":[{\"Content\":\"x\",\"AbsoluteTime\":\"soon\"}]}",
            "AbsoluteTime is \"soon\", want a time in ISO 8601");
    refuses("{\"Participants\":[],\"Transcript\":[]}", "nobody says anything");
    refuses("{\"Participants\":[],\"Transcript\":[{\"Type\":\"EVENT\"}]}", "nobody says anything");
}

/* ---- Transcribe ------------------------------------------------------------------------------ */

#define WORD(start, end, word)                                                                     \
    "{\"type\":\"pronunciation\",\"start_time\":\"" start "\",\"end_time\":\"" end                 \
    "\",\"alternatives\":[{\"content\":\"" word "\"}]}"
#define MARK(c) "{\"type\":\"punctuation\",\"alternatives\":[{\"content\":\"" c "\"}]}"

static void words_become_turns_where_the_speaker_changes(void **state) {
    (void)state;
    reads("{\"jobName\":\"j\",\"results\":{\"transcripts\":[],\"speaker_labels\":{\"segments\":["
          "{\"start_time\":\"1.0\",\"speaker_label\":\"spk_1\",\"items\":[]},"
          "{\"start_time\":\"0.0\",\"speaker_label\":\"spk_0\",\"items\":[{\"start_time\":\"0.0\","
          "\"speaker_label\":\"spk_0\"}]}]},\"items\":[" WORD("0.0", "0.5", "Good") "," WORD(
              "0.5", "0.9", "day") "," MARK(".") "," WORD("1.0", "1.5", "Yes") "," MARK("?") "]}}");
    assert_int_equal(conv.n_turn, 2);
    turn(0, WU_PARTY_UNKNOWN, 0, 900, "Good day.");
    turn(1, WU_PARTY_UNKNOWN, 1000, 1500, "Yes?");
    assert_true(is(conv.party[conv.turn[1].party].name, "spk_1"));
    assert_true(is(conv.contact.channel, "voice"));
}

static void channels_are_put_in_order_of_time(void **state) {
    (void)state;
    reads(
        "{\"results\":{\"transcripts\":[],\"items\":[],\"channel_labels\":{\"channels\":["
        "{\"channel_label\":\"ch_0\",\"items\":[" WORD("0.0", "0.5", "Hello") "," WORD(
            "3.0", "3.5",
            "Fine") "," MARK("!") "]},{\"channel_label\":\"ch_1\",\"items\":[" WORD("1.0", "1.5",
                                                                                    "Hi") "]}]}}}");
    assert_int_equal(conv.n_turn, 3);
    turn(0, WU_PARTY_UNKNOWN, 0, 500, "Hello");
    turn(1, WU_PARTY_UNKNOWN, 1000, 1500, "Hi");
    turn(2, WU_PARTY_UNKNOWN, 3000, 3500, "Fine!");
    assert_int_equal(conv.turn[0].party, conv.turn[2].party);
}

static void transcribe_without_speakers_is_one_turn(void **state) {
    (void)state;
    reads("{\"results\":{\"language_code\":\"ja-JP\",\"transcripts\":[],\"items\":[" WORD(
        "0.0", "0.5", "はい") "," WORD("0.5", "0.9", "です") "]}}");
    assert_int_equal(conv.n_turn, 1);
    turn(0, WU_PARTY_UNKNOWN, 0, 900, "はいです"); /* no blanks in Japanese */
    refuses("{\"results\":{\"transcripts\":[],\"items\":[]}}", "nobody says anything");
    refuses("{\"results\":{\"transcripts\":[],\"items\":[" WORD("nan", "1", "x") "]}}",
            "items[0]: start_time is \"nan\", want a number");
    refuses("{\"results\":{\"transcripts\":[],\"items\":[" WORD("0x10", "1", "x") "]}}", "0x10");
    refuses("{\"results\":{\"transcripts\":[],\"items\":[" WORD("1e300", "1", "x") "]}}", "a year");
}

static void deepgram_has_numbers_or_channels_for_speakers(void **state) {
    (void)state;
    reads("{\"results\":{\"channels\":[{\"alternatives\":[{\"words\":["
          "{\"word\":\"hi\",\"punctuated_word\":\"Hi,\",\"start\":0.5,\"end\":0.7,\"speaker\":0},"
          "{\"word\":\"you\",\"start\":0.7,\"end\":0.9,\"speaker\":0},"
          "{\"word\":\"yes\",\"start\":1.0,\"end\":1.2,\"speaker\":1}]}]}]}}");
    assert_int_equal(conv.n_turn, 2);
    turn(0, WU_PARTY_UNKNOWN, 500, 900, "Hi, you");
    turn(1, WU_PARTY_UNKNOWN, 1000, 1200, "yes");
    assert_true(is(conv.party[conv.turn[1].party].name, "1"));
    reads("{\"results\":{\"channels\":[{\"alternatives\":[{\"words\":["
          "{\"word\":\"a\",\"start\":0,\"end\":0.2},{\"word\":\"c\",\"start\":5,\"end\":6}]}]},"
          "{\"alternatives\":[]},{\"alternatives\":[{\"words\":["
          "{\"word\":\"b\",\"start\":1,\"end\":2}]}]}]}}");
    assert_int_equal(conv.n_turn, 3);
    turn(1, WU_PARTY_UNKNOWN, 1000, 2000, "b");
    assert_true(is(conv.party[conv.turn[2].party].name, "channel_0"));
    refuses("{\"results\":{\"channels\":[{\"alternatives\":[{\"words\":[{\"start\":1}]}]}]}}",
            "words[0]: word is missing");
}

/* ---- CCAI
 * ---------------------------------------------------------------------------------------- */

static void ccai_uploads_and_resources(void **state) {
    (void)state;
    reads("{\"entries\":[{\"start_timestamp_usec\":\"1700000002500000\",\"text\":\"b\",\"role\":"
          "\"END_USER\",\"user_id\":1},{\"start_timestamp_usec\":1700000000000000,\"text\":\"a\","
          "\"role\":\"AUTOMATED_AGENT\",\"user_id\":2}]}");
    turn(0, WU_PARTY_BOT, 0, -1, "a");
    turn(1, WU_PARTY_CUSTOMER, 2500, -1, "b");
    starts("2023-11-14T22:13:20Z");
    reads(
        "{\"name\":\"projects/p/locations/l/conversations/77\",\"medium\":\"CHAT\","
        "\"startTime\":\"2025-01-01T00:00:00Z\",\"duration\":\"61.5s\",\"transcript\":"
        "{\"transcriptSegments\":[{\"text\":\"x\",\"messageTime\":\"2025-01-01T00:00:01.500Z\","
        "\"segmentParticipant\":{\"role\":\"HUMAN_AGENT\"}},{\"text\":\"y\",\"channelTag\":1}]}}");
    assert_true(is(conv.id, "77"));
    assert_int_equal(conv.contact.duration_ms, 61500);
    turn(0, WU_PARTY_AGENT, 1500, -1, "x");
    turn(1, WU_PARTY_UNKNOWN, -1, -1, "y");
}

static void wrong_ccai_is_named(void **state) {
    (void)state;
    refuses("{\"entries\":[{\"start_timestamp_usec\":1,\"role\":\"AGENT\"}]}",
            "entries[0]: text is missing");
    refuses("{\"entries\":[{\"start_timestamp_usec\":-5,\"text\":\"x\"}]}",
            "start_timestamp_usec is -5");
    refuses("{\"entries\":[{\"start_timestamp_usec\":1e300,\"text\":\"x\"}]}", "1e+300");
    refuses("{\"transcript\":{\"transcriptSegments\":[]},\"duration\":\"12m\"}",
            "duration is \"12m\", want a time span");
}

/* ---- Genesys
 * --------------------------------------------------------------------------------------- */

#define PHRASE(who, at, text)                                                                      \
    "{\"participantPurpose\":\"" who "\",\"text\":\"" text "\",\"startTimeMs\":" at                \
    ",\"duration\":{\"milliseconds\":500}}"

static void genesys_tells_machines_from_agents_by_their_spans(void **state) {
    (void)state;
    reads(
        "{\"conversationId\":\"g\",\"conversationStartTime\":1700000000000,\"duration\":90000,"
        "\"transcripts\":[{\"phrases\":[" PHRASE("internal", "1700000000000", "Press 1") "," PHRASE(
            "internal", "1700000040000",
            "Ada here") "," PHRASE("internal", "1700000070000",
                                   "Bob here") "]},"
                                               "{\"phrases\":[" PHRASE(
                                                   "external", "1700000002000",
                                                   "One") "," PHRASE("internal", "1700000020000",
                                                                     "You are number 2") "]}],"
                                                                                         "\"partici"
                                                                                         "pants\":["
                                                                                         "{\"partic"
                                                                                         "ipantPurp"
                                                                                         "ose\":"
                                                                                         "\"ivr\","
                                                                                         "\"startTi"
                                                                                         "meMs\":"
                                                                                         "170000000"
                                                                                         "0000,"
                                                                                         "\"endTime"
                                                                                         "Ms\":"
                                                                                         "170000001"
                                                                                         "0000},{"
                                                                                         "\"partici"
                                                                                         "pantPurpo"
                                                                                         "se\":"
                                                                                         "\"acd\","
                                                                                         "\"queueId"
                                                                                         "\":\"q\","
                                                                                         "\"startTi"
                                                                                         "meMs\":"
                                                                                         "170000001"
                                                                                         "0000,"
                                                                                         "\"endTime"
                                                                                         "Ms\":"
                                                                                         "170000003"
                                                                                         "5500},"
                                                                                         "{\"partic"
                                                                                         "ipantPurp"
                                                                                         "ose\":"
                                                                                         "\"agent\""
                                                                                         ",\"userId"
                                                                                         "\":"
                                                                                         "\"ada\","
                                                                                         "\"startTi"
                                                                                         "meMs\":"
                                                                                         "170000003"
                                                                                         "5500,"
                                                                                         "\"endTime"
                                                                                         "Ms\":"
                                                                                         "170000006"
                                                                                         "0000},{"
                                                                                         "\"partici"
                                                                                         "pantPurpo"
                                                                                         "se\":"
                                                                                         "\"acd\","
                                                                                         "\"queueId"
                                                                                         "\":"
                                                                                         "\"q2\","
                                                                                         "\"startTi"
                                                                                         "meMs\":"
                                                                                         "170000006"
                                                                                         "0000,"
                                                                                         "\"endTime"
                                                                                         "Ms\":"
                                                                                         "170000006"
                                                                                         "5000},"
                                                                                         "{\"partic"
                                                                                         "ipantPurp"
                                                                                         "ose\":"
                                                                                         "\"agent\""
                                                                                         ",\"userId"
                                                                                         "\":"
                                                                                         "\"bob\","
                                                                                         "\"startTi"
                                                                                         "meMs\":"
                                                                                         "170000006"
                                                                                         "5000}]}");
    assert_int_equal(conv.n_turn, 5);
    turn(0, WU_PARTY_BOT, 0, 500, "Press 1");
    turn(1, WU_PARTY_CUSTOMER, 2000, 2500, "One");
    turn(2, WU_PARTY_SYSTEM, 20000, 20500, "You are number 2");
    turn(3, WU_PARTY_AGENT, 40000, 40500, "Ada here");
    turn(4, WU_PARTY_AGENT, 70000, 70500, "Bob here");
    assert_true(conv.turn[3].party != conv.turn[4].party);
    assert_int_equal(conv.contact.queue_wait_s, 25);
    assert_int_equal(conv.contact.transfers, 1);
    assert_true(is(conv.contact.queue, "q"));
    assert_true(is(conv.contact.agent_id, "ada"));
}

static void genesys_without_participants_leaves_internal_unknown(void **state) {
    (void)state;
    reads("{\"conversationId\":\"g\",\"transcripts\":[{\"phrases\":[" PHRASE(
        "internal", "1700000000000", "Hi") "," PHRASE("agent", "1700000001000", "Yes") "]}]}");
    turn(0, WU_PARTY_UNKNOWN, 0, 500, "Hi");
    turn(1, WU_PARTY_AGENT, 1000, 1500, "Yes");
    refuses("{\"conversationId\":\"g\",\"transcripts\":[]}", "nobody says anything");
    refuses("{\"conversationId\":\"g\",\"transcripts\":[{\"phrases\":[{\"text\":[]}]}]}",
            "phrases[0]: text is an array");
}

/* ---- Whisper
 * ----------------------------------------------------------------------------------------- */

static void successive_segments_of_a_speaker_are_one_turn(void **state) {
    (void)state;
    reads("{\"segments\":[{\"start\":\"0.5\",\"end\":\"1.0\",\"text\":\" Hi \",\"speaker\":"
          "\"SPEAKER_00\"},{\"start\":1,\"end\":2.25,\"text\":\"there.\",\"words\":["
          "{\"word\":\"t\",\"speaker\":\"SPEAKER_01\"},{\"word\":\"t\",\"speaker\":\"SPEAKER_00\"},"
          "{\"word\":\"t\",\"speaker\":\"SPEAKER_00\"}]},"
          "{\"start\":3,\"end\":2,\"text\":\"Yes\",\"speaker\":\"SPEAKER_01\"}],"
          "\"language\":\"german\"}");
    assert_int_equal(conv.n_turn, 2);
    turn(0, WU_PARTY_UNKNOWN, 500, 2250, "Hi there.");
    turn(1, WU_PARTY_UNKNOWN, 3000, -1, "Yes"); /* an end before its start is unknown */
    assert_true(is(conv.contact.language, "de"));
}

static void without_speakers_segments_stay_and_nobody_is_known(void **state) {
    (void)state;
    reads("{\"text\":\"a b\",\"language\":\"klingon\",\"segments\":[{\"start\":-0.02,\"end\":1,"
          "\"text\":\"a\"},{\"start\":1,\"end\":2,\"text\":\"b\"}]}");
    assert_int_equal(conv.n_turn, 2);
    assert_int_equal(conv.n_party, 1);
    turn(0, WU_PARTY_UNKNOWN, 0, 1000, "a"); /* a little below zero is zero */
    assert_int_equal(conv.contact.language.n, 0);
}

static void whisper_cpp_writes_speakers_into_the_text(void **state) {
    (void)state;
    reads("{\"result\":{\"language\":\"en\"},\"transcription\":["
          "{\"offsets\":{\"from\":0,\"to\":900},\"text\":\" (speaker 0) Hi\"},"
          "{\"offsets\":{\"from\":900,\"to\":1800},\"text\":\"(speaker ?) so\"},"
          "{\"offsets\":{\"from\":1800,\"to\":2000},\"text\":\"(speaker 1 and 2 say)\"}]}");
    assert_int_equal(conv.n_turn, 2);
    turn(0, WU_PARTY_UNKNOWN, 0, 900, "Hi");
    turn(1, WU_PARTY_UNKNOWN, 900, 2000, "so (speaker 1 and 2 say)");
    refuses_as(WU_FORMAT_WHISPER, "{\"segments\":{}}", "segments is not an array");
    refuses_as(WU_FORMAT_WHISPER, "[]", "segments is missing");
    refuses("{\"segments\":[{\"start\":true,\"text\":\"x\"}]}", "start");
}

/* ---- arrays of turns
 * ---------------------------------------------------------------------------------- */

static void turns_of_many_makers(void **state) {
    (void)state;
    reads("[{\"role\":\"assistant\",\"content\":\"Hi\"},{\"role\":\"user\",\"content\":"
          "[{\"type\":\"text\",\"text\":\"my\"},{\"type\":\"text\",\"text\":\"bill\"}]}]");
    turn(0, WU_PARTY_AGENT, -1, -1, "Hi");
    turn(1, WU_PARTY_CUSTOMER, -1, -1, "my bill");
    reads(
        "{\"conversation\":{\"turns\":[{\"event\":\"joined\"},{\"speaker\":3,\"utterance\":\"x\"},"
        "{\"from\":{\"type\":\"user\",\"name\":\"Bo\"},\"message\":{\"text\":\"y\"}}]}}");
    assert_int_equal(conv.n_turn, 2);
    assert_true(is(conv.party[conv.turn[0].party].name, "3"));
    turn(1, WU_PARTY_CUSTOMER, -1, -1, "y");
    assert_true(is(conv.party[conv.turn[1].party].name, "Bo"));
    reads("{\"comments\":[{\"author_id\":12,\"body\":\"x\",\"public\":true,\"created_at\":"
          "\"2024-01-01T00:00:00Z\"},{\"author_id\":13,\"body\":\"note\",\"public\":false},"
          "{\"author_id\":13,\"body\":\"y\",\"created_at\":\"2024-01-01T00:01:00+00:00\"}]}");
    assert_int_equal(conv.n_turn, 2); /* internal notes are left out */
    turn(1, WU_PARTY_UNKNOWN, 60000, -1, "y");
}

static void units_of_times_are_told_by_all_of_them(void **state) {
    (void)state;
    reads("[{\"speaker\":\"a\",\"text\":\"hello there, good day\",\"start\":250,\"end\":1900},"
          "{\"speaker\":\"b\",\"text\":\"good day to you\",\"start\":2000,\"end\":3100}]");
    turn(1, WU_PARTY_UNKNOWN, 2000, 3100, "good day to you"); /* 55 minutes for so little? */
    reads("[{\"speaker\":\"a\",\"text\":\"hello\",\"start\":0},"
          "{\"speaker\":\"b\",\"text\":\"good day to you\",\"start\":7,\"duration\":2}]");
    turn(1, WU_PARTY_UNKNOWN, 7000, 9000, "good day to you");
    reads("[{\"speaker\":\"a\",\"text\":\"hello\",\"start\":0.5},"
          "{\"speaker\":\"b\",\"text\":\"hi\",\"start\":5000}]");
    turn(1, WU_PARTY_UNKNOWN, 5000000, -1, "hi"); /* a fraction: seconds */
    reads("[{\"speaker\":\"a\",\"text\":\"hello\",\"ts\":\"1700000000.5\"},"
          "{\"speaker\":\"b\",\"text\":\"hi\",\"ts\":\"1700000001\"}]");
    turn(1, WU_PARTY_UNKNOWN, 500, -1, "hi");
    starts("2023-11-14T22:13:20Z");
    reads("[{\"speaker\":\"a\",\"text\":\"hello\",\"time\":\"01:02\"},"
          "{\"speaker\":\"b\",\"text\":\"hi\",\"time\":\"01:00:02.5\"}]");
    turn(0, WU_PARTY_UNKNOWN, 62000, -1, "hello");
    turn(1, WU_PARTY_UNKNOWN, 3602500, -1, "hi");
    refuses("[{\"speaker\":\"a\",\"text\":\"x\",\"time\":\"10:03 AM\"}]", "time is \"10:03 AM\"");
    refuses("[{\"speaker\":\"a\",\"text\":\"x\",\"time\":-30}]", "time is -30");
    refuses("[{\"speaker\":\"a\",\"text\":\"x\",\"time\":\"NaN\"}]", "NaN");
}

static void wrong_turns_are_named(void **state) {
    (void)state;
    refuses("[{\"role\":\"agent\",\"text\":true}]", "turns[0]: text is not text");
    refuses("[{\"role\":\"agent\",\"text\":\"x\"},4]", "turns[1] is not an object");
    refuses("[]", "no known format");
    refuses_as(WU_FORMAT_TURNS, "[]", "nobody says anything");
    refuses_as(WU_FORMAT_TURNS, "{\"a\":1}", "no array of turns");
    refuses("{\"messages\":[{\"role\":\"agent\",\"text\":\"x\"}],\"transfers\":\"many\"}",
            "transfers is \"many\", want a number");
    refuses("{\"messages\":[{\"role\":\"agent\",\"text\":\"x\"}],\"start_time\":\"Monday\"}",
            "start_time is \"Monday\"");
}

/* ---- vCon
 * --------------------------------------------------------------------------------------------- */

#define VCON                                                                                       \
    "{\"vcon\":\"0.3.0\",\"parties\":[{\"name\":\"A\",\"role\":\"agent\"},{\"tel\":\"+1\"}],"

static void vcon_sorts_and_maps_parties(void **state) {
    (void)state;
    reads(VCON
          "\"uuid\":\"u\",\"dialog\":["
          "{\"type\":\"text\",\"start\":\"2025-01-01T00:00:09Z\",\"parties\":1,\"body\":\"b\"},"
          "{\"type\":\"incomplete\",\"disposition\":\"busy\"},"
          "{\"type\":\"text\",\"start\":\"2025-01-01T00:00:05Z\",\"parties\":[1,0],"
          "\"originator\":0,\"body\":\"YWE\",\"encoding\":\"base64url\"}]}");
    turn(0, WU_PARTY_AGENT, 0, -1, "aa");
    turn(1, WU_PARTY_UNKNOWN, 4000, -1, "b");
    assert_true(is(conv.party[conv.turn[1].party].id, "+1"));
    assert_true(is(conv.contact.channel, "chat"));
}

static void vcon_transcripts_are_read_by_their_own_format(void **state) {
    (void)state;
    reads(VCON
          "\"dialog\":[{\"type\":\"recording\",\"start\":\"2025-01-01T00:00:10Z\",\"duration\":"
          "30},{\"type\":\"recording\",\"start\":\"2025-01-01T00:00:00Z\",\"duration\":5}],"
          "\"analysis\":[{\"type\":\"transcript\",\"dialog\":[0],\"encoding\":\"json\",\"body\":"
          "[{\"speaker\":\"A\",\"text\":\"later\",\"start\":1.5}]},"
          "{\"type\":\"transcript\",\"dialog\":0,\"body\":\"not read, the first one counts\"},"
          "{\"type\":\"transcript\",\"dialog\":1,\"body\":\"Agent: first\\nCustomer: yes\"}]}");
    assert_int_equal(conv.n_turn, 3);
    assert_int_equal(conv.contact.duration_ms, 40000);
    assert_int_equal(wu_turn_role(&conv, &conv.turn[0]), WU_PARTY_AGENT);
    assert_int_equal(conv.turn[0].start_ms, 11500); /* times are not all known: order of the file */
}

static void vcons_that_cannot_be_read_say_why(void **state) {
    (void)state;
    refuses("{\"ciphertext\":\"x\",\"recipients\":[]}", "encrypted");
    refuses(VCON "\"must_support\":[\"CC\",\"holograms\"]}", "must_support asks for \"holograms\"");
    refuses(VCON "\"dialog\":[{\"type\":\"text\",\"parties\":7,\"body\":\"x\"}]}", "no party 7");
    refuses(VCON "\"dialog\":[{\"type\":\"text\",\"parties\":\"A\",\"body\":\"x\"}]}",
            "parties is not an index");
    refuses(VCON "\"dialog\":[{\"type\":\"text\",\"body\":\"%%%\",\"encoding\":\"base64url\"}]}",
            "byte 1 is not base64url");
    refuses(VCON "\"dialog\":[{\"type\":\"text\",\"body\":\"gIA\",\"encoding\":\"base64url\"}]}",
            "not UTF-8");
    refuses(VCON "\"dialog\":[{\"type\":\"text\",\"body\":\"x\",\"encoding\":\"rot13\"}]}",
            "rot13");
    refuses(VCON "\"dialog\":[{\"type\":\"recording\",\"url\":\"https://x\"}]}", "no words in it");
    refuses(VCON "\"analysis\":[{\"type\":\"transcript\",\"body\":{\"a\":1}}]}",
            "analysis[0]: body is no transcript");
    refuses("{\"payload\":\"bm90IGpzb24\",\"signatures\":[]}", "payload: line 1");
    refuses("{\"payload\":\"e30\",\"signatures\":[]}", "vcon is missing");
}

/* ---- hostile JSON
 * --------------------------------------------------------------------------------------- */

static void nesting_has_a_limit(void **state) {
    enum { DEPTH = 100000 };
    wu_err err;
    wu_json *j;
    (void)state;
    char *text = malloc(2 * DEPTH + 1);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    text[2 * DEPTH] = 0;
    assert_int_equal(wu_read_json(&j, wu_str_of(text), "in", &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "nested deeper than 64"));
    assert_null(j);
    text[64] = 0; /* 64 levels are enough to be refused only for what is missing */
    assert_int_equal(wu_read_json(&j, wu_str_of(text), "in", &err), WU_EDATA);
    assert_null(strstr(err.msg, "nested"));
    free(text);
    assert_int_equal(wu_read_json(&j, WU_STR("\"[[[\\\"[[\" "), "in", &err), WU_OK);
    wu_json_free(j);
}

static void broken_json_is_refused(void **state) {
    static const char *const bad[] = {"{\"vcon\":\"1\",\"vcon\":\"2\"}",
                                      "[{\"role\":\"agent\",\"text\":\"\\ud800\"}]",
                                      "[{\"role\":\"agent\",\"text\":\"\\u0000\"}]",
                                      "[{\"role\":\"agent\",\"start\":NaN}]",
                                      "[{\"role\":\"agent\",\"start\":1e999}]",
                                      "{\"role\":",
                                      "[{\"text\":\"\xff\"}]"};
    (void)state;
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_err err;
        begin();
        assert_int_equal(wu_read_text(&conv, wu_str_of(bad[i]), "in", NULL, &err), WU_EDATA);
        assert_non_null(strstr(err.msg, "in"));
    }
    refuses("[{\"role\":\"agent\",\"text\":\"x\",\"start\":99999999999999999999999999}]", "start");
    refuses("[{\"role\":\"agent\",\"text\":\"x\",\"start\":1},"
            "{\"role\":\"agent\",\"text\":\"x\",\"start\":1700000000000}]",
            "more than a year");
}

static void too_many_speakers_are_no_conversation(void **state) {
    wu_buf text = {0};
    (void)state;
    for (int i = 0; i < 2000; i++)
        assert_int_equal(
            wu_buf_fmt(&text, "%s{\"speaker\":\"s%d\",\"text\":\"x\"}", i ? "," : "[", i), WU_OK);
    assert_int_equal(wu_buf_str(&text, "]"), WU_OK);
    refuses(text.p, "more than 256 speakers");
    wu_buf_free(&text);
}

static void numbers_are_read_without_locale(void **state) {
    static const struct {
        const char *s;
        double v;
    } good[] = {{"0", 0},
                {" 12.5 ", 12.5},
                {"-3", -3},
                {"+.5", .5},
                {"1e3", 1000},
                {"2.5E-1", .25},
                {"123456789012345678901234", 1.23456789012345678e23}};
    static const char *const bad[] = {"",   ".",   "nan", "inf", "0x1",  "1,5",
                                      "1e", "1 2", "--1", "1e+", "1e999"};
    (void)state;
    for (size_t i = 0; i < WU_LEN(good); i++) {
        double v = -1;
        assert_true(wu_in_number(&v, wu_str_of(good[i].s)));
        CHECK_NEAR(v, good[i].v, 1e-15);
    }
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        double v;
        if (wu_in_number(&v, wu_str_of(bad[i]))) fail_msg("\"%s\" is no number", bad[i]);
    }
}

/* ---- every byte cut, every value replaced
 * ---------------------------------------------------------------- */

static const char *const fixture[] = {
    "ccai.json",        "ccai.rest.json",        "contact-lens.chat.json", "contact-lens.json",
    "genesys.json",     "turns.liveperson.json", "turns.object.json",      "vcon.json",
    "vcon.signed.json", "whisper.whisperx.json", "whisper.cpp.json",       "conversation.json"};

static void load(wu_buf *out, const char *name) {
    char path[256];
    wu_err err;
    (void)snprintf(path, sizeof(path), "tests/data/transcripts/%s", name);
    if (wu_read_file(out, path, 1 << 20, &err)) fail_msg("%s", err.msg);
}

static void fixtures_with_a_value_of_another_type_never_crash(void **state) {
    static const char *const other[] = {"null", "true", "-1", "1e300", "\"\"", "[]", "{}", "[[]]"};
    (void)state;
    for (size_t f = 0; f < WU_LEN(fixture); f++) {
        wu_buf text = {0}, changed = {0};
        load(&text, fixture[f]);
        unsigned kind = 0;
        for (size_t i = 0; i + 2 < text.n; i++) {
            if (text.p[i] != ':' || text.p[i + 1] != ' ') continue;
            size_t end = i + 2;
            if (text.p[end] == '"') {
                for (end++; text.p[end] != '"'; end++) end += text.p[end] == '\\';
                end++;
            } else {
                while (!strchr(",\n}", text.p[end])) end++;
            }
            wu_buf_clear(&changed);
            assert_int_equal(wu_buf_add(&changed, text.p, i + 2), WU_OK);
            assert_int_equal(wu_buf_str(&changed, other[kind++ % WU_LEN(other)]), WU_OK);
            assert_int_equal(wu_buf_add(&changed, text.p + end, text.n - end), WU_OK);
            wu_err err = {0};
            begin();
            const wu_code rc = wu_read_text(&conv, wu_buf_view(&changed), "in", NULL, &err);
            assert_true(rc == WU_OK || rc == WU_EDATA);
            if (rc) assert_true(strncmp(err.msg, "in", 2) == 0);
            if (!rc) assert_true(conv.n_turn > 0);
        }
        wu_buf_free(&text);
        wu_buf_free(&changed);
    }
}

/* ---- rows
 * --------------------------------------------------------------------------------------------------
 */

static wu_row_stream *rows;
static wu_column_map map;
static wu_arena map_arena;

static void open_rows(bool is_csv, const char *text, const char *columns) {
    wu_err err;
    wu_read_options o = {0};
    wu_row_stream_close(rows);
    wu_arena_free(&map_arena);
    if (columns) {
        if (wu_column_map_parse(&map, &map_arena, columns, &err)) fail_msg("%s", err.msg);
        o.map = &map;
    }
    if (wu_row_stream_text(&rows, wu_str_of(text), "in", is_csv, &o, &err)) fail_msg("%s", err.msg);
}

static void next_is(const char *id, int32_t n_turn) {
    wu_err err = {0};
    bool end;
    begin();
    if (wu_row_stream_next(rows, &conv, &end, &err)) fail_msg("%s", err.msg);
    assert_false(end);
    assert_true(is(conv.id, id));
    assert_int_equal(conv.n_turn, n_turn);
}

static void next_fails(const char *why) {
    wu_err err = {0};
    bool end;
    begin();
    assert_int_equal(wu_row_stream_next(rows, &conv, &end, &err), WU_EDATA);
    if (!strstr(err.msg, why)) fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
}

static void next_ends(void) {
    wu_err err;
    bool end = false;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wu_row_stream_next(rows, &conv, &end, &err), WU_OK);
        assert_true(end);
    }
    wu_row_stream_close(rows);
    rows = NULL;
}

static void csv_of_turns_is_grouped_by_id(void **state) {
    (void)state;
    open_rows(true,
              "\xEF\xBB\xBF"
              "Call ID;Speaker;Message;Queue\r\n"
              "7;Agent;\"Hi; \"\"you\"\"\r\nthere\";north\r\n"
              "8;Customer;x\r\n"
              "\r\n"
              "7;Customer;Hello;south\r\n"
              "8;Agent;\"y\"",
              NULL);
    next_is("7", 2);
    turn(0, WU_PARTY_AGENT, -1, -1, "Hi; \"you\" there");
    turn(1, WU_PARTY_CUSTOMER, -1, -1, "Hello");
    assert_true(is(conv.contact.queue, "north")); /* of the first row that has it */
    next_is("8", 2);
    next_ends();
}

static void csv_errors_name_line_and_column_and_the_rest_is_read(void **state) {
    (void)state;
    open_rows(true,
              "id,role,text,start_ms\n"
              "1,agent,\"a\"b,5\n"
              "1,agent,hello,soon\n"
              "2,agent,a,b,c,d\n"
              ",agent,nobody's,1\n"
              "3,agent,fine,1000\n"
              "4,agent,\"open\n",
              NULL);
    next_fails("in:2: column 12: text behind a closing quote");
    next_fails("in:3: start_ms is \"soon\"");
    next_fails("in:4: 6 cells, the header has 4");
    next_fails("in:5: the id is missing");
    next_is("3", 1);
    turn(0, WU_PARTY_AGENT, 1000, -1, "fine");
    next_fails("in:7: column 9: the quote is never closed");
    next_ends();
}

static void csv_needs_columns_that_it_knows(void **state) {
    (void)state;
    open_rows(true, "a,b\n1,2\n", NULL);
    next_fails("in:1: no column for the words");
    next_ends();
    open_rows(true, "", NULL);
    next_fails("no header line");
    next_ends();
    open_rows(true, "a,b\n1,2\n", "text=c");
    next_fails("in:1: no column \"c\"");
    next_ends();
    open_rows(true, "Nr\tWer\tWas gesagt wird\n1\tKunde\tHallo\n",
              "id=Nr,role=Wer,text=Was gesagt wird");
    next_is("1", 1);
    turn(0, WU_PARTY_CUSTOMER, -1, -1, "Hallo");
    next_ends();
    open_rows(true, "id,role,text\n1,\xC3,\xA9\n", NULL); /* one character cut in two */
    next_fails("in:2: cell 2 is not UTF-8");
    next_ends();
    open_rows(true, "id,id,text\n1,2,x\n", NULL); /* of two with one name the first */
    next_is("1", 1);
    next_ends();
}

static void csv_with_a_conversation_a_row(void **state) {
    (void)state;
    open_rows(true,
              "call_id,transcript,queue_wait_s,start_time,analysis\n"
              "a,\"Agent: Hi\nCustomer: Yes\",12,2024-05-14T10:03:22+02:00,\"{\"\"x\"\": 1}\"\n"
              "b,\"nothing that is a transcript\",,,\n"
              "b,\"Agent: Hi\",-3,,\n"
              "b,\"Agent: Hi\",,,[1]\n"
              "b,,,,\n",
              NULL);
    next_is("a", 2);
    assert_int_equal(conv.contact.queue_wait_s, 12);
    starts("2024-05-14T10:03:22+02:00");
    assert_int_equal(wu_json_int(wu_json_get(conv.analysis, "x")), 1);
    next_fails("in:4: transcript");
    next_fails("in:5: queue_wait_s is \"-3\"");
    next_fails("in:6: analysis is not an object");
    next_fails("in:7: no transcript");
    next_ends();
}

static void jsonl_of_conversations(void **state) {
    (void)state;
    open_rows(
        false,
        "\xEF\xBB\xBF\n"
        "{\"id\":1,\"transcript\":\"Agent: Hi\",\"language\":\"en\",\"journey\":{\"a\":2}}\r\n"
        "{\"id\":1,\n"
        "{\"id\":\"w\",\"segments\":[{\"start\":0,\"text\":\"x\"}],\"language\":\"en\"}\n"
        "[{\"role\":\"agent\",\"text\":\"x\"}]\n"
        "{\"id\":\"m\",\"messages\":[{\"role\":\"agent\",\"text\":\"x\"}],\"channel\":\"Phone\"}\n"
        "{\"id\":\"n\",\"transcript\":5}\n"
        "7\n"
        "{\"id\":\"c\",\"parties\":[{\"role\":\"agent\"}],\"turns\":[{\"party\":0,\"text\":"
        "\"x\"}],\"analysis\":{\"k\":1}}",
        NULL);
    next_is("1", 1);
    assert_int_equal(wu_json_int(wu_json_get(conv.journey, "a")), 2);
    next_fails("in:3: column");
    next_is("w", 1);
    next_is("", 1);
    next_is("m", 1);
    assert_true(is(conv.contact.channel, "voice"));
    next_fails("in:7: transcript is neither text nor turns");
    next_fails("in:8");
    next_is("c", 1);
    assert_non_null(conv.analysis);
    next_ends();
}

static void jsonl_of_turns(void **state) {
    (void)state;
    open_rows(
        false,
        "{\"conversation_id\":9,\"id\":1,\"speaker\":\"agent\",\"text\":\"a\",\"time\":1}\n"
        "\n{bad\n"
        "{\"conversation_id\":\"9\",\"id\":2,\"speaker\":\"user\",\"text\":\"b\",\"time\":4}\n"
        "{\"id\":3,\"speaker\":\"user\",\"text\":\"c\",\"queue\":\"q\"}\n"
        "[]\n"
        "{\"speaker\":\"user\",\"text\":\"c\"}\n",
        NULL);
    next_is("9", 2);
    turn(0, WU_PARTY_AGENT, 1000, -1, "a");
    turn(1, WU_PARTY_CUSTOMER, 4000, -1, "b");
    next_fails("in:3: column");
    next_is("3", 1);
    next_fails("in:6: not an object");
    next_fails("in:7: the id is missing");
    next_ends();
    open_rows(false,
              "{\"speaker\":\"agent\",\"text\":\"a\"}\n{\"speaker\":\"user\",\"text\":\"b\"}\n",
              NULL);
    next_is("", 2); /* no ids at all: one conversation */
    next_ends();
}

static void a_map_can_leave_a_field_out(void **state) {
    static const char table[] = "id,role,text,date\n1,agent,a,05/14/2024\n2,agent,b,05/14/2024\n";
    (void)state;
    open_rows(true, table, NULL);
    next_fails("in:2: date is \"05/14/2024\"");
    open_rows(true, table, "time=-,start_time=-");
    next_is("1", 1);
    next_is("2", 1);
    next_ends();
    open_rows(true, table, "time=-,start_time=-,id=-");
    next_is("", 2);
    next_ends();
}

static void maps_have_paths_and_are_checked(void **state) {
    static const struct {
        const char *text, *why;
    } bad[] = {{"", "nothing in it"},        {"id", "has no ="},
               {"id=", "id has no column"},  {"id=a,id=b", "id is there twice"},
               {"ID=a", "no field \"ID\""},  {"text=a,transcript=b", "exclude each other"},
               {"id=a,,text=b", "has no ="}, {"=x", "no field \"\""}};
    (void)state;
    open_rows(
        false,
        "{\"data\":{\"a.b\":\"n1\",\"words\":[{\"t\":\"Agent: Hi\"}]},\"m\":{\"lang\":\"de\"}}\n"
        "{\"data\":{\"words\":[]}}\n{\"data\":{\"words\":[{\"t\":\"Agent: Hi\"}]}}\n",
        "id=data.a.b, transcript = data.words.0.t,language=m.lang");
    next_is("n1", 1);
    assert_true(is(conv.contact.language, "de"));
    next_fails("in:2: data.words.0.t is missing");
    next_fails("in:3: data.a.b is missing");
    next_ends();
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_arena a = {0};
        wu_column_map m;
        wu_err err = {0};
        assert_int_equal(wu_column_map_parse(&m, &a, bad[i].text, &err), WU_EARG);
        if (!strstr(err.msg, bad[i].why)) fail_msg("\"%s\" lacks \"%s\"", err.msg, bad[i].why);
        wu_arena_free(&a);
    }
}

static void a_line_that_is_too_long_is_passed_over(void **state) {
    enum { LONG = 50 << 20 };
    char path[] = "/tmp/wrapup-jsonl-XXXXXX";
    wu_err err;
    bool end;
    (void)state;
    FILE *f = fdopen(mkstemp(path), "wb");
    assert_non_null(f);
    fputs("{\"id\":\"a\",\"transcript\":\"Agent: x\"}\n{\"id\":\"", f);
    for (int i = 0; i < LONG / 64; i++)
        fputs("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", f);
    fputs("\"}\n{\"id\":\"b\",\"transcript\":\"Agent: y\"}\n", f);
    assert_int_equal(fclose(f), 0);
    wu_row_stream_close(rows);
    assert_int_equal(wu_row_stream_open(&rows, path, false, NULL, &err), WU_OK);
    next_is("a", 1);
    assert_int_equal(wu_row_stream_next(rows, &conv, &end, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, ":2: the line is longer than 32 MiB"));
    next_is("b", 1);
    next_ends();
    unlink(path);
}

static void many_ids_are_grouped_in_linear_time(void **state) {
    enum { IDS = 20000 };
    wu_buf text = {0};
    char id[32];
    (void)state;
    assert_int_equal(wu_buf_str(&text, "id,role,text\n"), WU_OK);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < IDS; i++)
            assert_int_equal(wu_buf_fmt(&text, "c%d,agent,t%d\n", i, k), WU_OK);
    open_rows(true, text.p, NULL);
    for (int i = 0; i < IDS; i++) {
        (void)snprintf(id, sizeof(id), "c%d", i);
        next_is(id, 3);
    }
    turn(2, WU_PARTY_AGENT, -1, -1, "t2");
    next_ends();
    wu_buf_free(&text);
}

static void csv_is_told_from_text(void **state) {
    (void)state;
    assert_true(wu_csv_detect(WU_STR("id,text\n1,x\n"), NULL) > 50);
    assert_true(wu_csv_detect(WU_STR("Conversation ID\tspeaker\tMessage Text"), NULL) > 50);
    assert_int_equal(wu_csv_detect(WU_STR("Agent: Hello, how are you\n"), NULL), 0);
    assert_int_equal(wu_csv_detect(WU_STR("text\nhello\n"), NULL), 0);
    assert_int_equal(wu_csv_detect(WU_STR("\"id,text\n"), NULL), 0);
    assert_int_equal(wu_csv_detect((wu_str){0}, NULL), 0);
    const wu_column_map columns = {.id = "No.", .text = "Said"};
    assert_int_equal(wu_csv_detect(WU_STR("No.,Who,Said\n"), NULL), 0);
    assert_true(wu_csv_detect(WU_STR("No.,Who,Said\n"), &columns) > 50);
    assert_int_equal(wu_csv_detect(WU_STR("No.,Who,Words\n"), &columns), 0);
}

/* ---- real conversations
 * -------------------------------------------------------------------------------- */

static void read_real(const char *name, int want) {
    char path[256];
    wu_lines lines;
    wu_str line;
    wu_err err;
    bool end = false;
    int n = 0;
    (void)snprintf(path, sizeof(path), "../shared/data/real-dev/%s", name);
    wu_row_stream_close(rows);
    if (wu_row_stream_open(&rows, path, false, NULL, &err)) fail_msg("%s", err.msg);
    if (wu_lines_open(&lines, path, 0, &err)) fail_msg("%s", err.msg);
    for (;;) {
        wu_json *j;
        int64_t n_turns = -1;
        begin();
        if (wu_row_stream_next(rows, &conv, &end, &err)) fail_msg("%s", err.msg);
        if (end) break;
        n++;
        assert_int_equal(wu_lines_next(&lines, &line, &end, &err), WU_OK);
        assert_int_equal(wu_json_parse(&j, line, path, WU_EDATA, &err), WU_OK);
        const wu_json_in in = {j, path, WU_EDATA};
        assert_int_equal(wu_json_opt_int(&in, "n_turns", 0, 1 << 20, &n_turns, &err), WU_OK);
        if (n_turns >= 0) assert_int_equal(conv.n_turn, n_turns);
        assert_true(wu_str_eq(conv.id, wu_json_str(wu_json_get(j, "id"))));
        assert_true(wu_str_eq(conv.contact.language, wu_json_str(wu_json_get(j, "language"))));
        for (int32_t i = 0; i < conv.n_turn; i++)
            assert_true(wu_turn_role(&conv, &conv.turn[i]) != WU_PARTY_UNKNOWN);
        wu_json_free(j);
    }
    assert_int_equal(n, want);
    wu_lines_close(&lines);
}

static void real_conversations_are_read(void **state) {
    (void)state;
    if (!wu_is_dir("../shared/data/real-dev")) skip();
    read_real("star.jsonl", 224);
    read_real("multidogo.jsonl", 215);
    read_real("natcs_utterances.jsonl", 190);
    read_real("banking77.jsonl", 203);
    read_real("woz_de_it.jsonl", 187);
    read_real("abcd_sample.jsonl", 1);
}

static int tidy(void **state) {
    (void)state;
    wu_conversation_free(&conv);
    wu_row_stream_close(rows);
    wu_arena_free(&map_arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contact_lens_finds_roles_through_participants),
        cmocka_unit_test(contact_lens_takes_the_start_from_the_name_of_the_recording),
        cmocka_unit_test(chats_tell_queue_wait_transfers_and_attachments),
        cmocka_unit_test(real_time_segments_are_unwrapped),
        cmocka_unit_test(wrong_contact_lens_is_named),
        cmocka_unit_test(words_become_turns_where_the_speaker_changes),
        cmocka_unit_test(channels_are_put_in_order_of_time),
        cmocka_unit_test(transcribe_without_speakers_is_one_turn),
        cmocka_unit_test(deepgram_has_numbers_or_channels_for_speakers),
        cmocka_unit_test(ccai_uploads_and_resources),
        cmocka_unit_test(wrong_ccai_is_named),
        cmocka_unit_test(genesys_tells_machines_from_agents_by_their_spans),
        cmocka_unit_test(genesys_without_participants_leaves_internal_unknown),
        cmocka_unit_test(successive_segments_of_a_speaker_are_one_turn),
        cmocka_unit_test(without_speakers_segments_stay_and_nobody_is_known),
        cmocka_unit_test(whisper_cpp_writes_speakers_into_the_text),
        cmocka_unit_test(turns_of_many_makers),
        cmocka_unit_test(units_of_times_are_told_by_all_of_them),
        cmocka_unit_test(wrong_turns_are_named),
        cmocka_unit_test(vcon_sorts_and_maps_parties),
        cmocka_unit_test(vcon_transcripts_are_read_by_their_own_format),
        cmocka_unit_test(vcons_that_cannot_be_read_say_why),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(too_many_speakers_are_no_conversation),
        cmocka_unit_test(numbers_are_read_without_locale),
        cmocka_unit_test(fixtures_with_a_value_of_another_type_never_crash),
        cmocka_unit_test(csv_of_turns_is_grouped_by_id),
        cmocka_unit_test(csv_errors_name_line_and_column_and_the_rest_is_read),
        cmocka_unit_test(csv_needs_columns_that_it_knows),
        cmocka_unit_test(csv_with_a_conversation_a_row),
        cmocka_unit_test(jsonl_of_conversations),
        cmocka_unit_test(jsonl_of_turns),
        cmocka_unit_test(a_map_can_leave_a_field_out),
        cmocka_unit_test(maps_have_paths_and_are_checked),
        cmocka_unit_test(a_line_that_is_too_long_is_passed_over),
        cmocka_unit_test(many_ids_are_grouped_in_linear_time),
        cmocka_unit_test(csv_is_told_from_text),
        cmocka_unit_test(real_conversations_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, tidy) != 0;
}
