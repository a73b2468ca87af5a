#include "base/log.h"

#include <unistd.h>

#include "base/test.h"

static unix_time at_start_of_2026(void)
{
    return 1767225600;
}

/* What the lines between log_to_pipe and log_from_pipe wrote to standard error. */
static int kept_stderr, pipe_ends[2];

static void log_to_pipe(void)
{
    assert_int_equal(pipe(pipe_ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(dup2(pipe_ends[1], STDERR_FILENO) >= 0);
    close(pipe_ends[1]);
}

static const char *log_from_pipe(void)
{
    static char text[8192];
    ssize_t n;

    assert_true(dup2(kept_stderr, STDERR_FILENO) >= 0);
    close(kept_stderr);
    n = read(pipe_ends[0], text, sizeof text - 1);
    assert_true(n >= 0);
    text[n] = '\0';
    close(pipe_ends[0]);
    return text;
}

static void test_a_whole_line(void **state)
{
    static const uint8_t id[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct fail fail = {ERR_RULE, 3, "a rule"};
    struct log_line line;

    (void)state;
    log_setup("worker", LOG_INFO, at_start_of_2026);
    log_to_pipe();
    line = log_begin(LOG_WARN, "tunnel_up");
    log_u64(&line, "n", UINT64_MAX);
    log_word(&line, "word", "x");
    log_id(&line, "id", SLICE_OF(id));
    log_id(&line, "short", slice_make(id, 2));
    log_fail(&line, &fail);
    log_end(&line);
    assert_string_equal(log_from_pipe(),
                        "time=2026-01-01T00:00:00Z level=warn role=worker event=tunnel_up "
                        "n=18446744073709551615 word=\"x\" id=0102030405060708 short=0102 "
                        "err=ERR_RULE what=\"a rule\" offset=3\n");
}

static void test_levels(void **state)
{
    struct log_line line;

    (void)state;
    log_setup("r", LOG_WARN, at_start_of_2026);
    log_to_pipe();
    log_event(LOG_DEBUG, "no");
    line = log_begin(LOG_INFO, "no");
    log_u64(&line, "n", 1);
    log_end(&line);
    log_event(LOG_ERROR, "yes");
    assert_string_equal(log_from_pipe(),
                        "time=2026-01-01T00:00:00Z level=error role=r event=yes\n");
}

static void test_untrusted_text_is_escaped_and_cut(void **state)
{
    char letters[200];
    const char *text;
    struct log_line line;

    (void)state;
    memset(letters, 'a', sizeof letters);
    log_setup("r", LOG_INFO, at_start_of_2026);
    log_to_pipe();
    line = log_begin(LOG_INFO, "e");
    log_text(&line, "t", SLICE_LIT("a\nlevel=\"x\\\xff\0"));
    log_text(&line, "cut", SLICE_OF(letters));
    log_end(&line);
    text = log_from_pipe();
    assert_non_null(strstr(text, " t=\"a\\x0alevel=\\x22x\\x5c\\xff\\x00\" "));
    assert_non_null(strstr(text, "aaa...\"\n"));
    assert_null(strstr(
        text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void test_a_full_line_stays_one_line(void **state)
{
    const char *text;
    struct log_line line;

    (void)state;
    log_to_pipe();
    line = log_begin(LOG_INFO, "e");
    for (int i = 0; i < 1000; i++)
        log_u64(&line, "number", (uint64_t)i);
    log_end(&line);
    text = log_from_pipe();
    assert_true(strlen(text) <= sizeof line.text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_line),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_untrusted_text_is_escaped_and_cut),
        cmocka_unit_test(test_a_full_line_stays_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
