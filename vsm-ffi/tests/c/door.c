/* The C door: what it answers, and that nothing a host does wrong brings the process down. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "vsm.h"

static const char *RELEASE =
    "{\"source\":\"plan\",\"id\":\"1\",\"occurred_at\":\"2026-03-02T08:00:00Z\",\"item\":\"plan:R1\","
    "\"kind\":\"release\"}";

/* Whether a call ends so and its answer has this text in it. */
static int answers(VsmStream stream, const char *name, const char *args, VsmStatus status, const char *text) {
    char *out = NULL;
    VsmStatus found = vsm_call(stream, name, args, &out);
    int good = found == status && out != NULL && strstr(out, text) != NULL;
    if (!good) printf("  %s %s: status %d, %s\n", name, args, (int)found, out == NULL ? "NULL" : out);
    vsm_string_free(out);
    return good;
}

static int reads(VsmStream stream, const char *adapter, const void *bytes, size_t len, const char *options,
                 VsmStatus status, const char *text) {
    char *out = NULL;
    VsmStatus found = vsm_ingest(stream, adapter, bytes, len, options, &out);
    int good = found == status && out != NULL && strstr(out, text) != NULL;
    if (!good) printf("  %s: status %d, %s\n", adapter, (int)found, out == NULL ? "NULL" : out);
    vsm_string_free(out);
    return good;
}

static void answers_are_json(void) {
    VsmStream stream = vsm_new();
    CHECK("a stream has a number", stream != 0);
    CHECK("the version is told", strlen(vsm_version()) >= 5);
    CHECK("an event is taken", answers(stream, "apply", RELEASE, VSM_STATUS_OK, "{\"accepted\":true}"));
    CHECK("it is taken once", answers(stream, "apply", RELEASE, VSM_STATUS_OK, "{\"accepted\":false}"));
    CHECK("a question is answered",
          answers(stream, "readiness", "{\"item\":\"plan:R1\",\"at\":\"2026-03-03T08:00:00Z\"}", VSM_STATUS_OK,
                  "\"verdict\":\"unknown\""));
    CHECK("no arguments are no arguments", answers(stream, "coverage", NULL, VSM_STATUS_OK, "\"basis\""));
    CHECK("names keep every character",
          answers(stream, "apply",
                  "{\"source\":\"plan\",\"id\":\"2\",\"occurred_at\":\"2026-03-02T08:00:00Z\",\"item\":\"plan:\xe2\x80\xae"
                  "\xd8\xb5\",\"set\":{\"title\":\"a\\u0000b\"}}",
                  VSM_STATUS_OK, "true") &&
              answers(stream, "item", "{\"id\":\"plan:\xe2\x80\xae\xd8\xb5\"}", VSM_STATUS_OK, "a\\u0000b"));
    const char *commit =
        "{\"sha\":\"4f2c\",\"parents\":[],\"committed\":\"2026-03-01T09:00:00Z\",\"subject\":\"Crop\"}";
    CHECK("a tool's file is read",
          reads(stream, "git", commit, strlen(commit), "{\"application\":\"app:mobile\"}", VSM_STATUS_OK,
                "\"rejects\":[]"));
    VsmStream copy = vsm_copy(stream);
    CHECK("a copy has the record", answers(copy, "item", "{\"id\":\"plan:R1\"}", VSM_STATUS_OK, "release"));
    CHECK("a copy ends by itself", vsm_free(copy) == VSM_STATUS_OK);
    CHECK("its original goes on", answers(stream, "items", "{}", VSM_STATUS_OK, "plan:R1"));
    vsm_free(stream);
}

