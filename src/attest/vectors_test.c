/*
 * Real evidence of every vendor: the cases of vectors/MANIFEST.json with the verdict and the claims
 * that they expect, and the negatives derived from them by vectors/RECIPES.json. Neither is part of
 * this repository; without them the test says so and passes.
 *
 *     vectors_test            both; prints one line a case and the sums
 *     vectors_test ID         that case or recipe alone, with its transcript
 */
#include "attest/appraise.h"
#include "base/hex.h"
#include "base/test.h"
#include "codec/json.h"

enum {
    CASE_ARENA = 8 * 1024 * 1024,
    FILES_MAX = 16,
};

/* Where no time is given nothing depends on it but the certificates of quotes: this is when the
 * set was made. */
static const unix_time time_of_set = 1795305600; /* 2026-11-22 */

/* A case: evidence with owned files. */
struct test_case {
    struct evidence evidence;
    struct buf files[FILES_MAX];
    unix_time now;
    uint8_t nonce[64];
    size_t nonce_len;
};

static void case_free(struct test_case *c)
{
    for (size_t i = 0; i < c->evidence.count; i++)
        buf_fini(&c->files[i]);
}

static struct slice member_text(const struct json *object, const char *name)
{
    struct slice text = {NULL, 0};
    const struct json *value = json_find(object, name);

    if (value != NULL && value->kind == JSON_STRING)
        text = value->text;
    return text;
}

static bool read_vector(struct slice path, struct buf *out)
{
    char name[512];

    snprintf(name, sizeof name, "vectors/%.*s", (int)path.len, (const char *)path.ptr);
    return test_read_shared(name, out);
}

/* Set time and nonce of `c` from `json`, where it has them. */
static void case_override(struct test_case *c, const struct json *json)
{
    struct slice time = member_text(json, "time"), nonce = member_text(json, "nonce");

    if (time.len > 0)
        assert_int_equal(rfc3339_read(time, &c->now), OK);
    if (nonce.ptr != NULL) {
        c->nonce_len = nonce.len / 2;
        assert_in_range(c->nonce_len, 0, sizeof c->nonce);
        assert_int_equal(hex_read(nonce, c->nonce, c->nonce_len), OK);
    }
}

static void case_load(const struct json *entry, struct test_case *c)
{
    const struct json *files = json_find(entry, "files");

    *c = (struct test_case){.now = time_of_set};
    evidence_init(&c->evidence, member_text(entry, "kind"));
    for (const struct json *f = files->first; f != NULL; f = f->next) {
        struct buf *file = &c->files[c->evidence.count];

        assert_true(c->evidence.count < FILES_MAX);
        assert_true(read_vector(f->text, file));
        assert_int_equal(evidence_add(&c->evidence, f->name, buf_slice(file)), OK);
    }
    case_override(c, entry);
}

static void case_appraise(struct test_case *c, struct arena *arena, struct appraisal *a)
{
    for (size_t i = 0; i < c->evidence.count; i++)
        c->evidence.parts[i].bytes = buf_slice(&c->files[i]);
    *a = (struct appraisal){.evidence = &c->evidence,
                            .now = c->now,
                            .nonce = slice_make(c->nonce, c->nonce_len),
                            .arena = arena};
    appraise(a);
}

/* --- claims --- */

/* Is `want` in `have`? Objects may have further members; all else must be equal. */
static bool json_covers(const struct json *have, const struct json *want)
{
    if (have == NULL || have->kind != want->kind)
        return false;
    if (want->kind == JSON_OBJECT) {
        for (const struct json *m = want->first; m != NULL; m = m->next)
            if (!json_covers(json_find_slice(have, m->name), m))
                return false;
        return true;
    }
    if (want->kind == JSON_ARRAY) {
        const struct json *h = have->first;

        if (have->count != want->count)
            return false;
        for (const struct json *w = want->first; w != NULL; w = w->next, h = h->next)
            if (!json_covers(h, w))
                return false;
        return true;
    }
    if (want->kind == JSON_BOOL)
        return have->truth == want->truth;
    return want->kind == JSON_NULL || slice_eq(have->text, want->text);
}

