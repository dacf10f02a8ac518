/* The README's C, which is readme.inc, runs and answers. */
#define _POSIX_C_SOURCE 200809L
#define main readme_main
#include "readme.inc"
#undef main

#include "capture.h"
#include "check.h"

/* What a file beside this one holds; ended by NUL. */
static char *text_of(const char *beside) {
    char path[4096];
    const char *slash = strrchr(__FILE__, '/');
    snprintf(path, sizeof path, "%.*s/%s", slash == NULL ? 1 : (int)(slash - __FILE__), slash == NULL ? "." : __FILE__,
             beside);
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    if (file != NULL && text != NULL) {
        size_t length = fread(text, 1, (1 << 20) - 1, file);
        text[length] = '\0';
        fclose(file);
    }
    return text;
}

int main(void) {
    char *readme = text_of("../../README.md");
    char *program = text_of("readme.inc");
    CHECK("the README shows readme.inc", program[0] != '\0' && strstr(readme, program) != NULL);
    int result = 1;
    char *output = printed(readme_main, &result);
    CHECK("readme.inc succeeds", result == 0);
    CHECK("both events are taken", strstr(output, "\"accepted\":2") != NULL);
    CHECK("it answers the date", strstr(output, "\"ready_at\":\"2026-03-04T08:00:00.000Z\"") != NULL);
    free(output);
    free(program);
    free(readme);
    return report();
}
