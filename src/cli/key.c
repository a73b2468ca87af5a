/*
 * `cocoon key`: Ed25519 keys in files.
 *
 *   cocoon key new FILE     make a key; the file (mode 600) holds its seed as 64 hex digits
 *   cocoon key show FILE    print the public key: an account, a witness, an owner
 */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "cli/command.h"
#include "crypto/rand.h"
#include "store/key_file.h"

int command_key(int argc, char **argv)
{
    char hex[2 * sizeof(struct ed25519_public) + 1];
    bool make = argc == 3 && strcmp(argv[1], "new") == 0;
    struct ed25519_key key;
    cocoon_err err;

    if (!make && !(argc == 3 && strcmp(argv[1], "show") == 0)) {
        fputs("usage: cocoon key new FILE | cocoon key show FILE\n", stderr);
        return EXIT_USAGE;
    }
    if (make) {
        ed25519_keygen(&key, &rand_system);
        err = key_file_write(argv[2], &key);
    } else {
        err = key_file_read(argv[2], &key);
    }
    if (err != OK) {
        fprintf(stderr, "cocoon key: %s: %s\n", argv[2], cocoon_err_text(err));
        return cocoon_err_exit(err);
    }
    hex_write(ed25519_public_slice(&key.public), hex);
    puts(hex);
    ed25519_wipe(&key);
    return EXIT_OK;
}
