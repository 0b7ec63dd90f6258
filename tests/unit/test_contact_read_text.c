/* Formats of text: what lines mean, and what is wrong is named with its place. The names of tests
 * that begin with flaw_ are mistakes that other pipelines make with such files. */
#include "alloc_hook.h"
#include "near.h"

#include "base/file.h"
#include "contact/read/read_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static wu_conversation c;
static wu_err err;

static int begin(void **state) {
    (void)state;
    wu_conversation_init(&c);
    err = (wu_err){0};
    return 0;
}

static int end(void **state) {
    (void)state;
    wu_conversation_free(&c);
    return 0;
}

static void reads(wu_format f, const char *text) {
    const wu_read_options o = {.format = f};
    CHECK_OK(wu_read_text(&c, wu_str_of(text), "call.txt", &o, &err), err);
}

static void is(const char *want) {
    wu_buf b = {0};
    assert_int_equal(wu_conversation_render(&b, &c), WU_OK);
    assert_string_equal(b.p, want);
    wu_buf_free(&b);
}

static void reads_as(const char *text, const char *want) {
    reads(WU_FORMAT_AUTO, text);
    is(want);
}

static void refuses(wu_format f, wu_str text, const char *want) {
    const wu_read_options o = {.format = f};
    err.msg[0] = 0;
    if (wu_read_text(&c, text, "call.txt", &o, &err) != WU_EDATA) fail_msg("want \"%s\"", want);
    if (!strstr(err.msg, want)) fail_msg("\"%s\" does not say \"%s\"", err.msg, want);
}

static void field_is(wu_str got, const char *want) {
    if (!wu_str_eq(got, wu_str_of(want)))
        fail_msg("\"%.*s\", want \"%s\"", (int)got.n, got.p, want);
}

/* ---- plain text ----------------------------------------------------------------------------- */

static void lines_become_turns(void **state) {
    (void)state;
    reads_as("Agent: Hello.\nCustomer: Hi there.\n", "Agent: Hello.\nCustomer: Hi there.\n");
    reads_as("Agent: no newline at the end", "Agent: no newline at the end\n");
    reads_as("REP: a\ncaller: b\nRepresentative: c\nClient:\td\nUser: e\nSupervisor: f\n",
             "Agent: a\nCustomer: b\nAgent: c\nCustomer: d\nCustomer: e\nSupervisor: f\n");
    reads_as("Kundin: a\nSACHBEARBEITER: b\nConseillère : c\nASESORA: d\nUtente: e\nIVR: f\n",
             "Customer: a\nAgent: b\nAgent: c\nAgent: d\nCustomer: e\nBot: f\n");
    reads_as("Agent 1: a\nAgent Smith: b\nEND_USER: c\nAgent 1: d\nAgent Smith: e\n",
             "Agent: a\nSpeaker 1: b\nCustomer: c\nAgent: d\nSpeaker 1: e\n");
}

static void continuation_lines_join_their_turn(void **state) {
    (void)state;
    reads_as("\xEF\xBB\xBF\r\nAgent:  one \r\n\r\n  two\tthree\r\nCustomer:\r\n four\r\n",
             "Agent: one two three\nCustomer: four\n");
    reads_as("Agent: the time is\n10:30 or so\nhttp://x.example: no\nand note: it is late\n",
             "Agent: the time is 10:30 or so http://x.example: no and note: it is late\n");
    reads_as("Agent: see\nNote:this\n", "Agent: see Note:this\n");
    reads_as("Agent:\nCustomer: hi\nAgent:   \n", "Customer: hi\n");
    reads_as("Agent: a\x1b[31mc\x7f\n", "Agent: a [31mc\n");
}

static void turns_know_their_lines(void **state) {
    (void)state;
    reads(WU_FORMAT_AUTO, "\nAgent: a\nb\n\nCustomer: c\n");
    assert_int_equal(c.n_turn, 2);
    assert_int_equal(c.turn[0].line, 2);
    assert_int_equal(c.turn[1].line, 5);
    assert_int_equal(wu_turn_role(&c, &c.turn[1]), WU_PARTY_CUSTOMER);
}

static void many_turns_fit(void **state) {
    (void)state;
    wu_buf b = {0};
    for (int i = 0; i < 3000; i++)
        assert_int_equal(wu_buf_fmt(&b, "%s: turn %d\n", i % 2 ? "Customer" : "Agent", i), WU_OK);
    reads_as(b.p, b.p);
    assert_int_equal(c.n_turn, 3000);
    wu_buf_free(&b);
}

