//! How long things take, counting those that have not finished yet.

use libm::{exp, log};
use serde::{Deserialize, Serialize};

use super::distributions::normal_upper;
use super::{Estimate, NoValue, basis, check, check_shares, confidence};
use crate::analyze::Basis;
use crate::error::{Error, Result};

/// A question for how long things take, of durations of which some are still running.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SurvivalQuery {
    /// How long each took, or has taken so far, in any order and in any one unit; not negative.
    pub durations: Vec<f64>,
    /// Of each whether it has finished; what has not is censored: it takes at least that long.
    pub observed: Vec<bool>,
    /// After how long these parts have finished, from 0 to 1; absent = 0.5, 0.85, 0.95.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<f64>,
    /// How likely it is to finish for what has reached each of these ages, in the unit of the durations, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ages: Vec<f64>,
    /// … within each of these further times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub horizons: Vec<f64>,
    /// How sure the intervals are, between 0 and 1; absent = 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// How long things take, what is still running counted as such.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survival {
    /// How many have finished.
    pub events: u64,
    /// How many have not.
    pub censored: u64,
    /// The part that is still running after each duration at which something finished, ascending.
    pub curve: Vec<SurvivalStep>,
    /// After how long half have finished.
    pub median: SurvivalPercentile,
    /// After how long these parts have finished, in the order of the question.
    pub percentiles: Vec<SurvivalPercentile>,
    /// How likely it is to finish: for each age in the order of the question each horizon.
    pub conditional: Vec<ConditionalCompletion>,
    /// Why there is no curve: no data, or nothing has finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
    /// What the answer rests on.
    pub basis: Basis,
}

/// The part that is still running from one duration to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurvivalStep {
    /// The duration, in the unit of the question.
    pub duration: f64,
    /// How many took, or have taken so far, at least as long.
    pub at_risk: u64,
    /// How many finished after exactly as long.
    pub events: u64,
    /// How many stop being watched from here to the next step.
    pub censored: u64,
    /// The part that takes longer, from 0 to 1.
    pub survival: f64,
    /// The variance of that part (Greenwood); absent where nothing is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<f64>,
    /// The lower end of its interval; absent where nothing is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// The upper end of its interval; absent where nothing is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// After how long a part has finished.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurvivalPercentile {
    /// The part, from 0 to 1.
    pub probability: f64,
    /// After how long it has finished, in the unit of the question; absent = never so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The lower end of the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// The upper end of the interval; absent = it has none so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Why the duration is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoValue>,
}

/// How likely something of an age is to finish in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConditionalCompletion {
    /// How long it has taken so far.
    pub age: f64,
    /// Within which further time it should finish.
    pub horizon: f64,
    /// How many took, or have taken so far, longer than the age.
    pub at_risk: u64,
    /// How likely it is, from 0 to 1.
    pub probability: Estimate,
}

/// How many pairs of an age and a horizon may be asked for at once.
const PAIRS: usize = 1_000_000;

