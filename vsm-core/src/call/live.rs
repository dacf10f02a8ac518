//! The same door to what is kept up to date beside a stream.

use super::{field, only, parse, text, unknown, whole};
use crate::analyze::{LiveMetric, LiveSchedule, Watch};
use crate::error::Result;
use crate::stream::ValueStream;
use crate::time::Instant;

/// The names that [`Watch::call`] knows.
pub const WATCH_CALLS: &[&str] = &["advance", "at", "update", "verdict"];

/// The names that [`LiveMetric::call`] knows.
pub const LIVE_METRIC_CALLS: &[&str] = &["follow", "query", "state", "table", "update"];

/// The names that [`LiveSchedule::call`] knows.
pub const LIVE_SCHEDULE_CALLS: &[&str] = &["change", "critical_path", "finish", "network"];

impl Watch {
    /// As [`ValueStream::watch`], the query as JSON.
    ///
    /// # Errors
    /// As there; [`Error::Document`](crate::Error::Document) and [`Error::Invalid`](crate::Error::Invalid) for a query that
    /// is none, or has a field that nobody knows.
    pub fn from_json(stream: &ValueStream, query: &str) -> Result<Watch> {
        stream.watch(&whole(&parse(query)?)?)
    }

    /// Calls a method by name, with its arguments beside the stream as a JSON object, and gives its answer as JSON.
    ///
    /// # Errors
    /// Those of the method; [`Error::Document`](crate::Error::Document) for text that is not JSON;
    /// [`Error::Invalid`](crate::Error::Invalid) for a name that is not in [`WATCH_CALLS`] and for arguments that
    /// don't fit, naming the field.
    ///
    /// ```
    /// use vsm_core::{ValueStream, WatchQuery};
    /// let stream = ValueStream::new();
    /// let mut watch = stream.watch(&WatchQuery::new("2026-03-02T00:00:00Z".parse()?))?;
    /// assert_eq!(watch.call(&stream, "at", "{}")?, r#""2026-03-02T00:00:00.000Z""#);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn call(&mut self, stream: &ValueStream, name: &str, arguments: &str) -> Result<String> {
        if !WATCH_CALLS.contains(&name) {
            return Err(unknown(name, WATCH_CALLS));
        }
        let args = parse(arguments)?;
        match name {
            "advance" => only(&args, &["at"])?,
            "verdict" => only(&args, &["item"])?,
            _ => only(&args, &[])?,
        }
        match name {
            "advance" => text(&self.advance(stream, field::<Instant>(&args, "at")?)?),
            "at" => text(&self.at()),
            "update" => text(&self.update(stream)?),
            _ => text(&self.verdict(stream, &field::<String>(&args, "item")?)?),
        }
    }
}

impl LiveMetric {
    /// As [`ValueStream::live_metric`], the query as JSON.
    ///
    /// # Errors
    /// As there; [`Error::Document`](crate::Error::Document) and [`Error::Invalid`](crate::Error::Invalid) for a query that
    /// is none, or has a field that nobody knows.
    pub fn from_json(stream: &ValueStream, query: &str) -> Result<LiveMetric> {
        stream.live_metric(&whole(&parse(query)?)?)
    }

    /// Calls a method by name, which takes nothing but the stream, and gives its answer as JSON.
    ///
    /// # Errors
    /// Those of the method; [`Error::Document`](crate::Error::Document) for text that is not JSON;
    /// [`Error::Invalid`](crate::Error::Invalid) for a name that is not in [`LIVE_METRIC_CALLS`] and for arguments,
    /// naming the field.
    ///
    /// ```
    /// use vsm_core::{MetricQuery, ValueStream};
    /// let stream = ValueStream::new();
    /// let query = MetricQuery::new("throughput", "2026-03-01T00:00:00Z".parse()?, "2026-04-01T00:00:00Z".parse()?, "UTC");
    /// let mut live = stream.live_metric(&query)?;
    /// assert_eq!(live.call(&stream, "follow", "{}")?, "0");
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn call(&mut self, stream: &ValueStream, name: &str, arguments: &str) -> Result<String> {
        if !LIVE_METRIC_CALLS.contains(&name) {
            return Err(unknown(name, LIVE_METRIC_CALLS));
        }
        only(&parse(arguments)?, &[])?;
        match name {
            "follow" => text(&self.follow(stream)?),
            "query" => text(self.query()),
            "state" => text(&self.state(stream)?),
            "table" => text(&self.table(stream)?),
            _ => text(&self.update(stream)?),
        }
    }
}