static void words_before_a_colon_are_no_speakers(void **state) {
    (void)state;
    reads_as("Agent: may I\nNote: call me at 5:30\nNote: and again\nCustomer: Sure: do\nRe: that\n",
             "Agent: may I Note: call me at 5:30 Note: and again\nCustomer: Sure: do Re: that\n");
    /* a name once, among lines without labels: words */
    reads_as("Agent: hello\nI spoke with\nBarbara: she said no\nCustomer: oh\n",
             "Agent: hello I spoke with Barbara: she said no\nCustomer: oh\n");
    /* twice: a speaker */
    reads_as("Agent: hello\nBarbara: no\nof course\nBarbara: oh\n",
             "Agent: hello\nSpeaker 1: no of course\nSpeaker 1: oh\n");
    /* every line has a label */
    reads_as("Dana: hello\nMiguel: hi\nDana: bye\n",
             "Speaker 1: hello\nSpeaker 2: hi\nSpeaker 1: bye\n");
    /* where turns have times, a name without one is words */
    reads_as("[00:01] Agent: a\nBarbara: b\n[00:03] Customer: c\nBarbara: d\n",
             "Agent: a Barbara: b\nCustomer: c Barbara: d\n");
}

static void names_of_the_metadata_have_roles(void **state) {
    (void)state;
    reads_as("Agent Name: Dana Reyes\nCustomer Name: Miguel Ortiz\nCall ID: 7\n\n"
             "Dana: hello\nORTIZ: hi\nanother line\nDana Reyes: bye\n",
             "Agent: hello\nCustomer: hi another line\nAgent: bye\n");
    field_is(c.id, "7");
    reads_as("Dana (Agent): a\nMiguel [Customer]: b\nAgent (Tom): c\nDana (Agent) [00:12]: d\n",
             "Agent: a\nCustomer: b\nAgent: c\nAgent: d\n");
    field_is(c.party[0].name, "Dana");
    field_is(c.party[2].name, "Tom");
    assert_int_equal(c.turn[3].start_ms, 12000);
}

static void markdown_is_taken_off(void **state) {
    (void)state;
    reads_as("**Agent:** a\n\n> **Customer**: b\n\n- Agent: *c*\n1. __Customer:__ d\n",
             "Agent: a\nCustomer: b\nAgent: *c*\nCustomer: d\n");
    reads_as("### Agent (10:03)\nhello\n\n### Customer\nI see\n",
             "Agent: hello\nCustomer: I see\n");
    reads_as("[AGENT] hi\n<Customer> oh\n", "Agent: hi\nCustomer: oh\n");
}

static void flaw_23_two_hashes_within_words_end_nothing(void **state) {
    (void)state;
    const char *text = "# Call 12\n\n**Agent:** A-17\n\n## TRANSCRIPT\n\n"
                       "**Agent:** dial ## and then 3\n\n**Customer:** ##? or #?\n## more ##\n"
                       "**Agent:** yes\n\n## SUMMARY\nAgent: not this\n";
    reads(WU_FORMAT_AUTO, text);
    /* "## more" at the start of a line is a heading, whatever was meant */
    is("Agent: dial ## and then 3\nCustomer: ##? or #?\n");
    reads_as("## TRANSCRIPT\nAgent: dial ##\n### Part 2\nCustomer: #5 ## 6\n  ##7\n",
             "Agent: dial ##\nCustomer: #5 ## 6 ##7\n");
}

static void flaw_23_times_in_brackets_without_a_colon_are_read(void **state) {
    (void)state;
    reads_as("[00:01] Agent: hi\n[00:05] Customer: oh\n", "Agent: hi\nCustomer: oh\n");
    assert_int_equal(c.turn[1].start_ms, 5000);
    reads_as("[00:01:23]: hi\n[00:01:25]: oh: yes\n", "Speaker 1: hi\nSpeaker 1: oh: yes\n");
    assert_int_equal(c.turn[0].start_ms, 83000);
    assert_int_equal(wu_turn_role(&c, &c.turn[0]), WU_PARTY_UNKNOWN);
}

