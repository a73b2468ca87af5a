/*
 * `cocoon receipt verify`: check a receipt bundle without a network.
 *
 *   cocoon receipt verify FILE [--policy FILE] [--request FILE --response FILE] [--at RFC3339]
 * [--json]
 *
 * Trust anchors come from the policy alone. Without one the best verdict is PARTIAL, exit 10.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "receipt/bundle.h"
#include "store/file.h"

enum { ARENA_MAX = 256 * 1024 * 1024, BODY_MAX = 64 * 1024 * 1024 };

struct verify {
    const char *bundle_path, *policy_path, *request_path, *response_path;
    bool json, has_at;
    unix_time at;
    struct buf bundle, policy_text, request, response;
    struct arena arena;
    struct policy policy;
};

static void usage(void)
{
    fputs("usage: cocoon receipt verify FILE [--policy FILE] [--request FILE --response FILE]\n"
          "                             [--at RFC3339] [--json]\n",
          stderr);
}

static bool read_arguments(struct verify *v, int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},   {"request", required_argument, NULL, 'q'},
        {"response", required_argument, NULL, 'r'}, {"at", required_argument, NULL, 'a'},
        {"json", no_argument, NULL, 'j'},           {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            v->policy_path = optarg;
        else if (option == 'q')
            v->request_path = optarg;
        else if (option == 'r')
            v->response_path = optarg;
        else if (option == 'j')
            v->json = true;
        else if (option == 'a' && rfc3339_read(slice_text(optarg), &v->at) == OK)
            v->has_at = true;
        else
            return false;
    }
    if (optind + 1 != argc)
        return false;
    v->bundle_path = argv[optind];
    return true;
}

/* Read an input file; says what is wrong. `path` may be NULL: nothing to read. */
static cocoon_err read_input(const char *path, struct buf *out)
{
    cocoon_err err = path == NULL ? OK : file_read(path, out);

    if (err != OK)
        fprintf(stderr, "cocoon receipt: %s: %s\n", path, cocoon_err_text(err));
    return err;
}

static cocoon_err read_inputs(struct verify *v)
{
    struct fail fail = {0};
    size_t line = 0;
    cocoon_err err;

    if ((err = read_input(v->bundle_path, &v->bundle)) != OK ||
        (err = read_input(v->policy_path, &v->policy_text)) != OK ||
        (err = read_input(v->request_path, &v->request)) != OK ||
        (err = read_input(v->response_path, &v->response)) != OK || v->policy_path == NULL)
        return err;
    err = policy_read(buf_slice(&v->policy_text), &v->arena, &v->policy, &line, &fail);
    if (err != OK)
        fprintf(stderr, "%s:%zu: %s\n", v->policy_path, line,
                fail.what == NULL ? cocoon_err_text(err) : fail.what);
    return err;
}

static int verify_run(struct verify *v)
{
    struct bundle_answer *answer = ARENA_NEW(&v->arena, struct bundle_answer);
    struct buf out;

    if (answer == NULL)
        return EXIT_INTERNAL;
    bundle_verify(&(struct bundle_question){.text = buf_slice(&v->bundle),
                                            .policy = v->policy_path == NULL ? NULL : &v->policy,
                                            .has_at = v->has_at,
                                            .at = v->at,
                                            .has_request = v->request_path != NULL,
                                            .has_response = v->response_path != NULL,
                                            .request = buf_slice(&v->request),
                                            .response = buf_slice(&v->response),
                                            .arena = &v->arena},
                  answer);
    buf_init(&out, BODY_MAX);
    if (v->json)
        result_put_json(answer->result, &out);
    else
        result_put_text(answer->result, &out);
    fputs(buf_cstr(&out), stdout);
    if (v->json)
        putchar('\n');
    buf_fini(&out);
    return result_exit(answer->result);
}

int command_receipt(int argc, char **argv)
{
    struct verify *v = MEM_NEW(struct verify);
    cocoon_err err;
    int code;

    buf_init(&v->bundle, BUNDLE_MAX);
    buf_init(&v->policy_text, POLICY_FILE_MAX);
    buf_init(&v->request, BODY_MAX);
    buf_init(&v->response, BODY_MAX);
    arena_init(&v->arena, ARENA_MAX);
    if (argc < 2 || strcmp(argv[1], "verify") != 0 || !read_arguments(v, argc - 1, argv + 1)) {
        usage();
        code = EXIT_USAGE;
    } else if ((err = read_inputs(v)) != OK) {
        code = err == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_MALFORMED;
    } else {
        code = verify_run(v);
    }
    arena_fini(&v->arena);
    buf_fini(&v->bundle);
    buf_fini(&v->policy_text);
    buf_wipe(&v->request);
    buf_wipe(&v->response);
    mem_free(v);
    return code;
}
