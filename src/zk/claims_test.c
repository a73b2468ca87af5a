/* What the prover writes out and what the verifier evaluates are the same function. */
#include "zk/claims.h"

#include "base/num.h"
#include "zk/mle.h"
#include "zk/room.h"
#include "zk/testing.h"

enum { POINT_MAX = 24, CLAIMS = 8 };

/* A space with blocks of several sizes and a vector in each zone. */
struct fixture {
    struct space space;
    size_t small, large;
    struct space_vector list, powers;
    struct ext point[POINT_MAX], other[POINT_MAX], weights[64];
    struct claim claim[CLAIMS];
    size_t claims;
};

static void fixture_init(struct fixture *f, struct testing_rng *r)
{
    memset(f, 0, sizeof *f);
    f->small = space_block_add(&f->space, SPACE_A, 3);
    f->large = space_block_add(&f->space, SPACE_A, 7);
    space_vector_add(&f->space, SPACE_A, space_round(37), &f->list);
    space_vector_add(&f->space, SPACE_B, space_round(150), &f->powers);
    space_layout(&f->space, 32);
    for (unsigned i = 0; i < POINT_MAX; i++) {
        f->point[i] = testing_ext(r);
        f->other[i] = testing_ext(r);
    }
    for (size_t i = 0; i < COUNT_OF(f->weights); i++)
        f->weights[i] = testing_ext(r);
}

static void fixture_claims(struct fixture *f)
{
    const struct ext *z = f->other;

    f->claim[0] = (struct claim){.kind = CLAIM_POINT,
                                 .block = f->large,
                                 .low = z,
                                 .low_bits = 3,
                                 .high = z + 9,
                                 .high_bits = 4};
    f->claim[1] = (struct claim){.kind = CLAIM_POINT, .block = f->small, .low = z, .low_bits = 3};
    f->claim[2] = (struct claim){.kind = CLAIM_SPREAD,
                                 .block = f->large,
                                 .low = z + 2,
                                 .low_bits = 2,
                                 .high = f->weights,
                                 .count = 27};
    f->claim[3] =
        (struct claim){.kind = CLAIM_LIST, .vector = &f->list, .low = f->weights, .count = 37};
    f->claim[4] = (struct claim){.kind = CLAIM_MATRIX,
                                 .vector = &f->powers,
                                 .low = z + 3,
                                 .low_bits = 5,
                                 .high = z + 10,
                                 .high_bits = 2,
                                 .count = 3,
                                 .from = 64,
                                 .stride = 20,
                                 .grain = 2};
    f->claim[5] = (struct claim){.kind = CLAIM_POWERS, .vector = &f->powers, .x = 77777};
    f->claim[6] = (struct claim){.kind = CLAIM_MATRIX,
                                 .vector = &f->powers,
                                 .low = z,
                                 .low_bits = 0,
                                 .high = z + 4,
                                 .high_bits = 1,
                                 .count = 2,
                                 .from = 141,
                                 .stride = 1,
                                 .grain = 0};
    f->claims = 7;
}

/* Blocks are aligned, disjoint and in their zones. */
static void test_layout(void **state)
{
    struct testing_rng r = {1};
    struct fixture f;

    (void)state;
    fixture_init(&f, &r);
    assert_int_equal(f.list.len, 38);
    assert_int_equal(f.powers.len, 152);
    for (size_t i = 0; i < f.space.count; i++) {
        const struct space_block *b = &f.space.block[i];
        size_t end = b->at + ((size_t)1 << b->bits);

        assert_int_equal(b->at % ((size_t)1 << b->bits), 0);
        if (b->zone == SPACE_A)
            assert_true(end <= f.space.end_a);
        else
            assert_true(b->at >= f.space.start_b && end <= f.space.end_b);
        for (size_t j = 0; j < i; j++)
            assert_true(end <= f.space.block[j].at ||
                        f.space.block[j].at + ((size_t)1 << f.space.block[j].bits) <= b->at);
    }
    assert_true(f.space.end_b <= (size_t)1 << f.space.bits);
    space_fini(&f.space);
}

static void test_round(void **state)
{
    (void)state;
    for (size_t n = 1; n < 5000; n++) {
        size_t got = space_round(n);

        assert_true(got >= n && got <= n + n / 16 && __builtin_popcountll(got) <= SPACE_PIECES_MAX);
        assert_int_equal(space_round(got), got);
    }
}