static void flaw_23_nothing_is_taken_for_a_conversation_that_is_none(void **state) {
    (void)state;
    refuses(WU_FORMAT_AUTO, WU_STR("A letter.\n\nIt has no speakers, only words.\n"),
            "no known format");
    refuses(WU_FORMAT_PLAIN, WU_STR("## TRANSCRIPT\n\nwords without a speaker\n"), "has no turns");
    refuses(WU_FORMAT_PLAIN, WU_STR("## TRANSCRIPT\nwords\nAgent: hi\n"),
            "call.txt:2: words before the first speaker");
}

static void the_metadata_of_the_header_are_kept(void **state) {
    (void)state;
    reads(WU_FORMAT_AUTO,
          "Call ID: 9\nAgent: dreyes (Dana Reyes)\nCustomer: Miguel Ortiz\nDate: 04.03.2025\n"
          "Time: 9:15 AM\nQueue: Billing & Payments\nQueue wait: 00:02:05\nAnnounced wait: 2 min\n"
          "Hold (min): 1.5\nTransfers: 2\nPrior contacts: 3\nChannel: Live chat\n"
          "Disposition: resolved\nLanguage: en\n\nAgent: hello\n");
    field_is(c.id, "9");
    field_is(c.contact.agent_id, "dreyes");
    field_is(c.contact.agent_name, "Dana Reyes");
    field_is(c.contact.customer_name, "Miguel Ortiz");
    field_is(c.contact.queue, "Billing & Payments");
    field_is(c.contact.channel, "chat");
    assert_int_equal(c.contact.queue_wait_s, 125);
    assert_int_equal(c.contact.announced_wait_s, 120);
    assert_int_equal(c.contact.hold_s, 90);
    assert_int_equal(c.contact.transfers, 2);
    assert_int_equal(c.contact.contact_number_30d, 4);
    assert_true(c.contact.start.known && !c.contact.start.has_offset);
    assert_int_equal(c.contact.start.local_s, wu_civil_seconds(2025, 3, 4, 9, 15, 0));
    assert_int_equal(c.n_turn, 1);
}

static void what_the_header_does_not_say_stays_unknown(void **state) {
    (void)state;
    reads(WU_FORMAT_AUTO,
          "Call ID: 9\nDate: 3/4/2025\nQueue wait: long\nHold: -5\nTransfers: none\n"
          "Contact number: +1 555 0100 22\nDuration: ?\n\nAgent: hello\n");
    assert_false(c.contact.start.known);
    assert_int_equal(c.contact.queue_wait_s, -1);
    assert_int_equal(c.contact.hold_s, -1);
    assert_int_equal(c.contact.transfers, -1);
    assert_int_equal(c.contact.contact_number_30d, -1);
    assert_int_equal(c.contact.duration_ms, -1);
    /* a day alone has no time of the day */
    reads(WU_FORMAT_AUTO, "Call ID: 9\nDate: 2025-03-04\n\nAgent: hello\n");
    assert_true(c.contact.start.known && c.contact.start.date_only);
    reads(WU_FORMAT_AUTO, "Date: 2025-03-04\nTime: 10:15\n\nAgent: hello\n");
    assert_true(c.contact.start.known && !c.contact.start.date_only);
    reads(WU_FORMAT_AUTO, "Date: 2025-03-04\n\n[10:15:00 AM] Agent: hello\n");
    assert_true(c.contact.start.known && !c.contact.start.date_only);
}

static void a_turn_that_looks_like_a_header_is_a_turn(void **state) {
    (void)state;
    reads_as("Agent: hello\n\nCustomer: hi\n", "Agent: hello\nCustomer: hi\n");
    reads_as("Call ID: 7\nAgent: hello\nCustomer: hi\n", "Agent: hello\nCustomer: hi\n");
    field_is(c.id, "7");
}

