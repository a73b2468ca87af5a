/*
 * One conversation: the transcript together with the proof's bytes, written by the prover and read
 * by the verifier. Prover and verifier run the same code over it, so they cannot disagree on what
 * was absorbed when. Nothing enters the verifier's arithmetic but through here.
 *
 * A third side, the rehearsal, reads zeros: it finds out, once for each model, how many scalars a
 * proof hides and which of them are multiplied.
 */
#ifndef ZK_WIRE_H
#define ZK_WIRE_H

#include "base/rd.h"
#include "base/wr.h"
#include "zk/transcript.h"

enum wire_side { WIRE_PROVER, WIRE_VERIFIER, WIRE_REHEARSAL };

struct wire {
    enum wire_side side;
    struct transcript transcript;
    struct wr *out; /* the prover's */
    struct rd in;   /* the verifier's; bad after anything missing or not canonical */
};

void wire_init_prover(struct wire *w, struct wr *out);
void wire_init_verifier(struct wire *w, struct slice proof);
void wire_init_rehearsal(struct wire *w);

/* Send `value`, or receive what was sent; absorb and return it. Zero when reading failed. */
struct ext wire_ext(struct wire *w, struct ext value);
struct digest wire_digest(struct wire *w, const struct digest *value);

/*
 * Send `count` field words, or receive them into `words`; absorb them as one message. The
 * verifier's words are all below p: others make the wire bad and become 0.
 */
void wire_fields(struct wire *w, field *words, size_t count);

#endif
