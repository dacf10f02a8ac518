//! What an application's repository and its build job hand out: commits, tags, builds, and the reports of their tests.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::dice::Dice;
use super::plan::{self, Plan, Release, Trouble};
use super::write::create;
use super::{jira, names};

/// After so many issues comes a commit that names none.
const UNLINKED: u32 = 8;
/// Every so many candidates there was a build before that failed.
const BROKEN: u32 = 5;

pub struct Repository<'p> {
    plan: &'p Plan,
    application: u32,
    commits: BufWriter<File>,
    tags: BufWriter<File>,
    builds: BufWriter<File>,
    /// Commits so far, and the last one of the main branch.
    count: u64,
    head: Option<String>,
    items: u64,
}

/// The job that builds an application.
pub fn job(application: u32) -> String {
    format!("{}-ci", plan::slug(application))
}

/// The item of a build.
pub fn build_item(application: u32, number: u32) -> String {
    format!("jenkins:{}#{number}", job(application))
}

/// The test reports of a candidate: file, suite, environment, and when it was over.
pub fn reports(plan: &Plan, release: &Release) -> [(String, &'static str, Option<&'static str>, i64); 2] {
    let name = format!("{}-{}", plan::slug(release.application), plan::candidate(release.nth));
    let built = plan::built(plan, release.nth);
    [
        (format!("junit/{name}-unit.xml"), "unit tests", None, built + plan::HOUR),
        (format!("junit/{name}-system.xml"), "system test", Some("env:system-test"), built + 5 * plan::HOUR),
    ]
}

