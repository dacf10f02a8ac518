/* The example runs as it stands, and tells what it could not read. Run from the root of the repository. */
#define _POSIX_C_SOURCE 200809L
#define main ship_date_main
#include "../../../examples/c/ship_date.c"
#undef main

#include "capture.h"
#include "check.h"

static int sample(void) {
    char *arguments[] = {"ship_date", NULL};
    return ship_date_main(1, arguments);
}

static int no_folder(void) {
    char *arguments[] = {"ship_date", "no/such/folder", NULL};
    return ship_date_main(2, arguments);
}

int main(void) {
    int result = 1;
    char *page = printed(sample, &result);
    const char *first = "Mobile 4.13.0 of Mobile banking (iPhone), as of Wed 2026-03-04 (Europe/Zurich)\n"
                        "  ships on Tue 2026-03-17 at the earliest";
    CHECK("the sample succeeds", result == 0);
    CHECK("it prints the date, and tells of nothing unread", strncmp(page, first, strlen(first)) == 0);
    CHECK("it prints what is missing", strstr(page, "What is missing (21)\n") != NULL &&
                                           strstr(page, "waits for Priya Raman, since Tue 2026-02-24") != NULL);
    CHECK("it prints the critical path", strstr(page, "Critical path (3 of 27 activities)\n") != NULL);
    CHECK("it prints what the rules linked", strstr(page, "Linked input: 225 of 250 items") != NULL);
    free(page);

    char *complaint = printed(no_folder, &result);
    CHECK("a folder that is none fails", result == 1);
    CHECK("it names the file", strstr(complaint, "no/such/folder/jira.jsonl can't be read\n") != NULL);
    CHECK("it gives the engine's error", strstr(complaint, "outlook_text: {\"error\":{\"code\":\"unknown_item\"") !=
                                             NULL);
    free(complaint);
    return report();
}
