//! Defects: how many are open and for how long, how fast they are fixed, and which of them escaped.

mod case;
mod escapes;
mod latent;
mod query;
mod trend;

#[cfg(test)]
mod tests;

use self::case::Case;
use super::flow::Durations;
use super::metrics::{Buckets, Figures};
use super::quality_trend::QualityTrendQuery;
use super::statistics::{SurvivalPercentile, SurvivalQuery, survival};
use super::worth::{Arrivals, Figure, figure, finite};
use super::{Grounds, PercentileRule};
use crate::error::{Error, Result};
use crate::hash::HashSet;
use crate::model::Set;
use crate::stream::ValueStream;
use crate::time::{Instant, Zone};

pub use escapes::{DefectStage, ReleaseEscapes};
pub use latent::LatentDefects;
pub use query::{DefectDensity, Defects, DefectsQuery};
pub use trend::{DefectTrend, OpenRule};

impl ValueStream {
    /// Open defects with their age and trend, how long it took to fix, where defects were found, how many there are for each
    /// unit, and how many nobody has found yet.
    ///
    /// A defect is open from when it was first spoken of until it is done, as long as it is a defect; cancelled ones count in nothing.
    /// Re-opened, it has the age of its first opening. It was found in the stage that its attribute
    /// `stage_found`, or the field `stage`, says; else in `production` or `before_production`, by whether any release or build
    /// that it was found in had come to its users. Of a release that shipped lately not all has been found: the rate of each stands beside
    /// the time that it has been in use.
    ///
    /// Takes a look at every item, the history of the defects, a walk over the changes in production, and a step for each
    /// defect and part of the window.
    ///
    /// # Errors
    /// [`Error::UnknownZone`]; [`Error::UnknownItem`] for `within`; [`Error::Invalid`] for a window that ends before it
    /// starts or spans more than a hundred years, for groups that there are not, for more than a million rows, for a
    /// density without `within`, and for anything but two different finders.
    ///
    /// ```
    /// use vsm_core::{DefectsQuery, Event, FlowState, Kind, Span, ValueStream};
    /// let mut stream = ValueStream::new();
    /// for day in ["01", "20", "28"] {
    ///     let at = format!("2026-04-{day}T00:00:00Z").parse()?;
    ///     let mut event = Event::new("jira", day, at, format!("jira:BUG-{day}"));
    ///     (event.kind, event.set.state) = (Some(Kind::Defect), Some(FlowState::New));
    ///     stream.apply(event)?;
    /// }
    /// let query = DefectsQuery::new("2026-04-01T00:00:00Z".parse()?, "2026-04-30T00:00:00Z".parse()?, "UTC");
    /// let age = stream.defects(&query)?.open_age.unwrap();
    /// assert_eq!((age.median, age.p85), (Span::from_days(10), Span::from_days(29)));
    /// assert_eq!((age.mean.days() * 10.0).round(), 137.0);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn defects(&self, query: &DefectsQuery) -> Result<Defects> {
        self.as_of(query.at, Instant::MAX).defects_then(query)
    }

    fn defects_then(&self, query: &DefectsQuery) -> Result<Defects> {
        let zone = Zone::named(&query.zone)?;
        let whole = query.within.as_deref().map(|id| self.find(id)).transpose()?;
        let within = whole.map(|item| self.under(item));
        let finders = match query.finders.as_slice() {
            [] => None,
            [first, second] if first != second => Some((first, second)),
            _ => return Err(Error::invalid("finders", "must be two different names")),
        };
        if query.density_per.is_some() && whole.is_none() {
            return Err(Error::invalid("density_per", "goes with \"within\": by whose amount should it be?"));
        }
        let mut grounds = Grounds::default();
        let cases = cases(self, within.as_ref(), &mut grounds);
        let trend = trend::trend(self, query, &cases)?;
        let arrivals = Arrivals::new(self, query.at);
        let is_in_window = |at: Instant| query.start <= at && at < query.at;
        let found: Vec<&Case> = cases.iter().filter(|case| is_in_window(case.opened)).collect();
        let open = cases.iter().filter(|case| case.is_open);
        let ages: Vec<i64> = open.map(|case| query.at.since(case.opened).millis()).collect();
        let fixed = cases.iter().filter_map(|case| Some((case, case.fixed?)));
        let fixed: Vec<(&Case, (Instant, u32))> = fixed.filter(|(_, (at, _))| is_in_window(*at)).collect();
        let times: Vec<i64> = fixed.iter().map(|(case, (at, _))| at.since(case.opened).millis()).collect();

        let counts = |case: &&Case| {
            case.is_open || is_in_window(case.opened) || case.fixed.is_some_and(|(at, _)| is_in_window(at))
        };
        grounds.n = cases.iter().filter(counts).count() as u64;
        let opened = cases.iter().filter(counts).filter_map(|case| self.first_seen(case.item));
        grounds.evidence.extend(opened.map(|(_, event)| event));
        grounds.evidence.extend(fixed.iter().map(|(_, (_, event))| *event));
        let percentiles = query.percentiles.unwrap_or(PercentileRule::NearestRank);
        grounds.rule(format!("percentile:{percentiles}"));
        grounds.rule(format!("open:{}", query.open_rule.unwrap_or(OpenRule::EndOfBucket)));
        for rule in ["age:first_opened", "fixed:last_done", "escape:found_so_far"] {
            grounds.rule(rule);
        }
        let attribute = query.stage_attribute.as_deref();
        let (stages, escape_rate) =
            escapes::stages(self, &found, attribute, &query.production, &arrivals, &mut grounds);
        let latent = finders.map(|(first, second)| {
            grounds.rule("latent:chapman");
            latent::latent(self, &found, first, second)
        });
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        Ok(Defects {
            start: query.start,
            at: query.at,
            zone: zone.name().into(),
            open: u32::try_from(ages.len()).unwrap_or(u32::MAX),
            open_age: Durations::of(ages, percentiles),
            trend,
            found: count,
            time_to_fix: Durations::of(times, percentiles),
            fixed_within: fixed_within(&found, query.at)?,
            stages,
            escape_rate,
            releases: escapes::releases(self, &cases, &arrivals, query.at),
            density: query
                .density_per
                .as_deref()
                .zip(whole)
                .map(|(unit, item)| density(self, item, unit, count)),
            latent,
            basis: grounds.finish(self),
        })
    }
}