static void errors_have_codes(void) {
    VsmStream stream = vsm_new();
    CHECK("unknown item", answers(stream, "item", "{\"id\":\"plan:Z\"}", VSM_STATUS_ERROR,
                                  "{\"error\":{\"code\":\"unknown_item\",\"message\":\""));
    CHECK("unknown call", answers(stream, "fortune", "{}", VSM_STATUS_ERROR, "\"code\":\"invalid\""));
    CHECK("the calls there are", answers(stream, "fortune", "{}", VSM_STATUS_ERROR, "critical_path"));
    CHECK("truncated JSON", answers(stream, "item", "{\"id\":", VSM_STATUS_ERROR, "\"code\":\"document\""));
    CHECK("no JSON", answers(stream, "item", "hello", VSM_STATUS_ERROR, "\"code\":\"document\""));
    CHECK("no object", answers(stream, "item", "[1]", VSM_STATUS_ERROR, "\"code\":\"document\""));
    CHECK("missing argument", answers(stream, "item", "{}", VSM_STATUS_ERROR, "id"));
    CHECK("wrong type", answers(stream, "item", "{\"id\":7}", VSM_STATUS_ERROR, "\"code\":\"invalid\""));
    const char *link = "{\"source\":\"plan\",\"id\":\"%s\",\"occurred_at\":\"2026-03-02T08:00:00Z\",\"item\":\"plan:%s\","
                       "\"links\":[{\"kind\":\"depends_on\",\"to\":\"plan:%s\"}]}";
    char event[512];
    snprintf(event, sizeof event, link, "1", "A", "B");
    CHECK("a link", answers(stream, "apply", event, VSM_STATUS_OK, "true"));
    snprintf(event, sizeof event, link, "2", "B", "A");
    CHECK("a cycle", answers(stream, "apply", event, VSM_STATUS_ERROR, "\"code\":\"cycle\""));
    CHECK("nothing of it is applied", answers(stream, "history", "{\"id\":\"plan:B\"}", VSM_STATUS_OK, "[]"));
    vsm_free(stream);
}

static void misuse_is_answered(void) {
    VsmStream stream = vsm_new();
    char *out = NULL;
    CHECK("NULL name", answers(stream, NULL, "{}", VSM_STATUS_ERROR, "name: must not be NULL"));
    CHECK("no UTF-8 name", answers(stream, "it\xffm", "{}", VSM_STATUS_ERROR, "name: must be UTF-8"));
    CHECK("no UTF-8 arguments", answers(stream, "item", "{\"id\":\"\xc3\x28\"}", VSM_STATUS_ERROR, "args_json: must be UTF-8"));
    CHECK("nowhere to answer", vsm_call(stream, "coverage", "{}", NULL) == VSM_STATUS_NO_OUT);
    CHECK("nowhere to answer", vsm_ingest(stream, "git", NULL, 0, NULL, NULL) == VSM_STATUS_NO_OUT);
    CHECK("stream 0", answers(0, "coverage", "{}", VSM_STATUS_ERROR, "stream: "));
    CHECK("a stream that never was", answers(stream + 1000, "coverage", "{}", VSM_STATUS_ERROR, "stream: "));
    CHECK("a copy of none", vsm_copy(0) == 0);
    CHECK("the end of none", vsm_free(0) == VSM_STATUS_ERROR);
    vsm_string_free(NULL);

    CHECK("NULL bytes", reads(stream, "git", NULL, 5, NULL, VSM_STATUS_ERROR, "bytes: must not be NULL"));
    CHECK("no bytes", reads(stream, "events", NULL, 0, NULL, VSM_STATUS_OK, "\"accepted\":0"));
    CHECK("an impossible length", reads(stream, "git", "x", (size_t)-1, NULL, VSM_STATUS_ERROR, "len: "));
    CHECK("unknown adapter", reads(stream, "abacus", "x", 1, NULL, VSM_STATUS_ERROR, "git_tags"));
    CHECK("NULL adapter", reads(stream, NULL, "x", 1, NULL, VSM_STATUS_ERROR, "adapter: must not be NULL"));
    CHECK("broken options", reads(stream, "git", "x", 1, "{\"zone\":", VSM_STATUS_ERROR, "options_json"));
    CHECK("bytes that are no text", reads(stream, "events", "\xff\xfe\x00{", 4, NULL, VSM_STATUS_OK, "\"position\":1"));
    const char *bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><testsuite name=\"&b;\"/>";
    CHECK("an entity bomb", reads(stream, "junit", bomb, strlen(bomb), NULL, VSM_STATUS_OK, "\"rejects\":[{"));

    size_t depth = 1 << 20;
    char *nest = malloc(depth + 1);
    memset(nest, '[', depth);
    nest[depth] = '\0';
    CHECK("deep nesting as arguments", answers(stream, "item", nest, VSM_STATUS_ERROR, "\"code\":\"document\""));
    CHECK("deep nesting as data", reads(stream, "jira", nest, depth, NULL, VSM_STATUS_OK, "\"rejects\":[{"));
    free(nest);

    CHECK("the end", vsm_free(stream) == VSM_STATUS_OK);
    CHECK("the end again", vsm_free(stream) == VSM_STATUS_ERROR);
    CHECK("use after the end", answers(stream, "coverage", "{}", VSM_STATUS_ERROR, "ended already"));
    CHECK("the answer is set anew", vsm_call(stream, "coverage", "{}", &out) == VSM_STATUS_ERROR && out != NULL);
    vsm_string_free(out);
}

