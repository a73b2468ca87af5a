/*
 * Every limit of the tree that more than one module must know, each with its reason. Limits of one
 * module stand in that module's own files.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    /* JSON nesting: OpenAI tool schemas reach about 12 levels; 64 leaves room and bounds recursion.
     */
    LIMIT_JSON_DEPTH = 64,

    /* One HTTP head: 8 KB is what servers commonly take; bearer tokens and traces fit in 16. */
    LIMIT_HTTP_HEAD = 16 * 1024,
    LIMIT_HTTP_FIELDS = 64,

    /* One request body: a 20 MB image in base64 plus text. */
    LIMIT_REQUEST_BODY = 32 * 1024 * 1024,

    /* One answer: long completions stream far below this; images in base64 reach some 10 MB. */
    LIMIT_RESPONSE_BODY = 64 * 1024 * 1024,

    /* Evidence and collateral of one worker with eight GPUs, RIMs included. */
    LIMIT_EVIDENCE = 1024 * 1024,
};

#endif
