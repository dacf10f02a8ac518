//! Issues as Jira gives them.

/// An issue with four changes of status, and as much text as it is given.
pub fn issue(n: u64, text: &str) -> String {
    let change = |at: u64| {
        format!(
            r#"{{"id":"{}","created":"2026-03-0{}T09:00:00.000+0000","items":[{{"field":"status","fieldId":"status","from":"{at}","fromString":"Step {at}","to":"{}","toString":"Step {}"}}]}}"#,
            n * 10 + at,
            at + 2,
            at + 1,
            at + 1
        )
    };
    let changes: Vec<String> = (0..4).map(change).collect();
    format!(
        r#"{{"id":"{n}","self":"https://jira.example.com/rest/api/2/issue/{n}","key":"APP-{n}","fields":{{"summary":"Let the customer do the thing","created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-09T09:00:00.000+0000","issuetype":{{"id":"7","name":"Story"}},"status":{{"id":"4","name":"Step 4","statusCategory":{{"key":"done"}}}},"fixVersions":[{{"id":"{}","name":"1.{}"}}],"description":"{text}","comment":{{"comments":[{{"body":"{text}"}},{{"body":"{text}"}}]}}}},"changelog":{{"startAt":0,"maxResults":4,"total":4,"histories":[{}]}}}}"#,
        n / 500,
        n / 500,
        changes.join(",")
    )
}
