/*
 * What the embedded sequencer keeps on disk, in one folder:
 *
 *   ledger.db        SQLite: entries not yet in durable bundles, records and pages of the settled
 *                    state, where it stands, and the checkpoint that was published for it
 *   log/tile/..      full tiles and bundles, ledger/tile.h
 *   log/checkpoint   the published checkpoint, cosigned; log/genesis.json
 *
 * An entry is acknowledged only after journal_append returned: it is then synced. The settled state
 * moves on in one transaction with its tip and checkpoint. After a crash, the entries behind the
 * settled tip are executed again; nothing else needs repair. `log` alone is a whole log: what
 * `cocoon log verify` reads.
 */
#ifndef SEQUENCER_JOURNAL_H
#define SEQUENCER_JOURNAL_H

#include "ledger/ledger.h"
#include "sequencer/tiles.h"

struct journal;

/* Entries that the database keeps before those in full bundles are made durable as files and let
 * go of: rarely, since that syncs the whole file system. */
enum { JOURNAL_KEEPS = 16384 };

/*
 * Open the folder `dir`, or make it for the network `genesis`; `keeps` is JOURNAL_KEEPS but in
 * tests. ERR_MISMATCH if it is another network's, ERR_BUSY if another process has it, ERR_CORRUPT,
 * ERR_DB, ERR_IO.
 */
cocoon_err journal_open(struct journal **out, const char *dir, const struct genesis *genesis,
                        uint64_t keeps) MUST_CHECK;
void journal_close(struct journal *j);

/* Entries it holds. */
uint64_t journal_size(const struct journal *j);

/* Where the settled state stands; not begun in a new folder. */
const struct ledger_tip *journal_tip(const struct journal *j);

/* The checkpoint published with the settled state, signed and cosigned; empty if none was. */
struct slice journal_note(const struct journal *j);

/* For struct ledger_env: the settled state, and any leaf. */
struct state_base journal_base(struct journal *j);
cocoon_err journal_leaf(void *journal, uint64_t index, struct buf *out);

/* Tiles of all entries. */
struct tiles *journal_tiles(struct journal *j);

/*
 * Add entries and wait for the disk. `heads` are their first bytes, `rests` what follows: a leaf's
 * type and its transaction. On an error nothing was added and the journal must be closed.
 */
cocoon_err journal_append(struct journal *j, const uint8_t *heads, const struct slice *rests,
                          size_t count) MUST_CHECK;

/* Move the settled state to the staged one of `ledger`, which stands at `tip` and was published as
 * `note`; the caller then calls ledger_settle. On an error nothing has moved. */
cocoon_err journal_settle(struct journal *j, const struct ledger *ledger,
                          const struct ledger_tip *tip, struct slice note) MUST_CHECK;

/* Keep `note`, the settled checkpoint with newer cosignatures. */
cocoon_err journal_renote(struct journal *j, struct slice note) MUST_CHECK;

/* Call `fn` with id and value of each settled record of `type` until it fails. Accounts, blobs and
 * recent checkpoints are not listed. */
typedef cocoon_err journal_fn(void *ctx, struct slice id, struct slice value);
cocoon_err journal_list(struct journal *j, enum record_type type, journal_fn *fn,
                        void *ctx) MUST_CHECK;

#endif
