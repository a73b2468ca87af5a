/*
 * The imported network against the float network that ships in the same file, on real sentences.
 * Both read the weights from the shared folder; features follow the package's own rule.
 */
#include "model/lande.h"

#include "codec/json.h"
#include "model/engine.h"
#include "model/testing.h"

enum { INPUTS = 620, UNITS = 120, LANGUAGES = 50, GRAMS_MAX = 256, MODEL_MAX = 1 << 20 };

/* Sentences as the package normalises them: letters in lower case, single spaces, one at each end.
 */
static const struct {
    const char *language, *text;
} sentences[] = {
    {"eng", " what language is this sentence written in "},
    {"deu", " in welcher sprache ist dieser satz geschrieben "},
    {"fra", " dans quelle langue est écrite cette phrase "},
    {"ita", " in che lingua è scritta questa frase "},
    {"rus", " на каком языке написано это предложение "},
    {"tur", " bu cümle hangi dilde yazılmıştır "},
    {"fin", " millä kielellä tämä lause on kirjoitettu "},
    {"heb", " באיזו שפה כתוב המשפט הזה "},
    {"hun", " milyen nyelven van írva ez a mondat "},
    {"jpn", " この文は何語で書かれていますか "},
    {"nld", " in welke taal is deze zin geschreven "},
    {"pol", " w jakim języku jest napisane to zdanie "},
    {"por", " em que língua está escrita esta frase "},
    {"spa", " en qué idioma está escrita esta oración "},
    {"cmn", " 这句话是用什么语言写的 "},
    {"swe", " vilket språk är den här meningen skriven på "},
    {"ara", " بأي لغة كتبت هذه الجملة "},
    {"ell", " σε ποια γλώσσα είναι γραμμένη αυτή η πρόταση "},
    {"hin", " यह वाक्य किस भाषा में लिखा गया है "},
    {"kor", " 이 문장은 어떤 언어로 쓰여졌나요 "},
    {"vie", " câu này được viết bằng ngôn ngữ nào "},
};

/* The offsets of the characters of `text`; returns their count, offsets[count] being the end. */
static size_t characters(struct slice text, size_t offsets[GRAMS_MAX + 1])
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] & 0xc0) != 0x80)
            offsets[count++] = i;
    offsets[count] = text.len;
    return count;
}

/* The frequency of `gram` among the n-grams of `text`. */
static double frequency(struct slice text, size_t n, struct slice gram)
{
    size_t offsets[GRAMS_MAX + 1], count = characters(text, offsets), hits = 0;

    for (size_t i = 0; i + n <= count; i++)
        if (slice_eq(slice_sub(text, offsets[i], offsets[i + n] - offsets[i]), gram))
            hits++;
    return (double)hits / (double)(count - n + 1);
}

static void features(const struct json *meta, const char *sentence, double out[INPUTS])
{
    static const char *const families[] = {"unigrams", "bigrams", "trigrams", "quadgrams"};
    const struct json *grams = NULL;
    size_t at = 0;

    assert_int_equal(json_get_object(meta, "ngrams", &grams), OK);
    for (size_t n = 1; n <= 4; n++) {
        const struct json *family = NULL;

        assert_int_equal(json_get_array(grams, families[n - 1], &family), OK);
        for (const struct json *g = family->first; g != NULL; g = g->next)
            out[at++] = frequency(slice_text(sentence), n, g->text);
    }
    assert_int_equal(at, INPUTS);
}

static double real_at(const uint8_t *p)
{
    float f;

    memcpy(&f, p, sizeof f);
    return (double)f;
}

/* One layer of the float network, read straight from the file at `*at`. */
static void float_layer(const uint8_t **at, const double *x, size_t columns, size_t rows,
                        double *out)
{
    for (size_t i = 0; i < rows; i++, *at += 4 + columns) {
        out[i] = 0;
        for (size_t j = 0; j < columns; j++)
            out[i] += (int8_t)(*at)[4 + j] * x[j];
        out[i] /= real_at(*at);
    }
    for (size_t i = 0; i < rows; i++)
        out[i] += (int8_t)(*at)[4 + i] / real_at(*at);
    *at += 4 + rows;
}

