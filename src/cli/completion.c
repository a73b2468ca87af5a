/* `cocoon completion SHELL`: scripts made from the table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static void print_names(const char *separator)
{
    for (size_t i = 0; i < command_count; i++)
        printf("%s%s", i == 0 ? "" : separator, commands[i].name);
}

static void print_bash(void)
{
    printf("_cocoon() { [ \"$COMP_CWORD\" = 1 ] && COMPREPLY=($(compgen -W \"");
    print_names(" ");
    puts("\" -- \"${COMP_WORDS[1]}\")) || COMPREPLY=($(compgen -f -- "
         "\"${COMP_WORDS[COMP_CWORD]}\")); }");
    puts("complete -F _cocoon cocoon");
}

static void print_zsh(void)
{
    puts("#compdef cocoon\n_arguments '1: :((");
    for (size_t i = 0; i < command_count; i++)
        printf("%s\\:\"%s\"\n", commands[i].name, commands[i].summary);
    puts("))' '*: :_files'");
}

static void print_fish(void)
{
    for (size_t i = 0; i < command_count; i++)
        printf("complete -c cocoon -n __fish_use_subcommand -a %s -d '%s'\n", commands[i].name,
               commands[i].summary);
}

int command_completion(int argc, char **argv)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

    for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(argv[1], shells[i].shell) == 0) {
            shells[i].print();
            return EXIT_OK;
        }
    fputs("usage: cocoon completion bash|zsh|fish\n", stderr);
    return EXIT_USAGE;
}