/// How long things take, by E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53
/// (1958): what is still running counts for as long as it has been watched, and what is watched for exactly as long as
/// another took counts beside that.
///
/// Variances are Greenwood's (1926); intervals go by the logarithm of the logarithm (J. D. Kalbfleisch, R. L. Prentice,
/// 1980), and so stay within 0 and 1. The interval of a percentile is where the ends of the curve's interval reach it
/// (R. Brookmeyer, J. Crowley, Biometrics 38, 1982); where nothing is left the curve has none, as in R. What has an age of `a` finishes within `h` with probability
/// 1 − S(a + h)/S(a); beyond the longest duration that was watched nobody knows, and there is no value. Takes
/// O(n log n).
///
/// # Errors
/// [`Error::Invalid`] for a duration, age or horizon that is not a number or negative, with its place; for as many
/// durations as flags; for probabilities and a confidence out of range; for more than a million pairs.
///
/// ```
/// use vsm_core::{NoValue, SurvivalQuery, survival};
/// // Three finished after 2, 4 and 5 days; two are running since 3 and 6 days.
/// let query = SurvivalQuery {
///     durations: vec![2.0, 4.0, 5.0, 3.0, 6.0],
///     observed: vec![true, true, true, false, false],
///     ages: vec![3.0],
///     horizons: vec![2.0],
///     ..SurvivalQuery::default()
/// };
/// let answer = survival(&query)?;
/// let left: Vec<f64> = answer.curve.iter().map(|step| (step.survival * 1e4).round() / 1e4).collect();
/// assert_eq!(left, [0.8, 0.5333, 0.2667]);
/// assert_eq!(answer.median.duration, Some(5.0));
/// assert_eq!(answer.percentiles[1].reason, Some(NoValue::NeverReached));
/// let within_two = answer.conditional[0].probability.value.unwrap();
/// assert!((within_two - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn survival(query: &SurvivalQuery) -> Result<Survival> {
    check_times("durations", &query.durations)?;
    check_times("ages", &query.ages)?;
    check_times("horizons", &query.horizons)?;
    check_shares("probabilities", &query.probabilities)?;
    let confidence = confidence(query.confidence)?;
    if query.observed.len() != query.durations.len() {
        let reason =
            format!("{} durations need as many flags, not {}", query.durations.len(), query.observed.len());
        return Err(Error::invalid("observed", reason));
    }
    if query.ages.len().saturating_mul(query.horizons.len()) > PAIRS {
        return Err(Error::invalid("horizons", "at most a million pairs of an age and a horizon"));
    }
    let durations = query.durations.iter().map(|duration| duration + 0.0);
    let mut all: Vec<(f64, bool)> = durations.zip(query.observed.iter().copied()).collect();
    // What finished comes before what was watched for as long.
    all.sort_unstable_by(|(a, done), (b, other)| a.total_cmp(b).then(other.cmp(done)));
    let curve = Curve::new(all, normal_upper((1.0 - confidence) / 2.0));
    let n = query.durations.len();
    let events = query.observed.iter().filter(|observed| **observed).count();
    let usual = [0.5, 0.85, 0.95];
    let probabilities = if query.probabilities.is_empty() { &usual[..] } else { &query.probabilities };
    let pairs = query.ages.iter().flat_map(|age| query.horizons.iter().map(|horizon| (*age, *horizon)));
    Ok(Survival {
        events: events as u64,
        censored: (n - events) as u64,
        median: curve.percentile(0.5),
        percentiles: probabilities.iter().map(|p| curve.percentile(*p)).collect(),
        conditional: pairs.map(|(age, horizon)| curve.conditional(age, horizon)).collect(),
        reason: if n == 0 { Some(NoValue::NoData) } else { (events == 0).then_some(NoValue::NeverReached) },
        curve: curve.steps(),
        basis: basis(
            n,
            ["kaplan_meier", "variance:greenwood", "interval:log_log"]
                .map(String::from)
                .into_iter()
                .chain([format!("confidence:{confidence}")]),
        ),
    })
}

fn check_times(field: &str, times: &[f64]) -> Result<()> {
    check(field, times)?;
    match times.iter().position(|time| *time < 0.0) {
        None => Ok(()),
        Some(place) => Err(Error::invalid(&format!("{field}[{place}]"), "must not be negative")),
    }
}

/// What of a curve a table has room for.
pub(in crate::analyze) struct Summary {
    pub(in crate::analyze) median: SurvivalPercentile,
    pub(in crate::analyze) p85: Option<f64>,
    pub(in crate::analyze) p95: Option<f64>,
}

/// Of ascending durations of what finished, and of what was only watched; with 95 % confidence.
pub(in crate::analyze) fn summary(finished: &[f64], watched: &[f64]) -> Summary {
    let curve = Curve::new(merged(finished, watched), normal_upper((1.0 - 0.95) / 2.0));
    let (p85, p95) = (curve.reached(1.0 - 0.85), curve.reached(1.0 - 0.95));
    Summary { median: curve.percentile(0.5), p85, p95 }
}

/// Two ascending lists as one; what finished comes before what was watched for as long.
fn merged(finished: &[f64], watched: &[f64]) -> Vec<(f64, bool)> {
    let mut all = Vec::with_capacity(finished.len() + watched.len());
    let mut watched = watched.iter().peekable();
    for done in finished {
        while let Some(open) = watched.next_if(|open| open.total_cmp(done).is_lt()) {
            all.push((*open, false));
        }
        all.push((*done, true));
    }
    all.extend(watched.map(|open| (*open, false)));
    all
}

struct Curve {
    steps: Vec<Step>,
    /// The durations of all, ascending, each with whether it is an event.
    all: Vec<(f64, bool)>,
    /// How many standard errors the interval reaches.
    z: f64,
}

struct Step {
    duration: f64,
    at_risk: u64,
    events: u64,
    censored: u64,
    survival: f64,
    /// The sum of events / (at risk × left) so far.
    risk: f64,
}

impl Curve {
    /// Of ascending durations; what finished comes before what was watched for as long.
    fn new(all: Vec<(f64, bool)>, z: f64) -> Curve {
        let mut steps: Vec<Step> = Vec::new();
        let (mut survival, mut risk, mut left) = (1.0, 0.0, all.len() as u64);
        for together in all.chunk_by(|(a, _), (b, _)| a == b) {
            let events = together.iter().filter(|(_, done)| *done).count() as u64;
            let censored = together.len() as u64 - events;
            if let (true, Some((duration, _))) = (events > 0, together.first()) {
                let (at_risk, stay) = (left as f64, (left - events) as f64);
                survival *= stay / at_risk;
                risk += events as f64 / (at_risk * stay);
                steps.push(Step { duration: *duration, at_risk: left, events, censored: 0, survival, risk });
            }
            if let Some(step) = steps.last_mut() {
                step.censored += censored;
            }
            left -= together.len() as u64;
        }
        Curve { steps, all, z }
    }

