/*
 * C2SP signed notes: text, an empty line, signature lines. And verifier keys (vkeys).
 *
 *   text           UTF-8, ends in a newline, no other control characters
 *   signature      "— " name " " base64(key id 4 | signature) newline
 *   vkey           name "+" key id as 8 hex digits "+" base64(type 1 | public key)
 *
 * Key id = first 4 bytes of SHA-256(name | 0a | type | public key), so a caller passes the hash in:
 * nothing here computes one. Types: 0x01 Ed25519; 0x04 Ed25519 cosignature/v1, whose signature is
 * timestamp u64 | signature 64. Source: c2sp.org/signed-note, c2sp.org/tlog-cosignature.
 */
#ifndef CODEC_NOTE_H
#define CODEC_NOTE_H

#include "base/buf.h"

enum {
    NOTE_MAX = 1024 * 1024,
    NOTE_SIGNATURES_MAX = 100, /* what other implementations take */
    NOTE_NAME_MAX = 255,
    NOTE_ED25519 = 0x01,
    NOTE_COSIGNATURE = 0x04,
    NOTE_ED25519_LEN = 64,
    NOTE_COSIGNATURE_LEN = 72,
};

struct note_signature {
    struct slice name;
    uint32_t key_id;    /* big-endian on the wire */
    uint8_t bytes[128]; /* what follows the key id */
    size_t len;
};

struct note {
    struct slice text; /* signed, its last newline included */
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
    size_t count;
};

/*
 * Parse all of `bytes`; slices borrow from it. Lines of unknown keys are kept as they are;
 * signatures longer than bytes[] are dropped. ERR_MALFORMED, ERR_ENCODING, ERR_LIMIT, ERR_MISSING
 * (no signature).
 */
cocoon_err note_parse(struct slice bytes, struct note *out, struct fail *fail) MUST_CHECK;

/* Return the next signature after `after` (NULL: the first) by `name` and `key_id`, or NULL. */
const struct note_signature *note_find(const struct note *n, struct slice name, uint32_t key_id,
                                       const struct note_signature *after);

/* Append one signature line. ERR_LIMIT. */
cocoon_err note_put_signature(struct buf *out, struct slice name, uint32_t key_id,
                              struct slice signature) MUST_CHECK;

/* Tell whether `name` may name a key: not empty, UTF-8, no white space, no plus sign. */
bool note_name_ok(struct slice name);

/* Tell whether `text` may be signed: UTF-8 ending in a newline, no other control character. */
bool note_text_ok(struct slice text);

struct note_vkey {
    struct slice name;
    uint32_t key_id;
    uint8_t type;
    uint8_t public_key[32];
};

/*
 * Parse a vkey of a known type. The key id is as written: note_key_input gives what to hash to
 * check it. ERR_MALFORMED, ERR_ALGORITHM.
 */
cocoon_err note_vkey_parse(struct slice text, struct note_vkey *out, struct fail *fail) MUST_CHECK;

/* Append the vkey's text. */
void note_vkey_put(struct buf *out, const struct note_vkey *key);

/* Append what SHA-256 makes the key id of: name, newline, type, public key. */
void note_key_input(struct buf *out, struct slice name, uint8_t type, struct slice public_key);

/* Append what a cosignature/v1 signs: "cosignature/v1\ntime <timestamp>\n" and the note's text. */
void note_cosigned(struct buf *out, uint64_t timestamp, struct slice text);

#endif
