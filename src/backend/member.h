/* One member of a JSON object, found without a tree: for bodies of many megabytes. */
#ifndef BACKEND_MEMBER_H
#define BACKEND_MEMBER_H

#include "base/slice.h"

/*
 * Return the bytes of the value of the first member called `name` of the object `text`; empty when
 * there is none or `text` is no object. `text` is not validated: parse the value before trusting
 * it. A name written with escapes is not found. O(len).
 */
struct slice member_find(struct slice text, const char *name);

#endif