static void times_of_the_clock_and_offsets_differ(void **state) {
    (void)state;
    reads(WU_FORMAT_AUTO, "(11:59 PM) Agent: a\n(12:03 AM) Customer: b\n");
    assert_int_equal(c.turn[0].start_ms, 0);
    assert_int_equal(c.turn[1].start_ms, 240000);
    assert_false(c.contact.start.known);
    reads(WU_FORMAT_AUTO, "2024-05-14 10:03:22 - Agent: a\n2024-05-14 10:03:24 - Customer: b\n");
    assert_int_equal(c.turn[1].start_ms, 2000);
    assert_int_equal(c.contact.start.local_s, wu_civil_seconds(2024, 5, 14, 10, 3, 22));
    reads(WU_FORMAT_AUTO, "09:15:30 Agent: a\n09:15:33 Customer: b\n"); /* nine hours? a clock */
    assert_int_equal(c.turn[1].start_ms, 3000);
    reads(WU_FORMAT_AUTO, "Call ID: 1\nStart: 2025-03-04T09:15:00Z\n\n[9:15:30 AM] Agent: a\n");
    assert_int_equal(c.turn[0].start_ms, 30000);
    reads(WU_FORMAT_AUTO, "[0 - 12] Agent: a\n[12 - 11] Customer: b\n[1] x\n");
    assert_int_equal(c.turn[0].end_ms, 12000);
    assert_int_equal(c.turn[1].end_ms, -1);
    is("Agent: a\nCustomer: b [1] x\n");
}

static void times_in_words_stay_words(void **state) {
    (void)state;
    reads_as("Agent: when?\n5:30 works\n2024-05-14 10:00 too\nCustomer: ok\n",
             "Agent: when? 5:30 works 2024-05-14 10:00 too\nCustomer: ok\n");
}

/* ---- subtitles ------------------------------------------------------------------------------ */

static void cues_of_a_speaker_are_one_turn(void **state) {
    (void)state;
    reads(WU_FORMAT_AUTO, "1\n00:00:01,000 --> 00:00:02,000\n<i>Agent:</i> 1 < 2\n\n2\n"
                          "00:00:02.100 --> 00:00:03,000\nand\nmore\n\n3\n"
                          "00:00:03,500 --> 00:00:04,000\n{\\an8}[CUSTOMER] oh");
    is("Agent: 1 < 2 and more\nCustomer: oh\n");
    assert_int_equal(c.turn[0].start_ms, 1000);
    assert_int_equal(c.turn[0].end_ms, 3000);
    reads_as(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Bob>a &amp; b</v><v.x Eve>c\nd\n\nNOTE\nx --> y\n\n"
        "id\n00:03.000 --> 00:04.000\n<v Bob>5 &lt; 6 &lt;i&gt;\n",
        "Speaker 1: a & b\nSpeaker 2: c d\nSpeaker 1: 5 < 6 <i>\n");
}

static void cues_without_speakers_stay_apart(void **state) {
    (void)state;
    reads_as("1\n00:00:01,000 --> 00:00:02,000\nhello\n\n2\n00:00:02,000 --> 00:00:03,000\n- oh\n- "
             "yes\n",
             "Speaker 1: hello\nSpeaker 1: oh\nSpeaker 1: yes\n");
}

static void cues_are_put_in_order_of_time(void **state) {
    (void)state;
    reads_as("2\n00:00:05,000 --> 00:00:06,000\nAgent: b\n\n1\n00:00:01,000 --> 00:00:02,000\n"
             "Customer: a\n",
             "Customer: a\nAgent: b\n");
}

/* ---- what is wrong -------------------------------------------------------------------------- */

static void what_is_wrong_is_named_with_its_line(void **state) {
    (void)state;
    refuses(WU_FORMAT_PLAIN, WU_STR(""), "call.txt: has no turns");
    refuses(WU_FORMAT_PLAIN, WU_STR("\n\nAgent:\n"), "say nothing");
    refuses(WU_FORMAT_PLAIN, WU_STR("\nhello\nAgent: hi\n"),
            "call.txt:2: words before the first speaker");
    refuses(WU_FORMAT_AUTO, WU_STR("Agent: hi\nCustomer: caf\xe9\n"),
            "call.txt:2: byte 14 of the line, 0xe9, is not valid UTF-8");
    refuses(WU_FORMAT_AUTO, WU_STR("Agent: \xF0\x9F\x98"), "call.txt:1: byte 8 of the line, 0xf0");
    refuses(WU_FORMAT_AUTO, WU_STR("Agent: a\0b"), "call.txt:1: byte 9 of the line is NUL");
    refuses(WU_FORMAT_AUTO,
            WU_STR("\xFF\xFE"
                   "A\0"),
            "is UTF-16, want UTF-8");
    refuses(WU_FORMAT_AUTO, WU_STR("\xFE\xFF\0A"), "is UTF-16, want UTF-8");
    refuses(WU_FORMAT_WEBVTT, WU_STR("Agent: hi\n"), "call.txt:1: does not begin with WEBVTT");
    refuses(WU_FORMAT_WEBVTT, WU_STR("WEBVTT\n\n00:01 -> 00:02\nhi\n"),
            "call.txt:3: a block without times");
    refuses(WU_FORMAT_WEBVTT, WU_STR("WEBVTT\n"), "no");
    refuses(WU_FORMAT_SRT, WU_STR("1\n00:00:01 - 2\nhi\n"), "call.txt:1");
    refuses(WU_FORMAT_SRT, WU_STR("1\n00:00:01,000 --> 00:00:02,000\n\n"), "no");
    refuses(WU_FORMAT_CONVERSATION, WU_STR("{\"id\": "), "call.txt");
    refuses(WU_FORMAT_AUTO, WU_STR("[1, 2]"), "no known format");
}

