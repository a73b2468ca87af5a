/* Whatever parses as a note is spelled again from its parts; vkeys likewise. */
#include "codec/note.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void respell(struct slice bytes, const struct note *note)
{
    struct buf out;

    buf_init(&out, NOTE_MAX);
    buf_put(&out, note->text);
    buf_put_text(&out, "\n");
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *s = &note->signatures[i];

        if (note_put_signature(&out, s->name, s->key_id, slice_make(s->bytes, s->len)) != OK)
            assert(false);
    }
    assert(out.len <= bytes.len);
    assert(out.len < bytes.len || slice_eq(buf_slice(&out), bytes));
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct note note;
    struct slice bytes = slice_make(data, size);
    struct note_vkey key;
    struct fail fail;

    if (note_parse(bytes, &note, &fail) == OK)
        respell(bytes, &note);
    if (note_vkey_parse(bytes, &key, &fail) == OK)
        assert(key.name.len < size);
    return 0;
}
