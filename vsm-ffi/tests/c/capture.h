/* What a program prints that is compiled into the test; POSIX, which the test has to ask for. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LONGEST = 1 << 16 };

/* Both its outputs, to be freed, and what it returns. */
static char *printed(int (*program)(void), int *result) {
    char *text = calloc(1, LONGEST);
    FILE *file = tmpfile();
    fflush(stdout);
    int usual = dup(STDOUT_FILENO);
    int errors = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    *result = program();
    fflush(stdout);
    dup2(usual, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    close(usual);
    close(errors);
    rewind(file);
    size_t length = fread(text, 1, LONGEST - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

#endif
