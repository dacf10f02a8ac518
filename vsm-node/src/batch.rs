//! Batches of event objects.

use vsm_core::{ApplyReport, Event, Refusal, ValueStream};

use crate::error::Fallible;
use crate::js::{FromJs, Js};

/// Event objects, of which those that are none are refused one by one: a batch never fails for one event.
pub struct Batch(Vec<Result<Event, Refusal>>);

impl FromJs for Batch {
    fn from_js(value: Js) -> Fallible<Batch> {
        let events = value.each(|index, element| match Event::from_js(element) {
            Ok(event) => Ok(Ok(event)),
            Err(failure) => {
                let error = failure.within(|| "event".into()).into_core()?;
                Ok(Err(Refusal {
                    position: u64::from(index) + 1,
                    event: None,
                    code: error.code().into(),
                    reason: error.to_string(),
                }))
            }
        })?;
        Ok(Batch(events))
    }
}

impl Batch {
    /// Applies the events; positions in the report are those of the array.
    pub(crate) fn apply(self, stream: &mut ValueStream) -> ApplyReport {
        let mut positions = Vec::with_capacity(self.0.len());
        let mut unreadable = Vec::new();
        let events = (1..).zip(self.0).filter_map(|(position, event)| match event {
            Ok(event) => {
                positions.push(position);
                Some(event)
            }
            Err(refusal) => {
                unreadable.push(refusal);
                None
            }
        });
        let mut report = stream.apply_batch(events);
        for refusal in &mut report.refused {
            if let Some(position) = positions.get(refusal.position as usize - 1) {
                refusal.position = *position;
            }
        }
        report.refused.extend(unreadable);
        report.refused.sort_by_key(|refusal| refusal.position);
        report
    }
}
