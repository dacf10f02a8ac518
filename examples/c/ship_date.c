/* When does the next release of the iPhone app ship, and why not today?
 *
 *     cc -I vsm-ffi/include -o ship_date examples/c/ship_date.c -L target/release -lvsm_ffi
 *     LD_LIBRARY_PATH=target/release ./ship_date [FOLDER]
 *
 * Run from the root of the clone, or name the folder with the sample portfolio. Files and the moment of the question
 * are the host's business; the rest are calls into the engine, with JSON in and out. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vsm.h"

#define MOBILE "{\"application\":\"app:mobile-banking\"}"
#define GATEWAY "{\"application\":\"app:api-gateway\"}"
#define TESTS(build, at) "{\"build\":\"jenkins:" build "\",\"at\":\"2026-" at "Z\"}"
#define SYSTEM_TESTS(build, at) \
    "{\"build\":\"jenkins:" build "\",\"environment\":\"env:system-test\",\"at\":\"2026-" at "Z\"}"

/* A file, which adapter reads it, and what it can't say itself: what vsm.json says to hosts that read JSON. */
static const struct {
    const char *file;
    const char *adapter;
    const char *options;
} SOURCES[] = {
    {"jira.jsonl", "jira",
     "{\"zone\":\"Europe/Zurich\","
     "\"applications\":{\"CHK\":\"app:mobile-banking\",\"GWY\":\"app:api-gateway\",\"MFD\":\"app:core-deposits\"},"
     "\"states\":{\"10000\":\"new\",\"10001\":\"active\",\"10002\":\"waiting\",\"10003\":\"waiting\","
     "\"10004\":\"done\",\"10005\":\"cancelled\"},"
     "\"kinds\":{\"Epic\":\"epic\",\"Feature\":\"feature\",\"Story\":\"story\",\"Sub-task\":\"story\","
     "\"Bug\":\"defect\",\"Risk\":\"risk\",\"Technical Debt\":\"debt\"}}"},
    {"git-mobile.jsonl", "git", MOBILE},
    {"git-mobile.tags.csv", "git_tags", MOBILE},
    {"jenkins-mobile.json", "jenkins", MOBILE},
    {"git-gateway.jsonl", "git", GATEWAY},
    {"git-gateway.tags.csv", "git_tags", GATEWAY},
    {"jenkins-gateway.json", "jenkins", GATEWAY},
    {"junit-mobile-410-system.xml", "junit", SYSTEM_TESTS("mobile-ci#410", "02-27T15:30:00")},
    {"junit-mobile-412-unit.xml", "junit", TESTS("mobile-ci#412", "03-02T17:27:00")},
    {"junit-mobile-412-system.xml", "junit", SYSTEM_TESTS("mobile-ci#412", "03-03T14:00:00")},
    {"junit-gateway-288-unit.xml", "junit", TESTS("gateway-ci#288", "03-02T10:50:00")},
    {"junit-gateway-288-contract.xml", "junit", SYSTEM_TESTS("gateway-ci#288", "03-03T08:45:00")},
    {"junit-gateway-288-selenium.xml", "junit", SYSTEM_TESTS("gateway-ci#288", "03-03T09:10:00")},
    {"portfolio.events.jsonl", "events", NULL},
};

static const char *RULES =
    "{\"rules\":{\"versions\":["
    "{\"application\":\"app:mobile-banking\",\"tag\":\"v{version}\",\"release\":\"Mobile {version}\"},"
    "{\"application\":\"app:api-gateway\",\"tag\":\"v{version}\",\"release\":\"Gateway {version}\"}]}}";

static const char *QUERY =
    "{\"release\":\"jira:version/10412\",\"at\":\"2026-03-04T09:00:00Z\",\"zone\":\"Europe/Zurich\"}";

/* The bytes of a file, to be freed; NULL where it can't be read. */
static uint8_t *bytes_of(const char *folder, const char *name, size_t *length) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    uint8_t *bytes = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        bytes = size < 0 ? NULL : malloc((size_t)size + 1);
        *length = bytes == NULL ? 0 : fread(bytes, 1, (size_t)size, file);
    }
    fclose(file);
    return bytes;
}

/* Every file; what is wrong with one is told and never keeps the others out. */
static void read_sources(VsmStream stream, const char *folder) {
    for (size_t n = 0; n < sizeof SOURCES / sizeof *SOURCES; n += 1) {
        size_t length = 0;
        uint8_t *bytes = bytes_of(folder, SOURCES[n].file, &length);
        if (bytes == NULL) {
            fprintf(stderr, "%s/%s can't be read\n", folder, SOURCES[n].file);
            continue;
        }
        char *report = NULL;
        VsmStatus status =
            vsm_ingest(stream, SOURCES[n].adapter, bytes, length, SOURCES[n].options, &report);
        if (status != VSM_STATUS_OK || strstr(report, "\"rejects\":[]") == NULL ||
            strstr(report, "\"refused\":[]") == NULL) {
            fprintf(stderr, "%s: %s\n", SOURCES[n].file, report);
        }
        vsm_string_free(report);
        free(bytes);
    }
}

/* Asks, and gives the answer, to be freed, or NULL where there is none. */
static char *ask(VsmStream stream, const char *name, const char *args) {
    char *answer = NULL;
    if (vsm_call(stream, name, args, &answer) == VSM_STATUS_OK) return answer;
    fprintf(stderr, "%s: %s\n", name, answer);
    vsm_string_free(answer);
    return NULL;
}

/* Prints what a JSON text says, as far as this page needs it: a host of your own has a reader of JSON. */
static void print_text(const char *json) {
    for (const char *at = json + 1; *at != '\0' && *at != '"'; at += 1) {
        int escaped = *at == '\\';
        if (escaped) at += 1;
        putchar(escaped && *at == 'n' ? '\n' : *at);
    }
}

int main(int argc, char **argv) {
    VsmStream stream = vsm_new();
    read_sources(stream, argc > 1 ? argv[1] : "examples/data");
    /* Adds the links that no tool states: commits to issues, builds to commits, tags to releases. */
    vsm_string_free(ask(stream, "correlate", RULES));

    char *page = ask(stream, "outlook_text", QUERY);
    if (page != NULL) print_text(page);
    vsm_string_free(page);
    vsm_free(stream);
    return page == NULL ? 1 : 0;
}
