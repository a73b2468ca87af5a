/*
 * Run a fuzz target as an ordinary test: every file of the corpus folder given as argument, each of
 * its truncations' and bit flips' seeded samples, and a few thousand random inputs. Same seed, same
 * inputs.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20, MUTATIONS_A_FILE = 400, RANDOM_INPUTS = 2000 };

static uint64_t seed = 0x9e3779b97f4a7c15;

/* xorshift64*: enough to vary inputs, repeatable. */
static uint64_t next(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * 0x2545f4914f6cdd1d;
}

/* Hand the target its own allocation of exactly `size` bytes, so that a sanitizer sees any
 * overread. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_mutations(uint8_t *data, size_t size)
{
    run(data, size);
    for (int i = 0; i < MUTATIONS_A_FILE && size > 0; i++) {
        size_t at = (size_t)(next() % size);
        uint8_t kept = data[at];

        run(data, at);
        data[at] = (uint8_t)(i % 2 == 0 ? kept ^ (1U << next() % 8) : next());
        run(data, size);
        data[at] = kept;
    }
}

static void run_file(const char *dir, const char *name)
{
    char path[4096];
    uint8_t *data = malloc(INPUT_MAX);
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "rb");
    if (file == NULL || data == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    size = fread(data, 1, INPUT_MAX, file);
    fclose(file);
    run_mutations(data, size);
    free(data);
}

static void run_random(void)
{
    uint8_t data[256];

    for (int i = 0; i < RANDOM_INPUTS; i++) {
        size_t size = (size_t)(next() % sizeof data);

        for (size_t k = 0; k < size; k++)
            data[k] = (uint8_t)next();
        run(data, size);
    }
}

int main(int argc, char **argv)
{
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    int files = 0;

    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.') {
            run_file(argv[1], e->d_name);
            files++;
        }
    if (dir != NULL)
        closedir(dir);
    run_random();
    printf("replayed %d files and %d random inputs\n", files, (int)RANDOM_INPUTS);
    return 0;
}