typedef struct {
    int calls;
    uint64_t most;
    VsmProgress last;
} Seen;

static int32_t note(const VsmProgress *now, void *context) {
    Seen *seen = context;
    seen->calls += 1;
    seen->last = *now;
    return now->accepted > seen->most;
}

static int ingests(VsmStream stream, const char *path, Seen *seen, VsmStatus status, const char *text) {
    char *out = NULL;
    VsmStatus found = vsm_ingest_path(stream, "events", path, NULL, seen == NULL ? NULL : note, seen, &out);
    int good = found == status && out != NULL && strstr(out, text) != NULL;
    if (!good) printf("  %s: status %d, %s\n", path, (int)found, out == NULL ? "NULL" : out);
    vsm_string_free(out);
    return good;
}

static int opens(const char *path, const char *options, VsmStream *stream, VsmStatus status, const char *text) {
    char *out = NULL;
    VsmStatus found = vsm_open(path, options, stream, &out);
    int good = found == status && out != NULL && strstr(out, text) != NULL;
    if (!good) printf("  %s: status %d, %s\n", path, (int)found, out == NULL ? "NULL" : out);
    vsm_string_free(out);
    return good;
}

static void stores_are_kept_and_files_read(void) {
    char folder[] = "/tmp/vsm-door-XXXXXX";
    CHECK("a folder", mkdtemp(folder) != NULL);
    char file[64], record[64], command[96];
    snprintf(file, sizeof file, "%s/events.jsonl", folder);
    snprintf(record, sizeof record, "%s/record", folder);
    char *odd = calloc(1, 400001);
    memset(odd, 'x', 400000);
    FILE *events = fopen(file, "wb");
    for (int n = 0; n < 12; n += 1) {
        fprintf(events, "{\"source\":\"plan\",\"id\":\"%d\",\"occurred_at\":\"2026-03-02T09:00:00Z\","
                        "\"item\":\"plan:A\",\"odd\":\"%s\"}\n", n, odd);
    }
    fclose(events);
    free(odd);

    VsmStream stream = 0, second = 7;
    CHECK("a store is opened", opens(record, NULL, &stream, VSM_STATUS_OK, "\"events\":0") && stream != 0);
    CHECK("by one writer", opens(record, NULL, &second, VSM_STATUS_ERROR, "\"code\":\"storage\"") && second == 0);
    Seen seen = {0, 3, {0}};
    CHECK("reading is ended", ingests(stream, file, &seen, VSM_STATUS_OK, "\"cancelled\":true"));
    CHECK("it was told", seen.calls > 2 && seen.last.accepted > 3 && seen.last.accepted < 12 && seen.last.bytes > 0);
    seen.most = 100;
    CHECK("reading goes on", ingests(stream, file, &seen, VSM_STATUS_OK, "\"cancelled\":false"));
    CHECK("to the end", seen.last.accepted + seen.last.duplicates == 12);
    CHECK("nobody need be told", ingests(stream, file, NULL, VSM_STATUS_OK, "\"duplicates\":12"));
    CHECK("no file", ingests(stream, folder, NULL, VSM_STATUS_ERROR, "\"code\":\"storage\""));
    CHECK("no stream", ingests(0, file, NULL, VSM_STATUS_ERROR, "stream: "));
    CHECK("NULL path", ingests(stream, NULL, NULL, VSM_STATUS_ERROR, "path: must not be NULL"));
    CHECK("it is whole", answers(stream, "verify", "{}", VSM_STATUS_OK, "\"faulty\":0"));
    CHECK("it is closed", answers(stream, "close", "{}", VSM_STATUS_OK, "null"));
    CHECK("and not changed", answers(stream, "apply", RELEASE, VSM_STATUS_ERROR, "it is closed"));
    CHECK("it is opened again", opens(record, "{\"format\":\"journal\",\"sync_every\":5}", &second, VSM_STATUS_OK,
                                      "\"events\":12"));
    CHECK("its end lets go", vsm_free(second) == VSM_STATUS_OK);
    CHECK("of the file", opens(record, "{\"read_only\":true}", &second, VSM_STATUS_OK, "\"events\":12"));
    CHECK("a reader changes nothing", answers(second, "apply", RELEASE, VSM_STATUS_ERROR, "reading only"));
    vsm_free(second);
    CHECK("unknown options", opens(record, "{\"durable\":true}", &second, VSM_STATUS_ERROR, "durable"));
    CHECK("NULL path", opens(NULL, NULL, &second, VSM_STATUS_ERROR, "path: must not be NULL"));
    CHECK("nowhere to put it", opens(record, NULL, NULL, VSM_STATUS_ERROR, "stream: must not be NULL"));
    CHECK("no store", answers(stream, "recovery", "{}", VSM_STATUS_ERROR, "\"code\":\"storage\""));
    vsm_free(stream);
    stream = vsm_new();
    CHECK("in memory only", answers(stream, "sync", "{}", VSM_STATUS_ERROR, "store: "));
    vsm_free(stream);
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK("the folder goes", system(command) == 0);
}

