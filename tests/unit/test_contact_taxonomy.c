/* Names of labels: ours, a company's, and those nobody knows. */
#include "alloc_hook.h"
#include "near.h"

#include "base/file.h"
#include "contact/taxonomy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/wu_taxonomy_XXXXXX";

static wu_code with_file(wu_taxonomy **t, const char *text, wu_err *err) {
    wu_err e;
    CHECK_OK(wu_write_file(path, text, strlen(text), &e), e);
    return wu_taxonomy_create(t, path, err);
}

static void finds(wu_taxonomy *t, wu_label_group g, const char *said, const char *want) {
    wu_str label;
    assert_int_equal(wu_taxonomy_find(t, g, wu_str_of(said), &label), WU_OK);
    if (!wu_str_eq(label, wu_str_of(want)))
        fail_msg("\"%s\" is \"%.*s\", want \"%s\"", said, (int)label.n, label.p, want);
}

static void case_and_signs_do_not_matter(void **state) {
    (void)state;
    wu_taxonomy *t;
    wu_err err;
    CHECK_OK(wu_taxonomy_create(&t, NULL, &err), err);
    finds(t, WU_LABELS_CATEGORY, "Billing Payment", "billing_payment");
    finds(t, WU_LABELS_CATEGORY, "  BILLING / payment. ", "billing_payment");
    finds(t, WU_LABELS_RATING, "Needs-Improvement", "needs_improvement");
    finds(t, WU_LABELS_RATING, "billing_payment", "");
    assert_true(wu_taxonomy_has(t, WU_LABELS_CATEGORY, WU_STR("billing_payment")));
    assert_false(wu_taxonomy_has(t, WU_LABELS_CATEGORY, WU_STR("Billing Payment")));
    assert_false(wu_taxonomy_has(t, WU_LABELS_CATEGORY, WU_STR("")));
    wu_taxonomy_free(t);
}

static void a_company_has_its_own_names(void **state) {
    (void)state;
    wu_taxonomy *t;
    wu_err err;
    CHECK_OK(with_file(&t,
                       "{\"issue_category\": {\"Billing Dispute\": \"billing_payment\","
                       "\"Handy im Ausland\": \"Roaming\", \"other\": \"service_request\"},"
                       "\"labels\": {\"primary_category\": [\"Roaming\"]}}",
                       &err),
             err);
    finds(t, WU_LABELS_CATEGORY, "billing-dispute", "billing_payment");
    finds(t, WU_LABELS_CATEGORY, "roaming", "Roaming");
    finds(t, WU_LABELS_CATEGORY, "HANDY im ausland", "Roaming");
    finds(t, WU_LABELS_CATEGORY, "Other", "service_request");
    finds(t, WU_LABELS_CATEGORY, "refund return", "refund_return");
    assert_true(wu_taxonomy_has(t, WU_LABELS_CATEGORY, WU_STR("Roaming")));
    assert_int_equal(wu_taxonomy_n_unknown(t), 0);
    wu_taxonomy_free(t);
}

static void unknown_names_are_counted_and_listed(void **state) {
    (void)state;
    wu_taxonomy *t;
    wu_err err;
    wu_buf out = {0};
    CHECK_OK(wu_taxonomy_create(&t, NULL, &err), err);
    for (int i = 0; i < 3; i++) finds(t, WU_LABELS_JOURNEY, i ? "save DESK" : "Save desk", "");
    finds(t, WU_LABELS_JOURNEY, "Walk-in", "");
    finds(t, WU_LABELS_CATEGORY, "Lost luggage", "");
    assert_int_equal(wu_taxonomy_n_unknown(t), 5);
    wu_json *j = wu_taxonomy_unknown(t);
    assert_int_equal(wu_json_write(&out, j, WU_JSON_COMPACT), WU_OK);
    assert_string_equal(out.p, "{\"issue_category\":{\"Lost luggage\":1},"
                               "\"journey_type\":{\"Save desk\":3,\"Walk-in\":1}}");
    wu_json_free(j);
    wu_buf_free(&out);
    wu_taxonomy_free(t);
}

