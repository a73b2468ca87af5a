/* Look-up tables: their rows as integers, and their columns' multilinear extensions. */
#ifndef ZK_TABLE_H
#define ZK_TABLE_H

#include "zk/plan.h"

/* Return how many fields a tuple of table `t` has: 1 to 3. */
unsigned table_fields(const struct plan_table *t);

/* Return the row that the tuple `fields` is; the witness holds only tuples that are one. */
size_t table_row(const struct plan_table *t, const int32_t fields[3]);

/* Write the column of field `index` of the table: 2^bits integers. */
void table_column(const struct cmod *m, const struct plan_table *t, unsigned index, int32_t *out);

/* Return the extension of field `index` at `point` (t->bits coordinates). */
struct ext table_evaluate(const struct cmod *m, const struct plan_table *t, unsigned index,
                          const struct ext *point);

#endif