/// The defects among some items, by id.
fn cases(stream: &ValueStream, within: Option<&HashSet<u32>>, grounds: &mut Grounds) -> Vec<Case> {
    let items = stream.alphabetical().filter(|item| within.is_none_or(|set| set.contains(item)));
    items.filter_map(|item| Case::of(stream, item, grounds)).collect()
}

/// How many defects were found in each part of a window whose stage is known, and the part of these that was found in
/// production.
pub(super) fn escape_rates(
    stream: &ValueStream,
    query: &QualityTrendQuery,
    buckets: &Buckets,
    grounds: &mut Grounds,
) -> Result<Figures> {
    let within = stream.all_under(query.within.as_deref())?;
    let cases = cases(stream, within.as_ref(), grounds);
    let mut found: Vec<Vec<&Case>> = vec![Vec::new(); buckets.len()];
    for case in &cases {
        if let Some(part) = buckets.at(case.opened).and_then(|bucket| found.get_mut(bucket)) {
            part.push(case);
            grounds.n += 1;
            grounds.evidence.extend(stream.first_seen(case.item).map(|(_, event)| event));
        }
    }
    let arrivals = Arrivals::new(stream, query.end);
    let attribute = query.stage_attribute.as_deref();
    let rate = |found: Vec<&Case>| {
        let (stages, rate) =
            escapes::stages(stream, &found, attribute, &query.production, &arrivals, grounds);
        (stages.iter().map(|stage| u64::from(stage.found)).sum(), rate)
    };
    Ok(found.into_iter().map(rate).collect())
}

/// After how many days parts of some defects are fixed, the open ones counted as well. What ceased to be a defect was watched until
/// then.
fn fixed_within(cases: &[&Case], at: Instant) -> Result<Vec<SurvivalPercentile>> {
    let watched = |case: &&Case| {
        let end = case.fixed.map(|(at, _)| at);
        let left = case.spans.last().map_or(case.opened, |(_, to)| *to);
        (end.unwrap_or(left.min(at)).since(case.opened).days(), end.is_some())
    };
    let (durations, observed) = cases.iter().map(watched).unzip();
    let query = SurvivalQuery { durations, observed, ..SurvivalQuery::default() };
    Ok(survival(&query)?.percentiles)
}

fn density(stream: &ValueStream, item: u32, unit: &str, defects: u32) -> DefectDensity {
    let said = match unit {
        "size" => {
            stream.last(item, Set::size).map_or(Figure::Missing, |(size, event)| Figure::Known(size, event))
        }
        name => figure(stream, item, name),
    };
    let (amount, reason) = match said {
        Figure::Missing => (None, Some("no_amount")),
        Figure::NoNumber => (None, Some("amount_is_no_number")),
        Figure::Known(amount, _) if amount <= 0.0 => (Some(amount), Some("amount_not_positive")),
        Figure::Known(amount, _) => (Some(amount), None),
    };
    let density = amount.filter(|_| reason.is_none()).and_then(|amount| finite(f64::from(defects) / amount));
    let reason = reason.or(density.is_none().then_some("out_of_range"));
    DefectDensity { unit: unit.to_owned(), amount, defects, density, reason: reason.map(Into::into) }
}