static void *hundred_events(void *stream) {
    int taken = 0;
    for (int n = 0; n < 100; n += 1) {
        char event[256];
        snprintf(event, sizeof event,
                 "{\"source\":\"plan\",\"id\":\"%p/%d\",\"occurred_at\":\"2026-03-02T08:00:00Z\",\"item\":\"plan:T%d\"}",
                 (void *)&event, n, n);
        taken += answers(*(VsmStream *)stream, "apply", event, VSM_STATUS_OK, "true");
    }
    return (void *)(size_t)taken;
}

static void threads_take_turns(void) {
    VsmStream stream = vsm_new();
    pthread_t threads[4];
    size_t taken = 0;
    for (int n = 0; n < 4; n += 1) pthread_create(&threads[n], NULL, hundred_events, &stream);
    for (int n = 0; n < 4; n += 1) {
        void *events = NULL;
        pthread_join(threads[n], &events);
        taken += (size_t)events;
    }
    CHECK("every event of every thread", taken == 400);
    vsm_free(stream);
}

/* Whether a call to what is kept up to date ends so and its answer has this text in it. */
static int tells(VsmLive live, VsmStream stream, const char *name, const char *args, VsmStatus status,
                 const char *text) {
    char *out = NULL;
    VsmStatus found = vsm_live_call(live, stream, name, args, &out);
    int good = found == status && out != NULL && strstr(out, text) != NULL;
    if (!good) printf("  %s %s: status %d, %s\n", name, args, (int)found, out == NULL ? "NULL" : out);
    vsm_string_free(out);
    return good;
}

/* Whether making it ends so and its answer has this text in it. */
static int makes(VsmStatus found, char *out, VsmStatus status, const char *text) {
    int good = found == status && out != NULL && strstr(out, text) != NULL;
    if (!good) printf("  status %d, %s\n", (int)found, out == NULL ? "NULL" : out);
    vsm_string_free(out);
    return good;
}

static void verdicts_are_kept_up_to_date(void) {
    const char *query = "{\"at\":\"2026-03-03T08:00:00Z\"}";
    VsmStream stream = vsm_new();
    VsmLive watch = 0, none = 7;
    char *out = NULL;
    VsmStatus status = vsm_watch(stream, query, &watch, &out);
    CHECK("a watch is made", makes(status, out, VSM_STATUS_OK, "{}") && watch != 0);
    CHECK("an event comes", answers(stream, "apply", RELEASE, VSM_STATUS_OK, "true"));
    CHECK("it tells what changed", tells(watch, stream, "update", "{}", VSM_STATUS_OK, "\"item\":\"plan:R1\""));
    CHECK("and that once", tells(watch, stream, "update", NULL, VSM_STATUS_OK, "\"changed\":[]"));
    CHECK("a verdict", tells(watch, stream, "verdict", "{\"item\":\"plan:R1\"}", VSM_STATUS_OK, "\"unknown\""));
    CHECK("another time", tells(watch, stream, "advance", "{\"at\":\"2026-03-04T08:00:00Z\"}", VSM_STATUS_OK, "[]"));
    CHECK("is the time", tells(watch, stream, "at", "{}", VSM_STATUS_OK, "\"2026-03-04T08:00:00.000Z\""));
    VsmStream other = vsm_new();
    CHECK("another stream", tells(watch, other, "update", "{}", VSM_STATUS_ERROR, "\"code\":\"invalid\""));
    vsm_free(other);
    CHECK("no stream", tells(watch, 0, "update", "{}", VSM_STATUS_ERROR, "stream: "));
    CHECK("no such call", tells(watch, stream, "critical_path", "{}", VSM_STATUS_ERROR, "advance, at, update, verdict"));
    CHECK("NULL name", tells(watch, stream, NULL, "{}", VSM_STATUS_ERROR, "name: must not be NULL"));
    status = vsm_watch(stream, "{}", &none, &out);
    CHECK("no time", makes(status, out, VSM_STATUS_ERROR, "at") && none == 0);
    status = vsm_watch(stream, "{\"at\":\"2026-03-03T08:00:00Z\",\"stages\":\"uat\"}", &none, &out);
    CHECK("a misspelt field", makes(status, out, VSM_STATUS_ERROR, "stages") && none == 0);
    status = vsm_watch(stream, NULL, &none, &out);
    CHECK("no query", makes(status, out, VSM_STATUS_ERROR, "query_json: must not be NULL"));
    status = vsm_watch(stream, query, NULL, &out);
    CHECK("nowhere to put it", makes(status, out, VSM_STATUS_ERROR, "live: must not be NULL"));
    CHECK("nowhere to answer", vsm_watch(stream, query, &none, NULL) == VSM_STATUS_NO_OUT && none == 0);
    vsm_free(stream);
    CHECK("its end", vsm_live_free(watch) == VSM_STATUS_OK);
    CHECK("its end again", vsm_live_free(watch) == VSM_STATUS_ERROR);
    CHECK("use after the end", tells(watch, 0, "at", "{}", VSM_STATUS_ERROR, "ended already"));
}

