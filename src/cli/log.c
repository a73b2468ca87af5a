/*
 * `cocoon log verify`: execute a whole ledger again, from nothing but what it serves.
 *
 *   cocoon log verify DIR-OR-URL [--policy FILE] [--json]
 *
 * Without a policy nobody vouches for the checkpoint: the best verdict is PARTIAL, exit 10.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "net/loop.h"
#include "role/log_check.h"
#include "store/file.h"

enum { ARENA_MAX = 64 * 1024 * 1024, OUTPUT_MAX = 16 * 1024 * 1024 };

struct arguments {
    const char *where, *policy_path;
    bool json;
};

static void usage(void)
{
    fputs("usage: cocoon log verify DIR-OR-URL [--policy FILE] [--json]\n", stderr);
}

static bool read_arguments(struct arguments *a, int argc, char **argv)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            a->policy_path = optarg;
        else if (option == 'j')
            a->json = true;
        else
            return false;
    }
    if (optind + 2 != argc || strcmp(argv[optind], "verify") != 0)
        return false;
    a->where = argv[optind + 1];
    return true;
}

static cocoon_err load_policy(const char *path, struct buf *text, struct arena *arena,
                              struct policy *policy)
{
    struct fail fail = {0};
    size_t line = 0;
    cocoon_err err;

    if ((err = file_read(path, text)) != OK) {
        fprintf(stderr, "cocoon log: %s: %s\n", path, cocoon_err_text(err));
        return err;
    }
    err = policy_read(buf_slice(text), arena, policy, &line, &fail);
    if (err != OK)
        fprintf(stderr, "%s:%zu: %s\n", path, line,
                fail.what == NULL ? cocoon_err_text(err) : fail.what);
    return err;
}

static int verify(const struct arguments *a, struct arena *arena, const struct policy *policy)
{
    struct result result;
    struct buf out;

    result_init(&result, arena, loop_unix_now());
    log_check(a->where, policy, &result);
    buf_init(&out, OUTPUT_MAX);
    if (a->json)
        result_put_json(&result, &out);
    else
        result_put_text(&result, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    buf_fini(&out);
    return result_exit(&result);
}

int command_log(int argc, char **argv)
{
    struct policy *policy = MEM_NEW(struct policy);
    struct arguments a = {0};
    struct arena arena;
    struct buf text;
    cocoon_err err = OK;
    int status;

    if (!read_arguments(&a, argc, argv)) {
        usage();
        mem_free(policy);
        return EXIT_USAGE;
    }
    arena_init(&arena, ARENA_MAX);
    buf_init(&text, POLICY_FILE_MAX);
    if (a.policy_path != NULL)
        err = load_policy(a.policy_path, &text, &arena, policy);
    status = err != OK ? cocoon_err_exit(err)
                       : verify(&a, &arena, a.policy_path != NULL ? policy : NULL);
    buf_fini(&text);
    arena_fini(&arena);
    mem_free(policy);
    return status;
}