impl Repository<'_> {
    /// Writes the files of one application; gives back how many commits, builds and test runs there are.
    pub fn write(plan: &Plan, application: u32, folder: &Path) -> Result<u64> {
        let slug = plan::slug(application);
        let mut repository = Repository {
            plan,
            application,
            commits: create(folder, &format!("git-{slug}.jsonl"))?,
            tags: create(folder, &format!("git-{slug}.tags.csv"))?,
            builds: create(folder, &format!("jenkins-{slug}.json"))?,
            count: 0,
            head: None,
            items: 0,
        };
        repository.begin()?;
        for release in plan.of(application) {
            repository.release(release)?;
            for (file, suite, _, over) in reports(plan, release) {
                let fails = release.trouble == Trouble::Tests && suite == "system test";
                report(&mut create(folder, &file)?, release, suite, over, fails)?;
                repository.items += 1;
            }
        }
        repository.end()
    }

    /// The release that has shipped.
    fn begin(&mut self) -> Result<()> {
        writeln!(self.tags, "ref,commit,date")?;
        for n in 0..self.plan.shipped() {
            let key = jira::key(self.application, self.plan.shipped_issue(n));
            let at = plan::time(-48 + i64::from(n), 13);
            self.commit(at, &format!("{key}: {}", names::work(u64::from(n))))?;
        }
        let built = plan::time(-44, 10);
        let head = self.commit(built - plan::HOUR, "Version 4.0.0")?;
        self.tag("refs/tags/v4.0.0", &head, built)?;
        let job = job(self.application);
        writeln!(self.builds, "{{\"name\":\"{job}\",\"fullName\":\"{job}\",\"allBuilds\":[")?;
        self.build(1, &head, built, true)
    }

    fn release(&mut self, release: &Release) -> Result<()> {
        let (plan, application, nth) = (self.plan, release.application, release.nth);
        let open = match &release.trouble {
            Trouble::Work { days, .. } => days.len() as u32,
            Trouble::Unlinked => 1,
            _ => 0,
        };
        for n in open..plan.size.scope {
            let at = plan::done(plan, nth, n) - plan::HOUR;
            let key = jira::key(application, plan.issue(nth, n));
            let subject = format!("{key}: {}", names::work(u64::from(application) * 7 + plan.issue(nth, n)));
            if n == 0 && release.trouble == Trouble::Unmerged {
                let branch = self.branch(at, &subject)?;
                self.tag(&format!("refs/heads/feature/{key}"), &branch, at)?;
            } else {
                self.commit(at, &subject)?;
            }
            if n % UNLINKED == UNLINKED / 2 {
                self.commit(at, "Update the libraries")?;
            }
        }
        let built = plan::built(plan, nth);
        let number = plan::candidate(nth);
        let version = plan::version(nth);
        let head = self.commit(built - plan::HOUR, &format!("Version {version}, first candidate"))?;
        self.tag(&format!("refs/tags/v{version}-rc1"), &head, built)?;
        if nth % BROKEN == 0 {
            self.build(number - 1, &head, built - plan::HOUR / 2, false)?;
        }
        self.build(number, &head, built, true)
    }

    fn end(mut self) -> Result<u64> {
        if let Some(head) = self.head.take() {
            self.tag("refs/heads/main", &head, plan::NOW)?;
        }
        writeln!(self.builds, "\n]}}")?;
        for out in [&mut self.commits, &mut self.tags, &mut self.builds] {
            out.flush()?;
        }
        Ok(self.items + self.count)
    }

    /// A commit on the main branch.
    fn commit(&mut self, at: i64, subject: &str) -> Result<String> {
        let sha = self.branch(at, subject)?;
        self.head = Some(sha.clone());
        Ok(sha)
    }

    /// A commit that nothing follows yet.
    fn branch(&mut self, at: i64, subject: &str) -> Result<String> {
        let sha = sha(self.plan.size.seed, self.application, self.count);
        let author = names::person(self.application * plan::PEOPLE + self.count as u32 % plan::PEOPLE);
        self.count += 1;
        let stamp = plan::stamp(at);
        let line = json!({
            "sha": sha,
            "parents": Vec::from_iter(self.head.as_deref()),
            "authored": stamp,
            "committed": stamp,
            "author": author,
            "subject": subject,
            "body": "",
        });
        serde_json::to_writer(&mut self.commits, &line)?;
        self.commits.write_all(b"\n")?;
        Ok(sha)
    }

    fn tag(&mut self, reference: &str, sha: &str, at: i64) -> Result<()> {
        writeln!(self.tags, "\"{reference}\",{sha},{}", plan::stamp(at))
    }

    fn build(&mut self, number: u32, sha: &str, started: i64, succeeded: bool) -> Result<()> {
        let job = job(self.application);
        let build: Value = json!({
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "actions": [{
                "_class": "hudson.plugins.git.util.BuildData",
                "lastBuiltRevision": {"SHA1": sha, "branch": [{"SHA1": sha, "name": "refs/remotes/origin/main"}]},
            }],
            "building": false,
            "duration": 15 * 60_000,
            "fullDisplayName": format!("{job} #{number}"),
            "number": number,
            "result": if succeeded { "SUCCESS" } else { "FAILURE" },
            "timestamp": started,
            "url": format!("https://ci.bank.example/job/{job}/{number}/"),
        });
        // The first build of a job has the number 1.
        if number > 1 {
            self.builds.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut self.builds, &build)?;
        self.items += 1;
        Ok(())
    }
}

/// Forty hexadecimal digits that follow from the number of a commit, no two the same.
fn sha(seed: u64, application: u32, number: u64) -> String {
    let mut dice = Dice((seed << 52) ^ (u64::from(application) << 32) ^ number);
    let mut next = || {
        dice.below(1);
        dice.0
    };
    format!("{:016x}{:016x}{:08x}", next(), next(), next() >> 32)
}

/// A report as Surefire writes it.
fn report(out: &mut impl Write, release: &Release, suite: &str, over: i64, fails: bool) -> Result<()> {
    const TESTS: u32 = 8;
    let class = format!("example.bank.{}", plan::slug(release.application).replace('-', "."));
    let failures = u32::from(fails);
    let stamp = plan::stamp(over - 60_000);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuite name=\"{suite}\" tests=\"{TESTS}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" \
         time=\"60.0\" timestamp=\"{stamp}\">"
    )?;
    for test in 0..TESTS {
        let name = names::work(u64::from(test + release.number)).replace(' ', "_");
        let case = format!("<testcase classname=\"{class}\" name=\"{name}\" time=\"7.5\"");
        if test < failures {
            writeln!(
                out,
                "  {case}><failure message=\"expected 200, was 503\" type=\"AssertionError\"/></testcase>"
            )?;
        } else {
            writeln!(out, "  {case}/>")?;
        }
    }
    writeln!(out, "</testsuite>")?;
    out.flush()
}