/* Cut anywhere, a file is read or refused; nothing else happens. */
static void truncated_files_are_harmless(void **state) {
    (void)state;
    static const char *const file[] = {"plain.names.md", "webvtt.voices.vtt", "srt.cues.srt"};
    for (size_t i = 0; i < WU_LEN(file); i++) {
        char path[256];
        wu_buf b = {0};
        snprintf(path, sizeof(path), "tests/data/transcripts/%s", file[i]);
        CHECK_OK(wu_read_file(&b, path, 1 << 20, &err), err);
        for (size_t n = 0; n < b.n; n += 7) {
            const wu_read_options o = {.infer_roles = true};
            char *exact = malloc(n + 1); /* so that reading beyond the end is noticed */
            assert_non_null(exact);
            memcpy(exact, b.p, n);
            const wu_code rc = wu_read_text(&c, (wu_str){exact, n}, "cut", &o, &err);
            assert_true(rc == WU_OK || rc == WU_EDATA);
            free(exact);
        }
        wu_buf_free(&b);
    }
}

static void repeat(wu_buf *b, const char *s, int n) {
    wu_buf_clear(b);
    for (int i = 0; i < n; i++) assert_int_equal(wu_buf_str(b, s), WU_OK);
}

/* Texts that would hurt code whose time grows with the square of something. */
static void hostile_texts_take_little_time(void **state) {
    (void)state;
    static const char *const unit[] = {"\n",
                                       "> ",
                                       "a\n",
                                       "- a\n\n",
                                       "A: b\n",
                                       "Agent: a\n",
                                       "[00:01] ",
                                       "[00:01]\n",
                                       "(((([[[[",
                                       "**Agent",
                                       "#",
                                       "## TRANSCRIPT\n",
                                       "Agent (Dana) ",
                                       "Ab: c\n\n",
                                       "1\n",
                                       "00:00:01,0 --> ",
                                       "<v a>b",
                                       "&amp;&",
                                       "<i",
                                       "WEBVTT\n\n",
                                       "x\xC3\xA9",
                                       "Key: 1\n",
                                       "{\"a\":",
                                       "Agent: a\n\n> "};
    static const wu_format format[] = {WU_FORMAT_AUTO, WU_FORMAT_PLAIN, WU_FORMAT_WEBVTT,
                                       WU_FORMAT_SRT};
    static const char *const prefix[] = {"", "WEBVTT\n\n00:01.000 --> 00:02.000\n",
                                         "1\n00:00:01,000 --> 00:00:02,000\n", "Agent: a\n"};
    wu_buf b = {0}, text = {0};
    for (size_t u = 0; u < WU_LEN(unit); u++) {
        repeat(&b, unit[u], 60000);
        for (size_t p = 0; p < WU_LEN(prefix); p++) {
            wu_buf_clear(&text);
            assert_int_equal(wu_buf_str(&text, prefix[p]), WU_OK);
            assert_int_equal(wu_buf_add(&text, b.p, b.n), WU_OK);
            for (size_t f = 0; f < WU_LEN(format); f++) {
                const wu_read_options o = {.format = format[f], .infer_roles = true};
                const wu_code rc = wu_read_text(&c, wu_buf_view(&text), "hostile", &o, &err);
                assert_true(rc == WU_OK || rc == WU_EDATA);
            }
        }
    }
    wu_buf_free(&b);
    wu_buf_free(&text);
}

