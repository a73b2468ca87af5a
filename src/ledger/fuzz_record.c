/* Whatever decodes as a record encodes to the very same bytes. */
#include "ledger/record_echo.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[RECORD_MAX];
    struct slice value = slice_make(data, size), again;
    struct wr w = wr_init(room, sizeof room);

    if (record_echo(value, &w) != OK)
        return 0;
    if (wr_end(&w, &again) != OK) {
        assert(size > RECORD_MAX);
        return 0;
    }
    assert(slice_eq(value, again));
    return 0;
}