/* Print each expected claim that is missing or differs; return how many. */
static size_t compare_claims(const struct json *have, const struct json *want, bool failing)
{
    size_t wrong = 0;

    for (const struct json *m = want->first; m != NULL; m = m->next) {
        const struct json *found = json_find_slice(have, m->name);

        /* How a failure is worded is each verifier's own. */
        if (failing && slice_eq_text(m->name, "error"))
            continue;
        if (json_covers(found, m))
            continue;
        wrong++;
        fprintf(stderr, "    claim %.*s: want %.*s, have %.*s\n", (int)m->name.len, m->name.ptr,
                (int)m->source.len, m->source.ptr, found == NULL ? 4 : (int)found->source.len,
                found == NULL ? (const uint8_t *)"none" : found->source.ptr);
    }
    return wrong;
}

static size_t check_claims(const struct appraisal *a, const struct json *entry, bool failing)
{
    const struct json *have, *want = json_find(entry, "expect_claims");
    struct arena arena;
    struct fail fail;
    struct buf text;
    size_t wrong;

    arena_init(&arena, CASE_ARENA);
    buf_init(&text, CASE_ARENA);
    claims_json(&a->result.claims, &text);
    assert_int_equal(json_parse(buf_slice(&text), &arena, &have, &fail), OK);
    wrong = compare_claims(have, want, failing);
    buf_fini(&text);
    arena_fini(&arena);
    return wrong;
}

static void print_transcript(const struct appraisal *a)
{
    struct buf text;

    buf_init(&text, CASE_ARENA);
    result_put_text(&a->result, &text);
    printf("%s\n", buf_cstr(&text));
    buf_fini(&text);
}

/* The first line of the transcript that failed. */
static const char *first_failure(const struct result *r)
{
    for (const struct check *c = r->first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL)
            return c->rule->id;
    return "";
}

/* --- cases --- */

static bool run_case(const struct json *entry, const char *only)
{
    struct slice id = member_text(entry, "id");
    bool pass_wanted = slice_eq_text(member_text(entry, "expect"), "pass");
    struct arena arena;
    struct test_case *c = MEM_NEW(struct test_case);
    struct appraisal *a = MEM_NEW(struct appraisal);
    size_t wrong;
    bool passed;

    arena_init(&arena, CASE_ARENA);
    case_load(entry, c);
    case_appraise(c, &arena, a);
    passed = result_verdict(&a->result) == VERDICT_VERIFIED;
    wrong = check_claims(a, entry, !pass_wanted);
    printf("%-36.*s %-16.*s want %-4s got %-4s claims %-5s %3zu passed %zu skipped %s\n",
           (int)id.len, id.ptr, (int)c->evidence.kind.len, c->evidence.kind.ptr,
           pass_wanted ? "pass" : "fail", passed ? "pass" : "fail", wrong == 0 ? "agree" : "WRONG",
           a->result.passed, a->result.skipped, first_failure(&a->result));
    if (only != NULL)
        print_transcript(a);
    arena_fini(&arena);
    case_free(c);
    mem_free(a);
    mem_free(c);
    return passed == pass_wanted && wrong == 0;
}

/* --- recipes --- */

static const struct json *find_entry(const struct json *manifest, struct slice id)
{
    const struct json *e = json_find(manifest, "entries")->first;

    while (e != NULL && !slice_eq(member_text(e, "id"), id))
        e = e->next;
    return e;
}

static struct buf *find_file(struct test_case *c, struct slice name)
{
    for (size_t i = 0; i < c->evidence.count; i++)
        if (slice_eq(c->evidence.parts[i].name, name))
            return &c->files[i];
    return NULL;
}

static uint64_t number(const struct json *op, const char *name)
{
    uint64_t value = 0;

    assert_int_equal(json_get_u64(op, name, &value), OK);
    return value;
}

static void read_source(const struct json *manifest, const struct json *op, struct buf *out)
{
    const struct json *entry = find_entry(manifest, member_text(op, "src_id"));
    const struct json *path =
        json_find_slice(json_find(entry, "files"), member_text(op, "src_file"));

    assert_non_null(path);
    assert_true(read_vector(path->text, out));
}

static void apply_copy(struct buf *file, const struct json *manifest, const struct json *op)
{
    uint64_t at = number(op, "offset"), len = number(op, "length"), from = number(op, "src_offset");
    struct buf source;

    read_source(manifest, op, &source);
    assert_true(at + len <= file->len && from + len <= source.len);
    memcpy(file->ptr + at, source.ptr + from, len);
    buf_fini(&source);
}

