#include "role/process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static enum log_level level_from_env(void)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    const char *wanted = getenv("COCOON_LOG");

    for (size_t i = 0; wanted != NULL && i < COUNT_OF(names); i++)
        if (slice_eq_text(slice_text(wanted), names[i]))
            return (enum log_level)i;
    return LOG_INFO;
}

static void stop(void *owner)
{
    struct process *p = owner;

    loop_stop(p->loop);
}

cocoon_err process_init(struct process *p, const char *role)
{
    cocoon_err err;

    *p = (struct process){0};
    log_setup(role, level_from_env(), loop_unix_now);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return ERR_IO;
    if ((err = loop_new(&p->loop)) != OK)
        return err;
    if ((err = loop_signal_new(p->loop, SIGTERM, stop, p, &p->on_term)) != OK)
        return err;
    return loop_signal_new(p->loop, SIGINT, stop, p, &p->on_int);
}

void process_run(struct process *p)
{
    loop_run(p->loop);
}

void process_fini(struct process *p)
{
    loop_signal_free(p->on_term);
    loop_signal_free(p->on_int);
    if (p->loop != NULL)
        loop_free(p->loop);
    *p = (struct process){0};
}

void process_ready(void)
{
    const char *text = getenv(PROCESS_READY_ENV);
    uint64_t fd;

    log_event(LOG_INFO, "ready");
    if (text == NULL || slice_u64(slice_text(text), &fd) != OK || fd > 1024)
        return;
    if (write((int)fd, "ready\n", 6) != 6)
        log_event(LOG_WARN, "ready_not_told");
    close((int)fd);
    unsetenv(PROCESS_READY_ENV);
}
