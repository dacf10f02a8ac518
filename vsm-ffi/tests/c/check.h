/* A check counts and goes on; `report` ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int passed = 0;
static int failed = 0;

#define CHECK(what, condition)                                          \
    do {                                                                \
        if (condition) {                                                \
            passed += 1;                                                \
        } else {                                                        \
            failed += 1;                                                \
            printf("FAILED %s (%s:%d)\n", what, __FILE__, __LINE__);    \
        }                                                               \
    } while (0)

static int report(void) {
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

#endif