static size_t float_answer(struct slice file, const double x[INPUTS])
{
    static double hidden[UNITS], out[LANGUAGES];
    const uint8_t *at = file.ptr + 16;
    size_t best = 0;

    float_layer(&at, x, INPUTS, UNITS, hidden);
    for (size_t i = 0; i < UNITS; i++)
        hidden[i] = hidden[i] > 0 ? hidden[i] : 0;
    float_layer(&at, hidden, UNITS, LANGUAGES, out);
    assert_ptr_equal(at, file.ptr + file.len);
    for (size_t i = 1; i < LANGUAGES; i++)
        best = out[i] > out[best] ? i : best;
    return best;
}

static size_t integer_answer(struct engine *e, const struct cmod *m, const double x[INPUTS])
{
    static int32_t input[INPUTS];

    for (size_t i = 0; i < INPUTS; i++) {
        input[i] = (int32_t)(x[i] * 256 + 0.5);
        input[i] = input[i] > 255 ? 255 : input[i];
    }
    assert_int_equal(engine_run(e, input), OK);
    return engine_argmax(engine_tensor(e, m->output), LANGUAGES);
}

static struct slice language(const struct json *meta, size_t i)
{
    const struct json *l = NULL;

    assert_int_equal(json_get_array(meta, "langs", &l), OK);
    for (l = l->first; i > 0; i--)
        l = l->next;
    return l->text;
}

static void test_sentences(void **state)
{
    struct buf file, meta_text, model;
    struct arena arena;
    const struct json *meta = NULL;
    struct engine *e;
    struct cmod m;
    struct fail fail;

    (void)state;
    if (!test_read_shared("data/models/lande-int8.bin", &file) ||
        !test_read_shared("data/models/lande-meta.json", &meta_text))
        skip();
    arena_init(&arena, MODEL_MAX);
    buf_init(&model, MODEL_MAX);
    assert_int_equal(json_parse(buf_slice(&meta_text), &arena, &meta, &fail), OK);
    assert_int_equal(lande_import(buf_slice(&file), &model, &fail), OK);
    assert_int_equal(cmod_parse(buf_slice(&model), &arena, &m, &fail), OK);
    e = engine_new(&m, dot_get(DOT_AVX512));
    for (size_t i = 0; i < COUNT_OF(sentences); i++) {
        static double x[INPUTS];
        size_t answer;

        features(meta, sentences[i].text, x);
        answer = integer_answer(e, &m, x);
        assert_int_equal(answer, float_answer(buf_slice(&file), x));
        assert_true(slice_eq_text(language(meta, answer), sentences[i].language));
    }
    engine_free(e);
    buf_fini(&model);
    arena_fini(&arena);
    buf_fini(&meta_text);
    buf_fini(&file);
}

static cocoon_err import(struct slice file)
{
    struct fail fail;
    struct buf out;
    cocoon_err err;

    buf_init(&out, MODEL_MAX);
    err = lande_import(file, &out, &fail);
    assert_true(err == OK || fail.code == err);
    buf_fini(&out);
    return err;
}

/* A network of one input, unit and output, cut short everywhere. */
static void test_hostile(void **state)
{
    uint8_t file[] = {'L', 'N', 'D', '1', 1, 0,  0, 0, 1, 0, 0,  0, 1, 0, 0, 0,  0, 0, 0,
                      64,  5,   0,   0,   0, 64, 3, 0, 0, 0, 64, 7, 0, 0, 0, 64, 2, 9};
    size_t len = sizeof file - 1;

    (void)state;
    assert_int_equal(import(slice_make(file, len)), OK);
    for (size_t i = 0; i < len; i++)
        assert_int_not_equal(import(slice_make(file, i)), OK);
    assert_int_equal(import(slice_make(file, len + 1)), ERR_TRAILING);
    file[4] = 0;
    assert_int_equal(import(slice_make(file, len)), ERR_LIMIT);
    file[4] = 1;
    file[19] = 0; /* a scale of 0 */
    assert_int_equal(import(slice_make(file, len)), ERR_TRUNCATED);
    file[18] = 0xc0;
    file[19] = 0x7f; /* not a number */
    assert_int_equal(import(slice_make(file, len)), ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
