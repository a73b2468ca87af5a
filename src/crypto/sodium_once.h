/* Start libsodium: it picks the code for this CPU and sets its page size up. Used inside
 * src/crypto.
 */
#ifndef CRYPTO_SODIUM_ONCE_H
#define CRYPTO_SODIUM_ONCE_H

/* Start the library on the first call. Thread-safe; cheap after the first. */
void sodium_once(void);

#endif
