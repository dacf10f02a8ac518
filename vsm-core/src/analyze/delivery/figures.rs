//! The figures of a sample, each with the reason where it has no value.

use crate::analyze::{Durations, PercentileRule};
use crate::time::Span;

use super::answer::{DeliveryBatch, DeliveryShare, DeliveryTime, NoFigure, PullRequestSplit};
use super::pulls::Pull;
use super::rules::{DeliveryAverage, NoDeploymentRule, Rules};

pub(super) fn time(sample: Vec<i64>, open: u64, reason: NoFigure, rules: &Rules) -> DeliveryTime {
    let sample = Durations::of(sample, rules.percentiles);
    let value = sample.as_ref().map(|sample| match rules.average {
        DeliveryAverage::Median => sample.median,
        DeliveryAverage::Mean => sample.mean,
    });
    let n = sample.as_ref().map_or(0, |sample| sample.n);
    DeliveryTime { n, value, reason: value.is_none().then_some(reason), open, sample }
}

pub(super) fn share(n: u64, count: u64, rules: &Rules) -> DeliveryShare {
    let value = match n {
        0 => (rules.no_deployments == NoDeploymentRule::Zero).then_some(0.0),
        n => Some(count as f64 / n as f64),
    };
    DeliveryShare { n, count, value, reason: value.is_none().then_some(NoFigure::NoDeployments) }
}

pub(super) fn batch(sizes: Vec<u64>) -> DeliveryBatch {
    let n = sizes.len() as u64;
    let changes: u64 = sizes.iter().sum();
    DeliveryBatch {
        n,
        changes,
        mean: (n > 0).then(|| changes as f64 / n as f64),
        max: sizes.iter().max().copied(),
        median: median(sizes, PercentileRule::Linear),
    }
}

pub(super) fn median(mut sample: Vec<u64>, rule: PercentileRule) -> Option<f64> {
    sample.sort_unstable();
    let last = sample.len().checked_sub(1)?;
    let (below, above) = (*sample.get(last / 2)?, *sample.get(last.div_ceil(2))?);
    Some(if rule == PercentileRule::Lower { below as f64 } else { (below + above) as f64 / 2.0 })
}

pub(super) fn split(pulls: &[&Pull], rules: &Rules) -> PullRequestSplit {
    let figure = |read: fn(&Pull) -> Option<Span>, open: u64| {
        let times = pulls.iter().filter_map(|pull| read(pull)).map(Span::millis).collect();
        time(times, open, NoFigure::NoChanges, rules)
    };
    let waiting = pulls.iter().filter(|pull| pull.arrival.is_none()).count() as u64;
    PullRequestSplit {
        n: pulls.len() as u64,
        coding: figure(Pull::coding, 0),
        pickup: figure(Pull::pickup, 0),
        review: figure(Pull::review, 0),
        deploy: figure(Pull::deploy, waiting),
        cycle: figure(Pull::cycle, 0),
    }
}
