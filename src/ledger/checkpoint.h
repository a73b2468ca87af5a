/*
 * Checkpoints (c2sp.org/tlog-checkpoint) and their signatures and cosignatures.
 *
 *   text   origin \n size \n base64(root) \n
 *
 * A checkpoint is named by the SHA-256 of its text. Ours have no extension lines; those of others
 * are kept apart and mean nothing.
 */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "codec/note.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

enum { CHECKPOINT_TEXT_MAX = NOTE_NAME_MAX + 100, CHECKPOINT_NOTE_MAX = 64 * 1024 };

struct checkpoint {
    struct slice origin;
    uint64_t size;
    struct digest root;
    struct slice extension; /* lines after the third; empty in ours */
};

/* Append the text of a checkpoint without extension lines. */
void checkpoint_put(struct buf *out, struct slice origin, uint64_t size, const struct digest *root);

/* Parse the text of a note; slices borrow from it. ERR_MALFORMED, ERR_TRUNCATED. */
cocoon_err checkpoint_read(struct slice text, struct checkpoint *out) MUST_CHECK;

/* The name of the checkpoint of that tree: SHA-256 of its text. */
void checkpoint_hash(struct slice origin, uint64_t size, const struct digest *root,
                     struct digest *out);

/* A key that signs notes, as NOTE_ED25519 (the log) or NOTE_COSIGNATURE (a witness). */
struct note_signer {
    char name[NOTE_NAME_MAX + 1];
    uint8_t type;
    uint32_t key_id;
    struct ed25519_key key; /* wipe it */
};

/* Return the key id of a key: the first four bytes of the SHA-256 of note_key_input. */
uint32_t note_key_id(struct slice name, uint8_t type, struct slice public_key);

/* ERR_MALFORMED unless the key id of `vkey` is the one its name and key have. */
cocoon_err note_vkey_check(const struct note_vkey *vkey) MUST_CHECK;

/* Parse a vkey and check its key id and type. The errors of note_vkey_parse, ERR_ALGORITHM. */
cocoon_err note_vkey_read(struct slice text, uint8_t type, struct note_vkey *out,
                          struct fail *fail) MUST_CHECK;

/* Make a signer from its key, which is copied. ERR_MALFORMED for a name that may not name a key. */
cocoon_err note_signer_init(struct note_signer *s, struct slice name, uint8_t type,
                            const struct ed25519_key *key) MUST_CHECK;
void note_signer_wipe(struct note_signer *s);

/* Append the vkey of `s`. */
void note_signer_vkey(const struct note_signer *s, struct buf *out);

/* Append the signature line of `s` over `text`; `time` is that of a cosignature. ERR_LIMIT. */
cocoon_err note_signer_sign(const struct note_signer *s, struct slice text, uint64_t time,
                            struct buf *out) MUST_CHECK;

/*
 * Check every signature that `note` has by `key`. ERR_MISSING if there is none, ERR_SIGNATURE if
 * one fails. `*time` (may be NULL) is the latest time of its cosignatures.
 */
cocoon_err note_verify(const struct note *note, const struct note_vkey *key,
                       uint64_t *time) MUST_CHECK;

#endif
