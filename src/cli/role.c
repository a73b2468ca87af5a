/* `cocoon ROLE --config FILE`: run one role in the foreground. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "role/client.h"
#include "role/ledger.h"
#include "role/proxy.h"
#include "role/witness.h"
#include "role/worker.h"

static int run_role(int argc, char **argv, int (*run)(const char *path))
{
    if (argc == 3 && strcmp(argv[1], "--config") == 0)
        return run(argv[2]);
    fprintf(stderr, "usage: cocoon %s --config FILE\n", argv[0]);
    return EXIT_USAGE;
}

int command_client(int argc, char **argv)
{
    return run_role(argc, argv, role_client_run);
}

int command_ledger(int argc, char **argv)
{
    return run_role(argc, argv, role_ledger_run);
}

int command_proxy(int argc, char **argv)
{
    return run_role(argc, argv, role_proxy_run);
}

int command_witness(int argc, char **argv)
{
    return run_role(argc, argv, role_witness_run);
}

int command_worker(int argc, char **argv)
{
    return run_role(argc, argv, role_worker_run);
}
