/*
 * Timers: a binary heap ordered by rank. Deadlines are mostly put off again and again and seldom
 * pass, so putting one off only raises its `due`; the heap learns of it when the old rank comes up.
 */
#include <assert.h>

#include "base/mem.h"
#include "net/loop_impl.h"

static void heap_put(struct loop_heap *heap, size_t at, struct loop_timer *timer)
{
    heap->slots[at] = timer;
    timer->at = at;
}

/* Move `timer`, which belongs at `at` or above, up to its place. */
static void heap_up(struct loop_heap *heap, size_t at, struct loop_timer *timer)
{
    while (at > 1 && heap->slots[at / 2]->rank > timer->rank) {
        heap_put(heap, at, heap->slots[at / 2]);
        at /= 2;
    }
    heap_put(heap, at, timer);
}

/* Move `timer`, which belongs at `at` or below, down to its place. */
static void heap_down(struct loop_heap *heap, size_t at, struct loop_timer *timer)
{
    for (size_t child; (child = at * 2) <= heap->count; at = child) {
        if (child < heap->count && heap->slots[child + 1]->rank < heap->slots[child]->rank)
            child++;
        if (heap->slots[child]->rank >= timer->rank)
            break;
        heap_put(heap, at, heap->slots[child]);
    }
    heap_put(heap, at, timer);
}

static void heap_add(struct loop_heap *heap, struct loop_timer *timer)
{
    if (heap->count + 1 >= heap->room) {
        heap->room = heap->room == 0 ? 64 : heap->room * 2;
        heap->slots = mem_resize(heap->slots, heap->room, sizeof *heap->slots);
    }
    heap_up(heap, ++heap->count, timer);
}

static void heap_remove(struct loop_heap *heap, struct loop_timer *timer)
{
    size_t at = timer->at;
    struct loop_timer *last = heap->slots[heap->count--];

    timer->at = 0;
    if (last == timer)
        return;
    if (at > 1 && heap->slots[at / 2]->rank > last->rank)
        heap_up(heap, at, last);
    else
        heap_down(heap, at, last);
}

static void heap_tick(uv_timer_t *clock);

/* Have the libuv timer go off when the first of the heap is due, or sooner. */
static void heap_arm(struct loop *loop)
{
    struct loop_heap *heap = &loop->heap;
    uint64_t first, now;

    if (heap->count == 0)
        return;
    first = heap->slots[1]->rank;
    if (heap->armed != 0 && heap->armed <= first)
        return;
    now = uv_now(&loop->uv);
    uv_timer_start(&heap->clock, heap_tick, first > now ? first - now : 0, 0);
    heap->armed = first;
}

static void heap_tick(uv_timer_t *clock)
{
    struct loop *loop = clock->data;
    struct loop_heap *heap = &loop->heap;
    uint64_t now = uv_now(&loop->uv);

    while (heap->count > 0 && heap->slots[1]->rank <= now) {
        struct loop_timer *timer = heap->slots[1];

        heap_remove(heap, timer);
        if (timer->due > timer->rank) { /* it was put off */
            timer->rank = timer->due;
            heap_add(heap, timer);
        } else {
            timer->fn(timer->owner);
        }
    }
    heap->armed = 0;
    heap_arm(loop);
}

void loop_timer_init(struct loop_timer *timer, struct loop *loop, loop_fn *fn, void *owner)
{
    assert(fn != NULL);
    *timer = (struct loop_timer){.fn = fn, .owner = owner, .loop = loop};
}

void loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
    struct loop *loop = timer->loop;

    timer->due = uv_now(&loop->uv) + (ms == 0 ? 1 : ms); /* 0 would fire again in the same tick */
    if (timer->at != 0 && timer->due >= timer->rank)
        return;
    if (timer->at != 0)
        heap_remove(&loop->heap, timer);
    timer->rank = timer->due;
    heap_add(&loop->heap, timer);
    heap_arm(loop);
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer->at != 0)
        heap_remove(&timer->loop->heap, timer);
}

void loop_heap_open(struct loop *loop)
{
    uv_timer_init(&loop->uv, &loop->heap.clock);
    loop->heap.clock.data = loop;
}

void loop_heap_close(struct loop *loop)
{
    assert(loop->heap.count == 0);
    uv_close((uv_handle_t *)&loop->heap.clock, NULL);
    mem_free(loop->heap.slots);
}