static void too_many_speakers_are_no_conversation(void **state) {
    (void)state;
    wu_buf b = {0};
    for (int i = 0; i < 2000; i++)
        assert_int_equal(wu_buf_fmt(&b, "Speaker %d: hello\n", i), WU_OK);
    refuses(WU_FORMAT_AUTO, wu_buf_view(&b), "call.txt");
    wu_buf_free(&b);
}

/* ---- files ---------------------------------------------------------------------------------- */

static char dir[] = "/tmp/wu-read-XXXXXX";

static void write_as(const char *name, const char *text, char path[256]) {
    snprintf(path, 256, "%s/%s", dir, name);
    CHECK_OK(wu_write_file(path, text, strlen(text), &err), err);
}

static wu_format read_file(const char *name, const char *text) {
    char path[256];
    wu_reader *r;
    bool at_end;
    write_as(name, text, path);
    CHECK_OK(wu_reader_open(&r, path, NULL, &err), err);
    const wu_format f = wu_reader_format(r);
    CHECK_OK(wu_reader_next(r, &c, &at_end, &err), err);
    assert_false(at_end);
    wu_reader_close(r);
    unlink(path);
    return f;
}

static void ids_come_from_names(void **state) {
    (void)state;
    read_file("transcript_00012.md", "## TRANSCRIPT\nAgent: a\n");
    field_is(c.id, "transcript_00012");
    read_file("transcript_00013.md", "**Transcript ID:** 77\n\n## TRANSCRIPT\nAgent: a\n");
    field_is(c.id, "transcript_00013");
    read_file("call.md", "**Transcript ID:** 77\n\n## TRANSCRIPT\nAgent: a\n");
    field_is(c.id, "77");
    read_file("a.b.txt", "Agent: a\n");
    field_is(c.id, "a.b");
    read_file("list.json", "[{\"turns\": [{\"role\": \"agent\", \"text\": \"a\"}]},"
                           " {\"turns\": [{\"role\": \"agent\", \"text\": \"b\"}]}]");
    field_is(c.id, "list-1");
}