    fn steps(&self) -> Vec<SurvivalStep> {
        let step = |step: &Step| {
            let (lower, upper) = interval(step.survival, step.risk, self.z);
            SurvivalStep {
                duration: step.duration,
                at_risk: step.at_risk,
                events: step.events,
                censored: step.censored,
                survival: step.survival,
                variance: (step.survival > 0.0).then_some(step.survival * step.survival * step.risk),
                lower,
                upper,
            }
        };
        self.steps.iter().map(step).collect()
    }

    /// When no more than a part is still there.
    fn reached(&self, part: f64) -> Option<f64> {
        // A part of a half that was multiplied together may be a hair more. The curve only falls.
        let before = self.steps.partition_point(|step| step.survival > part + 1e-12);
        self.steps.get(before).map(|step| step.duration)
    }

    fn percentile(&self, probability: f64) -> SurvivalPercentile {
        let still = 1.0 - probability + 1e-12;
        let (mut lower, mut upper) = (None, None);
        // The ends of the interval need not fall all the way, so the first is looked for from the beginning.
        let is_near = near(log(still), self.z);
        for step in self.steps.iter().filter(|step| is_near(step)) {
            let (low, high) = interval(step.survival, step.risk, self.z);
            let low = if step.survival > 0.0 { low } else { Some(0.0) };
            let reaches = |part: Option<f64>| part.is_some_and(|part| part <= still).then_some(step.duration);
            lower = lower.or_else(|| reaches(low));
            upper = upper.or_else(|| reaches(high));
            if lower.is_some() && upper.is_some() {
                break;
            }
        }
        let duration = self.reached(1.0 - probability);
        let absent = if self.all.is_empty() { NoValue::NoData } else { NoValue::NeverReached };
        SurvivalPercentile {
            probability,
            lower,
            upper,
            reason: duration.is_none().then_some(absent),
            duration,
        }
    }

    fn conditional(&self, age: f64, horizon: f64) -> ConditionalCompletion {
        let at_risk = self.all.len() - self.all.partition_point(|(duration, _)| *duration <= age);
        let probability = self.completion(age, age + horizon, at_risk);
        ConditionalCompletion { age, horizon, at_risk: at_risk as u64, probability }
    }

    /// How likely what is running at an age has finished at a later one.
    fn completion(&self, age: f64, later: f64, at_risk: usize) -> Estimate {
        let Some((longest, _)) = self.all.last() else { return Estimate::none(NoValue::NoData) };
        let at = |time: f64| {
            let step = self.steps.partition_point(|step| step.duration <= time).checked_sub(1)?;
            self.steps.get(step).map(|step| (step.survival, step.risk))
        };
        let (before, risk_before) = at(age).unwrap_or((1.0, 0.0));
        let (after, risk_after) = at(later).unwrap_or((1.0, 0.0));
        if at_risk == 0 || before <= 0.0 {
            return Estimate::none(NoValue::NobodyAtRisk);
        }
        if later > *longest && after > 0.0 {
            return Estimate::none(NoValue::BeyondFollowUp);
        }
        let still = after / before;
        match interval(still, risk_after - risk_before, self.z) {
            (Some(lower), Some(upper)) => Estimate::within(1.0 - still, 1.0 - upper, 1.0 - lower),
            // All or nothing finished: how sure that is can't be said.
            _ => Estimate::bare(1.0 - still, NoValue::NoVariation),
        }
    }
}

/// Whether the lower end of a step's interval may have fallen to a part, given by its logarithm. Far above it, as most steps
/// are, no logarithm is needed to tell: −ln s lies between 1 − s and 1/s − 1, and eˣ below 1 + x + x² up to x = 1.7, so the
/// logarithm of the lower end, s to the power of eˣ with x = reach/−ln s, is more than −(1/s − 1) − reach − reach²/(1 − s).
fn near(log_part: f64, z: f64) -> impl Fn(&Step) -> bool {
    move |step| {
        let (gone, reach) = (1.0 - step.survival, z * step.risk.max(0.0).sqrt());
        let least = 1.0 - 1.0 / step.survival - reach - reach * reach / gone;
        // Written so that what is no number is near.
        let is_far = reach <= 1.7 * gone && least > log_part + 1e-9;
        !is_far
    }
}

/// The interval of a part, from the sum of its risks.
fn interval(survival: f64, risk: f64, z: f64) -> (Option<f64>, Option<f64>) {
    let log_survival = log(survival);
    if survival <= 0.0 || log_survival >= 0.0 {
        return (None, None);
    }
    let reach = z * risk.max(0.0).sqrt() / log_survival;
    // The reach is negative, so the lower end comes first.
    let end = |reach: f64| exp(log_survival * exp(reach));
    (Some(end(-reach)), Some(end(reach)))
}
