/* The one program: find the subcommand in the table and run it. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

const struct command commands[] = {
    {"up", "start a whole network on this machine", command_up},
    {"down", "stop it", command_down},
    {"status", "say what runs", command_status},
    {"chat", "talk to a model in the terminal", command_chat},
    {"attest", "verify TEE evidence, offline", command_attest},
    {"receipt", "verify a receipt, offline", command_receipt},
    {"log", "verify a whole ledger by executing it again", command_log},
    {"client", "run the sidecar: an OpenAI endpoint that verifies", command_client},
    {"proxy", "run a proxy", command_proxy},
    {"worker", "run a worker", command_worker},
    {"ledger", "run a ledger node", command_ledger},
    {"witness", "run a witness", command_witness},
    {"key", "make and show Ed25519 keys", command_key},
    {"version", "print versions", command_version},
    {"completion", "print a completion script: bash, zsh or fish", command_completion},
    {"help", "list the subcommands", command_help},
};
const size_t command_count = sizeof commands / sizeof commands[0];

int command_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("usage: cocoon COMMAND [ARGUMENTS]\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].summary);
    puts("\nEach command explains itself with --help.");
    return EXIT_OK;
}

static const struct command *command_find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        command_help(argc, argv);
        return EXIT_USAGE;
    }
    command = command_find(argv[1]);
    if (command == NULL) {
        fprintf(stderr, "cocoon: no command \"%s\"; `cocoon help` lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    return command->run(argc - 1, argv + 1);
}
