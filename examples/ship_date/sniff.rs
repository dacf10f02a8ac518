//! Which tool wrote a file, by its beginning.

use vsm_core::Adapter;

/// The adapter for a file that begins like this; none where it is nothing known.
pub fn adapter_of(name: &str, head: &[u8]) -> Option<Adapter> {
    let head = String::from_utf8_lossy(head);
    let text = head.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        let roots = [
            ("<testsuite", Adapter::Junit),
            ("<testcase", Adapter::Junit),
            ("<test-run", Adapter::Nunit),
            ("<test-results", Adapter::Nunit),
            ("<assemblies", Adapter::Xunit),
            ("<assembly ", Adapter::Xunit),
            ("<TestRun", Adapter::Trx),
            ("<Testing", Adapter::Ctest),
            ("http://www.xes-standard.org", Adapter::Xes),
        ];
        return roots.into_iter().find(|(root, _)| text.contains(root)).map(|(_, adapter)| adapter);
    }
    if name.ends_with(".csv") {
        let first = text.lines().next().unwrap_or_default().replace('"', "");
        return first.starts_with("ref,commit").then_some(Adapter::GitTags);
    }
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if text.contains("dev.cdevents") {
        Some(Adapter::Cdevents)
    } else if has("occurred_at") && has("source") && has("item") {
        Some(Adapter::Events)
    } else if has("object_kind") || has("iid") {
        Some(Adapter::Gitlab)
    } else if has("node_id") {
        Some(Adapter::Github)
    } else if let Some(adapter) = operations(&has) {
        Some(adapter)
    } else if has("objectTypes") || has("eventTypes") || has("ocel:global-log") {
        Some(Adapter::Ocel)
    } else if has("sha") && has("parents") {
        Some(Adapter::Git)
    } else if (has("fields") && has("key")) || has("webhookEvent") {
        Some(Adapter::Jira)
    } else if (has("allBuilds") || has("builds") || has("fullDisplayName"))
        || (has("building") && has("number"))
        || text.contains("/wfapi/describe")
        || (has("abortUrl") && has("proceedUrl"))
        || (has("build") && has("phase"))
    {
        Some(Adapter::Jenkins)
    } else {
        None
    }
}

/// The tools around builds and operations, whose hooks and lists have words of their own.
fn operations(has: &dyn Fn(&str) -> bool) -> Option<Adapter> {
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    // Jenkins has build numbers too, in its own words for branches.
    if (has("eventType") && has("publisherId"))
        || (has("buildNumber") && has("sourceBranch"))
        || any(&["pullRequestId", "releaseEnvironment", "System.WorkItemType"])
    {
        Some(Adapter::AzureDevops)
    } else if any(&["eventKey", "pullrequest", "commit_status", "fromRef", "pipeline_state_completed"]) {
        Some(Adapter::Bitbucket)
    } else if (has("happened_at") && has("webhook")) || has("project_slug") {
        Some(Adapter::Circleci)
    } else if has("sys_id") {
        Some(Adapter::Servicenow)
    } else if (has("event_type") && has("resource_type")) || any(&["incident_number", "escalation_policy"]) {
        Some(Adapter::Pagerduty)
    } else if has("tinyId") {
        Some(Adapter::Opsgenie)
    } else {
        None
    }
}
