/* `cocoon version`. */
#include <stdio.h>

#include "cli/command.h"

int command_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("cocoon " COCOON_VERSION);
    return EXIT_OK;
}
