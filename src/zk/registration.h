/*
 * Registration: a proof, made once for each commitment of weights, that every byte of every weight
 * and bias is one of -128 .. 127 and that all that lies between them is 0 (docs/spec/zk.md section
 * 9). What other proofs say of integers rests on it: their bounds take weights as bytes.
 *
 * The commitment's data columns are cut into pieces of powers of two. Each element w is looked up
 * as (w, kind), kind 0 for a weight and 1 for what lies between, in the table of (v, 0) for all
 * bytes v and (0, 1). The verifier evaluates kind itself: it follows from the layout.
 */
#ifndef ZK_REGISTRATION_H
#define ZK_REGISTRATION_H

#include "zk/run.h"

struct witness;

/* Allot tables and sites. */
void registration_declare(struct plan *p);

/* Say what the sites look up at the leaves' point. */
void registration_speak(struct run *r);

/* Set the fields that site `i` looks up. */
void registration_site_values(struct witness *w, size_t i, const int32_t *fields[3]);

#endif
