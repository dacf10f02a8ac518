//! A calendar read out of its texts, or refused.

use chrono::NaiveDate;

use super::blackout::Blackout;
use super::occurrences::Occurrences;
use super::records::Calendar;
use super::rule::Rule;
use super::week::{Slot, Week, read_date, read_slot, read_week};
use crate::error::{Error, Result};
use crate::time::Zone;

/// What a calendar says, ready to be laid out.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) zone: Zone,
    pub(super) week: Week,
    /// In ascending order.
    pub(super) exceptions: Vec<(NaiveDate, Vec<Slot>)>,
    /// In no order.
    pub(super) holidays: Vec<NaiveDate>,
    pub(super) holiday_rules: Vec<Rule>,
    /// Whether nobody works in it, and when it is on; as the calendar lists them.
    pub(super) blackouts: Vec<(bool, Occurrences)>,
}

impl Calendar {
    pub(crate) fn check(&self) -> Result<()> {
        self.read().map(drop)
    }

    /// The blackouts with the times at which they are on. Of a calendar that was checked.
    pub(crate) fn into_blackouts(self) -> impl Iterator<Item = (Blackout, Occurrences)> {
        let zone = Zone::named(&self.zone);
        let when = zone.and_then(|zone| self.read_blackouts(zone)).unwrap_or_default();
        self.blackouts.into_iter().zip(when)
    }

    pub(super) fn read(&self) -> Result<Read> {
        self.check_size()?;
        let zone = Zone::named(&self.zone)?;
        let week = read_week(&self.hours)?;
        let holidays = self.holidays.iter().map(|day| read_date(day, "calendar.holidays"));
        let holidays = holidays.collect::<Result<Vec<_>>>()?;
        let holiday_rules = self.holiday_rules.iter().enumerate().map(|(n, holiday)| {
            let first = read_date(&holiday.day, &format!("calendar.holiday_rules[{n}].day"))?;
            let field = format!("calendar.holiday_rules[{n}].rrule");
            let rule = Rule::new(&holiday.rrule, first, &field)?;
            match rule.until() {
                Some(_) => {
                    Err(Error::invalid(&field, "UNTIL must be a day as YYYYMMDD, as holidays are days"))
                }
                None => Ok(rule),
            }
        });
        let holiday_rules = holiday_rules.collect::<Result<Vec<_>>>()?;
        let stop_work = self.blackouts.iter().map(Blackout::stops_work);
        let blackouts = stop_work.zip(self.read_blackouts(zone)?).collect();
        Ok(Read { zone, week, exceptions: self.read_exceptions()?, holidays, holiday_rules, blackouts })
    }

    fn read_blackouts(&self, zone: Zone) -> Result<Vec<Occurrences>> {
        let blackouts = self.blackouts.iter().enumerate();
        blackouts
            .map(|(n, blackout)| Occurrences::of(blackout, zone, &format!("calendar.blackouts[{n}]")))
            .collect()
    }

    fn read_exceptions(&self) -> Result<Vec<(NaiveDate, Vec<Slot>)>> {
        let mut exceptions: Vec<(NaiveDate, Vec<Slot>)> = Vec::with_capacity(self.exceptions.len());
        for (n, exception) in self.exceptions.iter().enumerate() {
            let day = read_date(&exception.day, &format!("calendar.exceptions[{n}].day"))?;
            if exception.hours.len() > 24 {
                let field = format!("calendar.exceptions[{n}].hours");
                return Err(Error::invalid(
                    &field,
                    format!("has {} entries, more than 24", exception.hours.len()),
                ));
            }
            let slots = exception.hours.iter().enumerate().map(|(m, hours)| {
                read_slot(&hours.start, &hours.end, format_args!("calendar.exceptions[{n}].hours[{m}]"))
            });
            let mut slots = slots.collect::<Result<Vec<Slot>>>()?;
            slots.sort_unstable();
            exceptions.push((day, slots));
        }
        exceptions.sort_unstable();
        let twice = exceptions.windows(2).find_map(|pair| match pair {
            [(day, _), (next, _)] if day == next => Some(day),
            _ => None,
        });
        match twice {
            Some(day) => Err(Error::invalid("calendar.exceptions", format!("{day} is there twice"))),
            None => Ok(exceptions),
        }
    }

    /// A calendar is laid out for decades; a small text must not become a large one.
    fn check_size(&self) -> Result<()> {
        let repeat = |blackout: &&Blackout| blackout.every_days.is_some() || blackout.rrule.is_some();
        let repeating = self.blackouts.iter().filter(repeat).count();
        for (field, count, most, what) in [
            ("calendar.hours", self.hours.len(), 100, "entries"),
            ("calendar.holidays", self.holidays.len(), 10_000, "entries"),
            ("calendar.holiday_rules", self.holiday_rules.len(), 50, "entries"),
            ("calendar.exceptions", self.exceptions.len(), 1_000, "entries"),
            ("calendar.blackouts", self.blackouts.len(), 1_000, "entries"),
            ("calendar.blackouts", repeating, 20, "repeating ones"),
        ] {
            if count > most {
                return Err(Error::invalid(field, format!("has {count} {what}, more than {most}")));
            }
        }
        Ok(())
    }
}
