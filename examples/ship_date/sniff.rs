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
    } else if has("sha") && has("parents") {
        Some(Adapter::Git)
    } else if has("fields") && has("key") {
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
