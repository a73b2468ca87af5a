#include "role/follow_worker.h"

#include <string.h>

#include "base/mem.h"

struct worker_question {
    struct follow *follow;
    uint8_t id[32];
    follow_fn *fn;
    void *owner;
};

static void all_came(void *owner, cocoon_err err, const struct fail *fail,
                     const struct light_view *view, const struct light_proof *proof,
                     struct slice text)
{
    struct worker_question *q = owner;

    q->fn(q->owner, err, fail, view, proof, text);
    mem_free(q);
}

static void worker_came(void *owner, cocoon_err err, const struct fail *fail,
                        const struct light_view *view, const struct light_proof *proof,
                        struct slice text)
{
    struct worker_question *q = owner;
    struct record_worker worker;
    struct fail why = {0};
    struct slice value;
    struct follow_key keys[3] = {{.type = RECORD_WORKER, .id_len = 32},
                                 {.type = RECORD_RELEASE, .id_len = 32},
                                 {.type = RECORD_MODEL, .id_len = 32}};

    if (err == OK) {
        err = light_record_find(view, proof, RECORD_WORKER, SLICE_OF(q->id), &value, &why);
        if (err == OK)
            err = record_get_worker(value, &worker);
        fail = &why;
    }
    if (err != OK) {
        q->fn(q->owner, err, fail, view, proof, text);
        mem_free(q);
        return;
    }
    memcpy(keys[0].id, q->id, sizeof keys[0].id);
    memcpy(keys[1].id, worker.release.bytes, sizeof keys[1].id);
    memcpy(keys[2].id, worker.model.bytes, sizeof keys[2].id);
    follow_prove(q->follow, keys, COUNT_OF(keys), all_came, q);
}

void follow_worker(struct follow *f, const uint8_t id[32], follow_fn *fn, void *owner)
{
    struct worker_question *q = MEM_NEW(struct worker_question);
    struct follow_key key = {.type = RECORD_WORKER, .id_len = 32};

    q->follow = f;
    q->fn = fn;
    q->owner = owner;
    memcpy(q->id, id, sizeof q->id);
    memcpy(key.id, id, sizeof key.id);
    follow_prove(f, &key, 1, worker_came, q);
}