static void metrics_are_kept_up_to_date(void) {
    const char *query = "{\"metric\":\"throughput\",\"start\":\"2026-03-02T00:00:00Z\","
                        "\"end\":\"2026-03-16T00:00:00Z\",\"zone\":\"UTC\"}";
    const char *done = "{\"source\":\"t\",\"id\":\"1\",\"occurred_at\":\"2026-03-03T08:00:00Z\",\"item\":\"t:1\","
                       "\"kind\":\"story\",\"set\":{\"state\":\"done\"}}";
    VsmStream stream = vsm_new();
    VsmLive live = 0, none = 7;
    char *out = NULL;
    VsmStatus status = vsm_live_metric(stream, query, &live, &out);
    CHECK("a metric is made", makes(status, out, VSM_STATUS_OK, "{}") && live != 0);
    CHECK("a story is done", answers(stream, "apply", done, VSM_STATUS_OK, "true"));
    CHECK("it follows", tells(live, stream, "follow", NULL, VSM_STATUS_OK, "1"));
    CHECK("its row", tells(live, stream, "update", "{}", VSM_STATUS_OK, "\"value\":1.0"));
    CHECK("and that once", tells(live, stream, "update", "{}", VSM_STATUS_OK, "\"rows\":[]"));
    CHECK("its table", tells(live, stream, "table", "{}", VSM_STATUS_OK, "\"value\":1.0"));
    CHECK("its state", tells(live, stream, "state", "{}", VSM_STATUS_OK, "\"cells\":[{"));
    CHECK("its question", tells(live, stream, "query", "{}", VSM_STATUS_OK, "throughput"));
    CHECK("is no watch", tells(live, stream, "verdict", "{}", VSM_STATUS_ERROR, "follow, query, state, table, update"));
    VsmStream other = vsm_new();
    CHECK("another stream", tells(live, other, "update", "{}", VSM_STATUS_ERROR, "\"code\":\"invalid\""));
    vsm_free(other);
    status = vsm_live_metric(stream, "{\"metric\":\"luck\"}", &none, &out);
    CHECK("no such question", makes(status, out, VSM_STATUS_ERROR, "\"code\":\"invalid\"") && none == 0);
    vsm_free(stream);
    CHECK("it ends", vsm_live_free(live) == VSM_STATUS_OK);
}

static void schedules_change(void) {
    const char *network = "{\"start\":\"2026-03-02T08:00:00Z\",\"activities\":[{\"id\":\"A\",\"duration\":3600000}],"
                          "\"dependencies\":[]}";
    VsmLive live = 0;
    char *out = NULL;
    VsmStatus status = vsm_live_schedule(network, &live, &out);
    CHECK("a schedule is made", makes(status, out, VSM_STATUS_OK, "{}") && live != 0);
    CHECK("its end", tells(live, 0, "finish", NULL, VSM_STATUS_OK, "\"2026-03-02T09:00:00.000Z\""));
    CHECK("it changes", tells(live, 0, "change", "{\"activities\":[{\"id\":\"A\",\"duration\":7200000}]}",
                              VSM_STATUS_OK, "\"2026-03-02T10:00:00.000Z\""));
    CHECK("its network", tells(live, 0, "network", "{}", VSM_STATUS_OK, "7200000"));
    CHECK("its dates", tells(live, 0, "critical_path", "{}", VSM_STATUS_OK, "\"A\""));
    CHECK("nobody of this name", tells(live, 0, "change", "{\"removed_activities\":[\"B\"]}", VSM_STATUS_ERROR,
                                       "\"code\":\"unknown_item\""));
    CHECK("is no watch", tells(live, 0, "update", "{}", VSM_STATUS_ERROR, "change, critical_path, finish, network"));
    CHECK("it ends", vsm_live_free(live) == VSM_STATUS_OK);
    status = vsm_live_schedule("{\"start\":7}", &live, &out);
    CHECK("no network", makes(status, out, VSM_STATUS_ERROR, "\"code\":\"invalid\"") && live == 0);
    status = vsm_live_schedule("{\"start\":", &live, &out);
    CHECK("no JSON", makes(status, out, VSM_STATUS_ERROR, "\"code\":\"document\"") && live == 0);
}