static void test_fill_and_evaluate(void **state)
{
    struct testing_rng r = {2};
    struct fixture f;
    struct claims_room room;
    struct ext_array e;
    size_t size;

    (void)state;
    fixture_init(&f, &r);
    fixture_claims(&f);
    size = (size_t)1 << f.space.bits;
    e = room_ext(size);
    claims_room_init(&room, size, size, CLAIMS);
    for (size_t i = 0; i < f.claims; i++)
        for (size_t n = 1; i + n <= f.claims; n += f.claims - 1 - i > 0 ? f.claims - 1 - i : 1) {
            struct ext weight = testing_ext(&r), want = EXT_ZERO;

            memset(e.c[0], 0, size * EXT_BYTES);
            claims_fill(f.claim + i, n, weight, &f.space, kern_get(KERN_AVX512), &room, e);
            for (size_t x = 0; x < size; x++)
                want =
                    ext_add(want, ext_mul(ext_array_get(e, x), mle_at(f.point, f.space.bits, x)));
            assert_true(ext_eq(want, claims_evaluate(f.claim + i, n, weight, &f.space, f.point)));
        }
    claims_room_fini(&room);
    room_free_ext(&e);
    space_fini(&f.space);
}

/* A vector's claim is about its elements, whatever coordinates and pieces they lie in. */
static void test_meaning(void **state)
{
    struct testing_rng r = {3};
    struct fixture f;
    struct claims_room room;
    struct ext_array e;
    struct ext want = EXT_ZERO, got = EXT_ZERO;
    field *data, power = FIELD_ONE;
    size_t size;

    (void)state;
    fixture_init(&f, &r);
    fixture_claims(&f);
    size = (size_t)1 << f.space.bits;
    e = room_ext(size);
    claims_room_init(&room, size, size, CLAIMS);
    data = (field *)room_new(size * sizeof *data);
    for (unsigned p = 0; p < f.powers.pieces; p++)
        for (size_t i = 0; i < (size_t)1 << f.powers.piece[p].bits; i++) {
            struct ext v = testing_ext(&r);

            for (unsigned j = 0; j < EXT_DEGREE; j++)
                data[f.space.block[f.powers.piece[p].block[j]].at + i] = v.c[j];
            want = ext_add(want, ext_scale(v, power));
            power = field_mul(power, f.claim[5].x);
        }
    claims_fill(f.claim + 5, 1, EXT_ONE, &f.space, kern_get(KERN_AVX512), &room, e);
    for (size_t x = 0; x < size; x++)
        got = ext_add(got, ext_scale(ext_array_get(e, x), data[x]));
    assert_true(ext_eq(got, want));
    room_free(data);
    claims_room_fini(&room);
    room_free_ext(&e);
    space_fini(&f.space);
}

static void test_mle(void **state)
{
    struct testing_rng r = {4};
    struct ext a[5], table[32], ramp[32], sum = EXT_ZERO, index = EXT_ZERO;
    int32_t v[32];

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        a[i] = testing_ext(&r);
    mle_table(table, a, 5, EXT_ONE);
    for (size_t i = 0; i < 32; i++) {
        v[i] = (int32_t)i;
        assert_true(ext_eq(table[i], mle_at(a, 5, i)));
        assert_true(ext_eq(sum, mle_below(a, 5, i)));
        ramp[i] = ext_from_i64((int64_t)i);
        assert_true(ext_eq(mle_evaluate(ramp, i, a, 5), index));
        sum = ext_add(sum, table[i]);
        index = ext_add(index, ext_scale(table[i], field_from_u32((uint32_t)i)));
    }
    assert_true(ext_eq(sum, EXT_ONE));
    assert_true(ext_eq(mle_below(a, 5, 32), EXT_ONE));
    assert_true(ext_eq(index, mle_index(a, 5)));
    assert_true(ext_eq(index, mle_dot(table, v, 32)));
    assert_true(ext_eq(index, mle_evaluate(ramp, 32, a, 5)));
    assert_true(ext_eq(mle_evaluate(ramp + 3, 1, a, 0), ramp[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_fill_and_evaluate),
        cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_mle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