static void the_list_of_unknown_names_has_an_end(void **state) {
    (void)state;
    wu_taxonomy *t;
    wu_err err;
    wu_str label;
    char *long_name = malloc(1 << 20);
    assert_non_null(long_name);
    CHECK_OK(wu_taxonomy_create(&t, NULL, &err), err);
    for (int i = 0; i < WU_UNKNOWN_MAX + 7; i++) {
        char name[32];
        snprintf(name, sizeof(name), "name %d", i);
        assert_int_equal(wu_taxonomy_find(t, WU_LABELS_STAGE, wu_str_of(name), &label), WU_OK);
    }
    memset(long_name, 'x', 1 << 20);
    assert_int_equal(wu_taxonomy_find(t, WU_LABELS_STAGE, (wu_str){long_name, 1 << 20}, &label),
                     WU_OK);
    wu_json *j = wu_taxonomy_unknown(t);
    assert_int_equal(wu_json_size(wu_json_get(j, "journey_stages")), WU_UNKNOWN_MAX);
    assert_int_equal(wu_json_int(wu_json_get(j, "not_listed")), 8);
    wu_json_free(j);
    free(long_name);
    wu_taxonomy_free(t);
}

static void a_wrong_file_is_explained(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[]", "is not a JSON object"},
        {"{\"issue_categories\": {}}", "issue_categories is not a group of labels"},
        {"{\"issue_category\": []}", "issue_category is not an object"},
        {"{\"issue_category\": {\"A\": \"b\"}}", "issue_category.A is \"b\""},
        {"{\"issue_category\": {\"A\": null}}", "issue_category.A is \"\""},
        {"{\"issue_category\": {\"A b\": \"other\", \"a_B\": \"refund_return\"}}",
         "issue_category.a_B is there twice"},
        {"{\"labels\": []}", "labels is not an object"},
        {"{\"labels\": {\"x\": []}}", "labels.x is not a group"},
        {"{\"labels\": {\"journey_type\": {}}}", "labels.journey_type is not a list"},
        {"{\"labels\": {\"journey_type\": [3]}}", "labels.journey_type"},
        {"{", "line 1"},
    };
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_taxonomy *t;
        wu_err err = {0};
        assert_int_equal(with_file(&t, bad[i].text, &err), WU_EDATA);
        assert_null(t);
        if (!strstr(err.msg, bad[i].says)) fail_msg("%s: want %s", err.msg, bad[i].says);
        assert_non_null(strstr(err.msg, path));
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    for (int64_t n = 0;; n++) {
        wu_taxonomy *t;
        wu_err err = {0};
        wu_str label;
        bool done = false;
        alloc_fail_after(n);
        wu_code rc = wu_taxonomy_create(&t, NULL, &err);
        for (int i = 0; !rc && i < 300; i++) {
            char name[32];
            snprintf(name, sizeof(name), "name %d", i);
            rc = wu_taxonomy_find(t, WU_LABELS_STAGE, wu_str_of(name), &label);
        }
        wu_json *j = rc ? NULL : wu_taxonomy_unknown(t);
        done = j != NULL;
        alloc_fail_after(-1);
        assert_true(done || rc == WU_ENOMEM || rc == WU_OK);
        wu_json_free(j);
        wu_taxonomy_free(t);
        if (done) break;
    }
}

static int make_path(void **state) {
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int drop_path(void **state) {
    (void)state;
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_and_signs_do_not_matter),
        cmocka_unit_test(a_company_has_its_own_names),
        cmocka_unit_test(unknown_names_are_counted_and_listed),
        cmocka_unit_test(the_list_of_unknown_names_has_an_end),
        cmocka_unit_test(a_wrong_file_is_explained),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, make_path, drop_path) != 0;
}