static void tables_are_bytes(void) {
    const char *two =
        "{\"source\":\"plan\",\"id\":\"1\",\"occurred_at\":\"2026-03-02T08:00:00Z\",\"item\":\"plan:R1\",\"kind\":\"release\"}\n"
        "{\"source\":\"plan\",\"id\":\"2\",\"occurred_at\":\"2026-03-02T08:00:00Z\",\"item\":\"plan:F1\",\"kind\":\"feature\"}\n";
    const char *at = "{\"at\":\"2026-03-03T08:00:00Z\"}";
    VsmStream stream = vsm_new(), copy = vsm_new();
    CHECK("two items", reads(stream, "events", two, strlen(two), NULL, VSM_STATUS_OK, "\"accepted\":2"));
    uint8_t *bytes = NULL;
    size_t len = 0;
    char *out = (char *)"never set";
    CHECK("a table comes as bytes",
          vsm_call_arrow(stream, "verdicts", at, NULL, &bytes, &len, &out) == VSM_STATUS_OK && out == NULL);
    CHECK("they are a stream of Arrow", len > 8 && memcmp(bytes, "\xff\xff\xff\xff", 4) == 0);
    CHECK("what it has in it can be read again",
          reads(copy, "mapping", bytes, len,
                "{\"recorded_at\":\"2026-03-03T08:00:00Z\",\"mapping\":{\"source\":\"copy\",\"format\":\"arrow\","
                "\"id\":\"{item}\",\"kind\":\"{kind}\"}}",
                VSM_STATUS_OK, "\"accepted\":2"));
    CHECK("it is what was asked for", answers(copy, "item", "{\"id\":\"plan:F1\"}", VSM_STATUS_OK, "\"feature\""));
    vsm_bytes_free(bytes, len);
    vsm_bytes_free(NULL, 0);
    struct { const char *name, *args, *list, *text; } wrong[] = {
        {"verdicts", at, "rows", "is not one of items"},
        {"verdicts", "{\"when\":1}", NULL, "\"code\":\"invalid\""},
        {"coverage", NULL, NULL, "is not one of"},
        {NULL, NULL, NULL, "must not be NULL"},
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        bytes = (uint8_t *)"never set";
        len = 9;
        VsmStatus status =
            vsm_call_arrow(stream, wrong[n].name, wrong[n].args, wrong[n].list, &bytes, &len, &out);
        CHECK("no table is an error and no bytes", status == VSM_STATUS_ERROR && bytes == NULL && len == 0);
        CHECK("that says why", out != NULL && strstr(out, wrong[n].text) != NULL);
        vsm_string_free(out);
    }
    CHECK("bytes want a place", vsm_call_arrow(stream, "verdicts", at, NULL, NULL, &len, &out) == VSM_STATUS_ERROR);
    vsm_string_free(out);
    bytes = (uint8_t *)"never set";
    CHECK("their length wants one",
          vsm_call_arrow(stream, "verdicts", at, NULL, &bytes, NULL, &out) == VSM_STATUS_ERROR && bytes == NULL);
    vsm_string_free(out);
    CHECK("errors want one, too", vsm_call_arrow(stream, "verdicts", at, NULL, &bytes, &len, NULL) == VSM_STATUS_NO_OUT);
    vsm_free(stream);
    vsm_free(copy);
}

int main(void) {
    answers_are_json();
    tables_are_bytes();
    verdicts_are_kept_up_to_date();
    metrics_are_kept_up_to_date();
    schedules_change();
    errors_have_codes();
    misuse_is_answered();
    threads_take_turns();
    stores_are_kept_and_files_read();
    return report();
}