impl LiveSchedule {
    /// As [`LiveSchedule::new`], the network as JSON.
    ///
    /// # Errors
    /// As there; [`Error::Document`](crate::Error::Document) and [`Error::Invalid`](crate::Error::Invalid) for a network that
    /// is none, or has a field that nobody knows.
    pub fn from_json(network: &str) -> Result<LiveSchedule> {
        LiveSchedule::new(whole(&parse(network)?)?)
    }

    /// Calls a method by name, with its arguments as a JSON object, and gives its answer as JSON. The arguments of
    /// `change` are the fields of a [`NetworkChange`](crate::NetworkChange); the others take none.
    ///
    /// # Errors
    /// Those of the method; [`Error::Document`](crate::Error::Document) for text that is not JSON;
    /// [`Error::Invalid`](crate::Error::Invalid) for a name that is not in [`LIVE_SCHEDULE_CALLS`] and for arguments that
    /// don't fit, naming the field.
    ///
    /// ```
    /// use vsm_core::{LiveSchedule, NetworkQuery};
    /// let mut live = LiveSchedule::new(NetworkQuery::new("2026-03-02T00:00:00Z".parse()?, vec![], vec![]))?;
    /// assert_eq!(live.call("finish", "{}")?, r#""2026-03-02T00:00:00.000Z""#);
    /// # Ok::<(), vsm_core::Error>(())
    /// ```
    pub fn call(&mut self, name: &str, arguments: &str) -> Result<String> {
        if !LIVE_SCHEDULE_CALLS.contains(&name) {
            return Err(unknown(name, LIVE_SCHEDULE_CALLS));
        }
        let args = parse(arguments)?;
        if name != "change" {
            only(&args, &[])?;
        }
        match name {
            "change" => text(&self.change(&whole(&args)?)?),
            "critical_path" => text(&self.critical_path()),
            "finish" => text(&self.finish()),
            _ => text(self.network()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::{NetworkQuery, WatchQuery};
    use crate::call;

    const MONDAY: &str = "2026-03-02T00:00:00Z";

    #[test]
    fn a_watch_tells_what_changed() {
        let mut stream = ValueStream::new();
        let mut watch = stream.watch(&WatchQuery::new(MONDAY.parse().unwrap())).unwrap();
        let event = format!(
            r#"{{"source":"t","id":"1","occurred_at":"{MONDAY}","item":"t:1","kind":"story","set":{{"state":"done"}}}}"#
        );
        call(&mut stream, "apply", &event).unwrap();
        let changes = watch.call(&stream, "update", "").unwrap();
        assert!(changes.contains(r#""item":"t:1""#), "{changes}");
        let verdict = watch.call(&stream, "verdict", r#"{"item":"t:1"}"#).unwrap();
        assert_eq!(verdict, text(&watch.verdict(&stream, "t:1").unwrap()).unwrap());
        watch.call(&stream, "advance", r#"{"at":"2026-03-03T00:00:00Z"}"#).unwrap();
        assert_eq!(watch.call(&stream, "at", "{}").unwrap(), r#""2026-03-03T00:00:00.000Z""#);
    }

    #[test]
    fn a_metric_is_kept_up_to_date() {
        let mut stream = ValueStream::new();
        let query = format!(
            r#"{{"metric":"throughput","start":"{MONDAY}","end":"2026-04-01T00:00:00Z","zone":"UTC"}}"#
        );
        let mut live = LiveMetric::from_json(&stream, &query).unwrap();
        assert_eq!(live.call(&stream, "query", "").unwrap(), text(live.query()).unwrap());
        let done = |n: u32| {
            format!(
                r#"{{"source":"t","id":"{n}","occurred_at":"{MONDAY}","item":"t:{n}","kind":"story","set":{{"state":"done"}}}}"#
            )
        };
        call(&mut stream, "apply", &done(1)).unwrap();
        assert_eq!(live.call(&stream, "follow", "{}").unwrap(), "1");
        call(&mut stream, "apply", &done(2)).unwrap();
        let changes = live.call(&stream, "update", "").unwrap();
        assert!(changes.contains(r#""n":2,"value":2.0"#), "{changes}");
        let table = stream.metric(live.query()).unwrap();
        assert_eq!(live.call(&stream, "table", "{}").unwrap(), text(&table).unwrap());
        let state = stream.metric_state(live.query()).unwrap();
        assert_eq!(live.call(&stream, "state", "{}").unwrap(), text(&state).unwrap());
        let misspelt = query.replace("zone", "zones");
        assert!(LiveMetric::from_json(&stream, &misspelt).unwrap_err().to_string().contains("zone"));
        for (name, arguments, expected) in [
            ("fortune", "{}", "follow, query, state, table, update"),
            ("update", r#"{"at":1}"#, "at"),
            ("table", "[", "column"),
        ] {
            let reason = live.call(&stream, name, arguments).unwrap_err().to_string();
            assert!(reason.contains(expected), "{name}: {reason}");
        }
    }

    #[test]
    fn a_schedule_takes_changes() {
        let mut live = LiveSchedule::new(NetworkQuery::new(MONDAY.parse().unwrap(), vec![], vec![])).unwrap();
        live.call("change", r#"{"activities":[{"id":"A","duration":3600000}]}"#).unwrap();
        assert_eq!(live.call("finish", "{}").unwrap(), r#""2026-03-02T01:00:00.000Z""#);
        assert!(live.call("network", "{}").unwrap().contains(r#""id":"A""#));
        assert_eq!(live.call("critical_path", "").unwrap(), text(&live.critical_path()).unwrap());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let stream = ValueStream::new();
        let mut watch = Watch::from_json(&stream, &format!(r#"{{"at":"{MONDAY}"}}"#)).unwrap();
        let network = format!(r#"{{"start":"{MONDAY}","activities":[],"dependencies":[]}}"#);
        let mut live = LiveSchedule::from_json(&network).unwrap();
        let misspelt = format!(r#"{{"at":"{MONDAY}","stages":"uat"}}"#);
        assert!(Watch::from_json(&stream, &misspelt).unwrap_err().to_string().contains("stages"));
        let misspelt = network.replace("activities", "activity");
        assert!(LiveSchedule::from_json(&misspelt).unwrap_err().to_string().contains("activit"));
        let mut refused = |is_watch: bool, name: &str, arguments: &str| {
            let answer = match is_watch {
                true => watch.call(&stream, name, arguments),
                false => live.call(name, arguments),
            };
            answer.unwrap_err().to_string()
        };
        for (is_watch, name, arguments, expected) in [
            (true, "fortune", "{}", "advance, at, update, verdict"),
            (true, "update", r#"{"at":1}"#, "at"),
            (true, "advance", "{}", "at"),
            (true, "verdict", r#"{"item":7}"#, "item"),
            (true, "at", "[", "column"),
            (false, "fortune", "{}", "change, critical_path, finish, network"),
            (false, "advance", r#"{"at":1}"#, "change, critical_path"),
            (false, "finish", r#"{"at":1}"#, "at"),
            (false, "change", r#"{"activity":[]}"#, "activity"),
            (false, "change", r#"{"removed_activities":["nobody"]}"#, "nobody"),
        ] {
            let reason = refused(is_watch, name, arguments);
            assert!(reason.contains(expected), "{name}: {reason}");
        }
    }
}
