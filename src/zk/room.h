/*
 * Large zeroed memory aligned for vector registers: what a prover or verifier takes once, at start.
 * Aborts when there is none, like base/mem.h: sizes come from a checked plan, never from a proof.
 */
#ifndef ZK_ROOM_H
#define ZK_ROOM_H

#include "zk/ext_array.h"

enum { ROOM_ALIGN = 64 };

/* Return `size` zeroed bytes aligned to ROOM_ALIGN. Free with room_free. */
void *room_new(size_t size) __attribute__((malloc, returns_nonnull));

/* Free; NULL is fine. Content is not wiped: see mem_wipe. */
void room_free(void *ptr);

/* Return an array of `size` elements of F, at least one vector long. Free with room_free_ext. */
struct ext_array room_ext(size_t size);
void room_free_ext(struct ext_array *a);

#endif
