/*
 * A mirror: another's ledger, executed and kept here. What an executing witness stands on.
 *
 * It moves on only to checkpoints whose entries are all there, hash to the checkpoint's root, and
 * execute again to the very same BLOCK leaves. What it keeps is a whole ledger in the form of
 * sequencer/journal.h, so a restart goes on where it was.
 */
#ifndef SEQUENCER_MIRROR_H
#define SEQUENCER_MIRROR_H

#include "ledger/checkpoint.h"
#include "sequencer/journal.h"

struct mirror;

/* Open the folder `dir`, or make it. Errors of journal_open and replay_run. */
cocoon_err mirror_open(struct mirror **out, const char *dir, const struct genesis *genesis,
                       struct fail *fail) MUST_CHECK;
void mirror_close(struct mirror *m);

/* Where it stands. */
const struct ledger_tip *mirror_tip(const struct mirror *m);

/*
 * Move on to the checkpoint `to`, whose note is `note`, reading bundles from `source`. ERR_ROLLBACK
 * (it is behind us), ERR_FORK (another root at our size), ERR_PROOF (the entries have another
 * root), and what replay_run and the source say. After ERR_IO, ERR_DB or ERR_CORRUPT the mirror
 * must be closed. Takes as long as the entries take: not for a loop's thread.
 */
cocoon_err mirror_follow(struct mirror *m, const struct tile_source *source,
                         const struct checkpoint *to, struct slice note,
                         struct fail *fail) MUST_CHECK;

#endif
