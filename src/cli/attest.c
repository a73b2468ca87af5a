/*
 * `cocoon attest verify`: appraise evidence from files, offline.
 *
 *   cocoon attest verify --kind KIND --file NAME=PATH ... [--at RFC3339] [--nonce HEX] [--policy
 * FILE] [--json]
 *
 * Without a policy the verdict is cryptographic validity and currency at --at (now, if not given):
 * TCB status and debug flag are then claims, and the last line says that no policy was applied.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attest/appraise.h"
#include "base/hex.h"
#include "base/mem.h"
#include "cli/command.h"
#include "store/file.h"

enum {
    ARENA_MAX = 256 * 1024 * 1024,
    PART_MAX = 8 * 1024 * 1024,
    OUT_MAX = 16 * 1024 * 1024,
    NONCE_MAX = 64
};

struct attest {
    struct evidence evidence;
    struct buf parts[EVIDENCE_PARTS_MAX];
    struct buf policy_text;
    struct arena arena;
    struct policy policy;
    struct appraisal appraisal;
    uint8_t nonce[NONCE_MAX];
    bool json;
};

static void usage(void)
{
    fputs("usage: cocoon attest verify --kind KIND --file NAME=PATH ... [--at RFC3339] [--nonce "
          "HEX]\n"
          "                            [--policy FILE] [--json]\n",
          stderr);
}

/* Take NAME=PATH: read the file and add it as a part. Says what is wrong. */
static int add_file(struct attest *a, const char *argument)
{
    struct slice path = slice_text(argument), name = slice_cut(&path, '=');
    struct buf *part = &a->parts[a->evidence.count];
    cocoon_err err;

    if (path.len == 0 || name.len == 0 || a->evidence.count == EVIDENCE_PARTS_MAX) {
        usage();
        return EXIT_USAGE;
    }
    buf_init(part, PART_MAX);
    /* What follows the first "=" of a C string is one too. */
    if ((err = file_read((const char *)path.ptr, part)) == OK)
        err = evidence_add(&a->evidence, name, buf_slice(part));
    if (err == OK)
        return EXIT_OK;
    fprintf(stderr, "cocoon attest: %s: %s\n", argument, cocoon_err_text(err));
    buf_fini(part);
    return err == ERR_NOT_FOUND ? EXIT_USAGE : cocoon_err_exit(err);
}

static int read_policy(struct attest *a, const char *path)
{
    struct fail fail = {0};
    size_t line = 0;
    cocoon_err err;

    if ((err = file_read(path, &a->policy_text)) == OK)
        err = policy_read(buf_slice(&a->policy_text), &a->arena, &a->policy, &line, &fail);
    a->appraisal.policy = &a->policy;
    if (err == OK)
        return EXIT_OK;
    fprintf(stderr, "%s:%zu: %s\n", path, line,
            fail.what == NULL ? cocoon_err_text(err) : fail.what);
    return EXIT_USAGE;
}

static int read_nonce(struct attest *a, const char *hex)
{
    size_t len = strlen(hex) / 2;

    if (len == 0 || len > sizeof a->nonce || hex_read_any(slice_text(hex), a->nonce, len) != OK) {
        fputs("cocoon attest: --nonce takes 1 to 64 bytes in hex\n", stderr);
        return EXIT_USAGE;
    }
    a->appraisal.nonce = slice_make(a->nonce, len);
    return EXIT_OK;
}

static int read_option(struct attest *a, int option, const char *value)
{
    switch (option) {
    case 'k':
        a->evidence.kind = slice_text(value);
        return EXIT_OK;
    case 'f':
        return add_file(a, value);
    case 'p':
        return read_policy(a, value);
    case 'n':
        return read_nonce(a, value);
    case 'j':
        a->json = true;
        return EXIT_OK;
    case 'a':
        if (rfc3339_read(slice_text(value), &a->appraisal.now) == OK)
            return EXIT_OK;
        fprintf(stderr, "cocoon attest: \"%s\" is no RFC 3339 time\n", value);
        return EXIT_USAGE;
    default:
        usage();
        return EXIT_USAGE;
    }
}

static int read_arguments(struct attest *a, int argc, char **argv)
{
    static const struct option options[] = {{"kind", required_argument, NULL, 'k'},
                                            {"file", required_argument, NULL, 'f'},
                                            {"at", required_argument, NULL, 'a'},
                                            {"nonce", required_argument, NULL, 'n'},
                                            {"policy", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option, code = EXIT_OK;

    while (code == EXIT_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        code = read_option(a, option, optarg);
    if (code == EXIT_OK && (optind != argc || a->evidence.kind.len == 0)) {
        usage();
        return EXIT_USAGE;
    }
    return code;
}

static int verify(struct attest *a)
{
    struct buf out;

    a->appraisal.evidence = &a->evidence;
    a->appraisal.arena = &a->arena;
    appraise(&a->appraisal);
    buf_init(&out, OUT_MAX);
    if (a->json)
        result_put_json(&a->appraisal.result, &out);
    else
        result_put_text(&a->appraisal.result, &out);
    fputs(buf_cstr(&out), stdout);
    if (a->json)
        putchar('\n');
    buf_fini(&out);
    return result_exit(&a->appraisal.result);
}

int command_attest(int argc, char **argv)
{
    struct attest *a;
    int code;

    if (argc < 2 || strcmp(argv[1], "verify") != 0) {
        usage();
        return EXIT_USAGE;
    }
    a = MEM_NEW(struct attest);
    arena_init(&a->arena, ARENA_MAX);
    buf_init(&a->policy_text, POLICY_FILE_MAX);
    a->appraisal.now = (unix_time)time(NULL);
    code = read_arguments(a, argc - 1, argv + 1);
    if (code == EXIT_OK)
        code = verify(a);
    for (size_t i = 0; i < a->evidence.count; i++)
        buf_fini(&a->parts[i]);
    arena_fini(&a->arena);
    buf_fini(&a->policy_text);
    mem_free(a);
    return code;
}