static void formats_are_found_by_content(void **state) {
    (void)state;
    assert_int_equal(read_file("a.txt", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n"),
                     WU_FORMAT_WEBVTT);
    assert_int_equal(read_file("b.vtt", "Agent: hello, you\nCustomer: oh, hi\n"), WU_FORMAT_PLAIN);
    assert_int_equal(read_file("c.txt", "{\"id\":1,\"transcript\":\"Agent: a\"}\n"
                                        "{\"id\":2,\"transcript\":\"Agent: b\"}\n"),
                     WU_FORMAT_JSONL);
    assert_int_equal(read_file("d.txt", "[00:01] Agent: a\n[00:02] Customer: b\n"),
                     WU_FORMAT_PLAIN);
    assert_int_equal(read_file("e", "id,role,text\n1,agent,hello\n1,customer,hi\n"), WU_FORMAT_CSV);
    assert_int_equal(read_file("f.txt", "1\n00:00:01,000 --> 00:00:02,000\nAgent: a\n"),
                     WU_FORMAT_SRT);
    for (int f = 0; f < WU_N_FORMAT; f++) {
        assert_int_equal(wu_format_find(wu_format_name((wu_format)f)), f);
        assert_true(strlen(wu_format_summary((wu_format)f)) > 10);
    }
    assert_int_equal(wu_format_find("nonsense"), WU_N_FORMAT);
}

static void refuses_file(const char *name, const char *text, size_t n, wu_code want,
                         const char *message) {
    char path[256];
    wu_reader *r;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    CHECK_OK(wu_write_file(path, text, n, &err), err);
    assert_int_equal(wu_reader_open(&r, path, NULL, &err), want);
    assert_null(r);
    if (!strstr(err.msg, message)) fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    unlink(path);
}

static void files_that_are_no_transcripts_are_refused(void **state) {
    (void)state;
    char path[256];
    wu_reader *r;
    assert_int_equal(wu_reader_open(&r, "does/not/exist.txt", NULL, &err), WU_EIO);
    assert_non_null(strstr(err.msg, "does/not/exist.txt"));
    assert_int_equal(wu_reader_open(&r, dir, NULL, &err), WU_EIO);
    refuses_file("a.txt", "", 0, WU_EDATA, "is empty");
    refuses_file("a.txt", " \n\n", 3, WU_EDATA, "is empty");
    refuses_file("a.txt",
                 "\x7f"
                 "ELF\0\0",
                 6, WU_EDATA, "is not text");
    refuses_file("a.txt", "nothing\n", 8, WU_EDATA, "no known format");
    refuses_file("a.json", "{\"a\": [", 7, WU_EDATA, "a.json");
    refuses_file("a.json", "[1]", 3, WU_EDATA, "no known format");
    /* a file larger than what is read whole */
    snprintf(path, sizeof(path), "%s/large.txt", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs("Agent: a\n", f) >= 0);
    for (int i = 0; i < 65; i++) { /* MiB */
        static char block[1 << 20];
        memset(block, 'x', sizeof(block));
        assert_int_equal(fwrite(block, 1, sizeof(block), f), sizeof(block));
    }
    assert_int_equal(fclose(f), 0);
    assert_int_equal(wu_reader_open(&r, path, NULL, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "larger than 64 MiB"));
    unlink(path);
}

static int make_dir(void **state) {
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) {
    (void)state;
    return rmdir(dir);
}

/* ---- memory --------------------------------------------------------------------------------- */

static wu_code read_failing(const char *path) {
    const char *const agents[] = {"Dana Reyes", NULL};
    const wu_read_options o = {.infer_roles = true, .agent_is = agents};
    wu_reader *r;
    bool at_end;
    wu_code rc = wu_reader_open(&r, path, &o, &err);
    if (rc) {
        assert_null(r);
        return rc;
    }
    rc = wu_reader_next(r, &c, &at_end, &err);
    wu_reader_close(r);
    return rc;
}

static void readers_run_out_of_memory(void **state) {
    (void)state;
    static const char *const file[] = {"plain.names.md", "webvtt.names.vtt", "srt.names.srt"};
    for (size_t i = 0; i < WU_LEN(file); i++) {
        char path[256];
        wu_code rc = WU_ENOMEM;
        int n = 0;
        snprintf(path, sizeof(path), "tests/data/transcripts/%s", file[i]);
        for (; rc && n < 5000; n++) {
            wu_conversation_free(&c);
            err = (wu_err){0};
            alloc_fail_after(n);
            rc = read_failing(path);
            alloc_fail_after(-1);
            if (rc && rc != WU_ENOMEM) fail_msg("%s: %d: %s", file[i], n, err.msg);
            if (rc) assert_true(err.msg[0] != 0);
        }
        assert_true(rc == WU_OK && n > 5);
    }
}

static void the_examples_are_read(void **state) {
    (void)state;
    static const char *const path[] = {"examples/calls/billing.txt", "examples/calls/internet.txt",
                                       "examples/calls/cancel.txt"};
    for (size_t i = 0; i < WU_LEN(path); i++) {
        CHECK_OK(read_failing(path[i]), err);
        assert_in_range(c.n_turn, 15, 40);
        assert_int_equal(c.n_party, 2);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lines_become_turns),
        TEST(continuation_lines_join_their_turn),
        TEST(turns_know_their_lines),
        TEST(many_turns_fit),
        TEST(words_before_a_colon_are_no_speakers),
        TEST(names_of_the_metadata_have_roles),
        TEST(markdown_is_taken_off),
        TEST(flaw_23_two_hashes_within_words_end_nothing),
        TEST(flaw_23_times_in_brackets_without_a_colon_are_read),
        TEST(flaw_23_nothing_is_taken_for_a_conversation_that_is_none),
        TEST(the_metadata_of_the_header_are_kept),
        TEST(what_the_header_does_not_say_stays_unknown),
        TEST(a_turn_that_looks_like_a_header_is_a_turn),
        TEST(times_of_the_clock_and_offsets_differ),
        TEST(times_in_words_stay_words),
        TEST(cues_of_a_speaker_are_one_turn),
        TEST(cues_without_speakers_stay_apart),
        TEST(cues_are_put_in_order_of_time),
        TEST(what_is_wrong_is_named_with_its_line),
        TEST(truncated_files_are_harmless),
        TEST(hostile_texts_take_little_time),
        TEST(too_many_speakers_are_no_conversation),
        TEST(ids_come_from_names),
        TEST(formats_are_found_by_content),
        TEST(files_that_are_no_transcripts_are_refused),
        TEST(readers_run_out_of_memory),
        TEST(the_examples_are_read),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir) != 0;
}
