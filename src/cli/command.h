/*
 * The subcommands of `cocoon`: one row, one file, one function each.
 *
 * A command gets its own argument vector (argv[0] is its name) and returns an exit code: 0 ok, 10
 * rejected, 20 unsupported, 30 malformed input, 1 internal, 2 usage.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

enum {
    EXIT_OK = 0,
    EXIT_INTERNAL = 1,
    EXIT_USAGE = 2,
    EXIT_REJECTED = 10,
    EXIT_UNSUPPORTED = 20,
    EXIT_MALFORMED = 30
};

struct command {
    const char *name;
    const char *summary; /* one line for `cocoon help` */
    int (*run)(int argc, char **argv);
};

extern const struct command commands[];
extern const size_t command_count;

int command_attest(int argc, char **argv);
int command_chat(int argc, char **argv);
int command_client(int argc, char **argv);
int command_completion(int argc, char **argv);
int command_down(int argc, char **argv);
int command_help(int argc, char **argv);
int command_key(int argc, char **argv);
int command_ledger(int argc, char **argv);
int command_log(int argc, char **argv);
int command_proxy(int argc, char **argv);
int command_receipt(int argc, char **argv);
int command_status(int argc, char **argv);
int command_up(int argc, char **argv);
int command_version(int argc, char **argv);
int command_witness(int argc, char **argv);
int command_worker(int argc, char **argv);

#endif