static void apply_op(struct test_case *c, const struct json *manifest, const struct json *op)
{
    struct buf *file = find_file(c, member_text(op, "file"));
    struct slice what = member_text(op, "op"), hex = member_text(op, "hex");
    uint8_t bytes[256];

    assert_non_null(file);
    assert_in_range(hex.len, 0, 2 * sizeof bytes);
    if (hex.len > 0)
        assert_int_equal(hex_read(hex, bytes, hex.len / 2), OK);
    if (slice_eq_text(what, "xor")) {
        assert_true(number(op, "offset") < file->len);
        file->ptr[number(op, "offset")] ^= (uint8_t)number(op, "mask");
    } else if (slice_eq_text(what, "set")) {
        assert_true(number(op, "offset") + hex.len / 2 <= file->len);
        memcpy(file->ptr + number(op, "offset"), bytes, hex.len / 2);
    } else if (slice_eq_text(what, "truncate")) {
        assert_true(number(op, "length") <= file->len);
        file->len = number(op, "length");
    } else if (slice_eq_text(what, "append")) {
        buf_put(file, slice_make(bytes, hex.len / 2));
    } else if (slice_eq_text(what, "copy")) {
        apply_copy(file, manifest, op);
    } else {
        assert_true(slice_eq_text(what, "replace_file"));
        buf_fini(file);
        read_source(manifest, op, file);
    }
}

/* A recipe fails, but for the one whose replay holds while the data beside it is not covered. */
static bool run_recipe(const struct json *manifest, const struct json *recipe, const char *only)
{
    struct slice id = member_text(recipe, "id");
    bool pass_wanted = !slice_eq_text(member_text(recipe, "expect"), "fail");
    const struct json *base = find_entry(manifest, member_text(recipe, "base"));
    struct arena arena;
    struct test_case *c = MEM_NEW(struct test_case);
    struct appraisal *a = MEM_NEW(struct appraisal);
    bool good;

    arena_init(&arena, CASE_ARENA);
    case_load(base, c);
    for (const struct json *op = json_find(recipe, "ops")->first; op != NULL; op = op->next)
        apply_op(c, manifest, op);
    case_override(c, recipe);
    case_appraise(c, &arena, a);
    good = (result_verdict(&a->result) == VERDICT_VERIFIED) == pass_wanted;
    if (!good || only != NULL)
        printf("%-60.*s %s: %s\n", (int)id.len, id.ptr, good ? "as expected" : "WRONG",
               first_failure(&a->result));
    if (only != NULL)
        print_transcript(a);
    arena_fini(&arena);
    case_free(c);
    mem_free(a);
    mem_free(c);
    return good;
}

/* --- all --- */

static const struct json *load_json(const char *name, struct arena *arena, struct buf *text)
{
    const struct json *root = NULL;
    struct fail fail;

    arena_init(arena, 64 * 1024 * 1024);
    if (!test_read_shared(name, text))
        return NULL;
    assert_int_equal(json_parse(buf_slice(text), arena, &root, &fail), OK);
    return root;
}

static bool wanted(const struct json *entry, const char *only)
{
    return only == NULL || slice_eq_text(member_text(entry, "id"), only);
}

static size_t run_cases(const struct json *manifest, const char *only, size_t *count)
{
    size_t wrong = 0;

    for (const struct json *e = json_find(manifest, "entries")->first; e != NULL; e = e->next)
        if (wanted(e, only)) {
            (*count)++;
            wrong += !run_case(e, only);
        }
    return wrong;
}

static size_t run_recipes(const struct json *manifest, const struct json *recipes, const char *only,
                          size_t *count)
{
    size_t wrong = 0;

    for (const struct json *e = json_find(recipes, "entries")->first; e != NULL; e = e->next)
        if (wanted(e, only)) {
            (*count)++;
            wrong += !run_recipe(manifest, e, only);
        }
    return wrong;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    struct arena manifest_arena, recipes_arena;
    struct buf manifest_text, recipes_text;
    const struct json *manifest =
        load_json("vectors/MANIFEST.json", &manifest_arena, &manifest_text);
    const struct json *recipes = load_json("vectors/RECIPES.json", &recipes_arena, &recipes_text);
    size_t cases = 0, negatives = 0, wrong = 0, wrong_negatives = 0;

    if (manifest != NULL && recipes != NULL) {
        wrong = run_cases(manifest, only, &cases);
        wrong_negatives = run_recipes(manifest, recipes, only, &negatives);
        printf("%zu cases, %zu wrong; %zu derived negatives, %zu wrong\n", cases, wrong, negatives,
               wrong_negatives);
    }
    buf_fini(&manifest_text);
    buf_fini(&recipes_text);
    arena_fini(&manifest_arena);
    arena_fini(&recipes_arena);
    return wrong + wrong_negatives > 0 ? 1 : 0;
}
