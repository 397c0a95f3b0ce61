//! When imports run by themselves: the connector's settings say whether and which
//! entities, the configuration says when. Plain functions; `schedule/run.rs` runs what is
//! due.
//!
//! **Missed.** What was due while nothing ran is run once, and its next time counts from
//! then.

use std::time::Duration;

use cronexpr::{Crontab, MakeTimestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::description::Description;
use crate::model::Timestamp;

mod near_live;
mod run;

pub use near_live::{NearLive, Polled, near_live};
pub use run::{Due, Next, next_runs, run_due};

/// The shortest interval: remotes count calls, and a run of nothing new costs some.
const SHORTEST: Duration = Duration::from_secs(60);

/// `[connector.NAME.schedule]`: `every`, `cron` or `near-live`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Schedule {
    /// `15m`, `2h`, `1d`.
    #[serde(default)]
    pub every: Option<String>,
    /// Minute, hour, day of the month, month, day of the week.
    #[serde(default)]
    pub cron: Option<String>,
    /// Where `cron` is meant; UTC when left out.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// As often as this host does it, in place of what the remote would tell of by itself.
    #[serde(default)]
    pub near_live: bool,
    /// For an entity, in place of the above.
    #[serde(default)]
    pub entity: std::collections::BTreeMap<String, Schedule>,
}

/// A schedule, ready for use.
#[derive(Clone, Debug)]
pub enum Times {
    /// At an interval.
    Every(Duration),
    /// By the clock of a place.
    Cron(Box<Crontab>),
}

impl Times {
    /// The next time after one.
    pub fn after(&self, at: Timestamp) -> Result<Timestamp, String> {
        match self {
            Times::Every(every) => {
                let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
                Ok(at.saturating_add(every))
            }
            Times::Cron(crontab) => {
                let at = i64::try_from(at).map_err(|error| error.to_string())?;
                let at = MakeTimestamp::from_millisecond(at).map_err(|error| error.to_string())?;
                let next = crontab.find_next(at).map_err(|error| error.to_string())?;
                Timestamp::try_from(next.timestamp().as_millisecond())
                    .map_err(|error| error.to_string())
            }
        }
    }
}

impl Schedule {
    /// Every problem, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        if self.own().is_none() && self.entity.is_empty() {
            return Err(
                "say when: every = \"1h\", cron = \"0 6 * * *\" or near-live = true.".to_owned(),
            );
        }
        self.times()?;
        for (entity, schedule) in &self.entity {
            let of = |detail: String| format!("entity.{entity}: {detail}");
            if schedule.own().is_none() {
                return Err(of(
                    "say when: every = \"1h\", cron = \"0 6 * * *\" or near-live = true."
                        .to_owned(),
                ));
            }
            schedule.times().map_err(of)?;
            if !schedule.entity.is_empty() {
                return Err(of("an entity has no entities of its own.".to_owned()));
            }
        }
        Ok(())
    }

    /// When an entity is imported; nothing where that is not said.
    pub fn of(&self, entity: &str) -> Result<Option<Times>, String> {
        match self.entity.get(entity) {
            Some(own) => own.times(),
            None => self.times(),
        }
    }

    /// What was written for an entity, to tell a changed schedule by.
    pub fn print(&self, entity: &str) -> String {
        let of = self.entity.get(entity).unwrap_or(self);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        format!(
            "{}|{}|{}",
            text(&of.every),
            text(&of.cron),
            text(&of.time_zone)
        ) + if of.near_live { "|near-live" } else { "" }
    }

    /// Whether an entity is polled near-live.
    pub fn is_near_live(&self, entity: &str) -> bool {
        self.entity.get(entity).unwrap_or(self).near_live
    }

    fn own(&self) -> Option<()> {
        (self.every.is_some() || self.cron.is_some() || self.near_live).then_some(())
    }

    fn times(&self) -> Result<Option<Times>, String> {
        if self.near_live {
            return match (&self.every, &self.cron, &self.time_zone) {
                (None, None, None) => Ok(Some(Times::Every(SHORTEST))),
                _ => {
                    Err("near-live is each minute: leave out every, cron and time-zone.".to_owned())
                }
            };
        }
        match (&self.every, &self.cron) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err("use every or cron, not both.".to_owned()),
            (Some(every), None) => {
                if self.time_zone.is_some() {
                    return Err("time-zone is for cron; an interval needs none.".to_owned());
                }
                Ok(Some(Times::Every(interval(every)?)))
            }
            (None, Some(cron)) => {
                let zone = self.time_zone.as_deref().unwrap_or("UTC");
                let crontab =
                    cronexpr::parse_crontab(&format!("{cron} {zone}")).map_err(|error| {
                        format!(
                            "cron = {cron:?} with time zone {zone:?} cannot be used: {}.",
                            first_line(&error.to_string())
                        )
                    })?;
                Ok(Some(Times::Cron(Box::new(crontab))))
            }
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
}

/// `90s`, `15m`, `2h`, `1d`.
fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || format!("every = {text:?} is no interval; write 15m, 2h or 1d.");
    let text = text.trim();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].trim().parse().map_err(|_| wrong())?;
    let every = Duration::from_secs(count.checked_mul(seconds).ok_or_else(wrong)?);
    if every < SHORTEST {
        return Err(format!(
            "every = {text:?} is too short; at least {} s.",
            SHORTEST.as_secs()
        ));
    }
    Ok(every)
}

/// What a connector's settings say of scheduled imports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// Whether they run at all.
    pub enabled: bool,
    /// Which, in the order of imports.
    pub entities: Vec<String>,
}

/// Reads it where the description says it is (`schedule` in `wit/README.md`).
pub fn wanted(description: &Description, settings: &str) -> Wanted {
    let (Some(places), Ok(settings)) = (
        &description.schedule,
        serde_json::from_str::<Json>(settings),
    ) else {
        return Wanted::default();
    };
    let enabled = settings.pointer(&places.enabled) == Some(&Json::Bool(true));
    let chosen: Option<Vec<&str>> = settings
        .pointer(&places.entities)
        .and_then(Json::as_array)
        .map(|list| list.iter().filter_map(Json::as_str).collect());
    let entities = description.entities.iter().filter(|entity| entity.import);
    Wanted {
        enabled,
        entities: entities
            .map(|entity| entity.name.clone())
            .filter(|name| {
                chosen
                    .as_ref()
                    .is_none_or(|chosen| chosen.contains(&name.as_str()))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(text: &str) -> Result<Schedule, String> {
        let schedule: Schedule = toml::from_str(text).map_err(|error| error.to_string())?;
        schedule.check().map(|()| schedule)
    }

    /// `2026-10-24T12:00:00Z` in milliseconds.
    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().unwrap();
        at.as_millisecond().try_into().unwrap()
    }

    #[test]
    fn s63_an_interval_counts_from_the_last_time() {
        let times = schedule("every = \"15m\"").unwrap().of("companies");
        let next = times.unwrap().unwrap().after(1_000).unwrap();
        assert_eq!(next, 1_000 + 15 * 60 * 1_000);
    }

    #[test]
    fn s63_six_o_clock_is_six_o_clock_also_when_the_clocks_change() {
        let text = "cron = \"0 6 * * *\"\ntime-zone = \"Europe/Berlin\"";
        let times = schedule(text).unwrap().of("deals").unwrap().unwrap();
        // Summer time ends in the night to 2026-10-25.
        for (from, expected) in [
            ("2026-10-24T03:59:00Z", "2026-10-24T04:00:00Z"),
            ("2026-10-24T04:00:00Z", "2026-10-25T05:00:00Z"),
            ("2027-03-27T05:00:00Z", "2027-03-28T04:00:00Z"),
        ] {
            assert_eq!(times.after(at(from)), Ok(at(expected)), "{from}");
        }
    }

    #[test]
    fn an_entity_may_have_times_of_its_own() {
        let text = "every = \"1d\"\n[entity.deals]\nevery = \"5m\"";
        let schedule = schedule(text).unwrap();
        let next = |entity: &str| schedule.of(entity).unwrap().unwrap().after(0).unwrap();
        assert_eq!((next("deals"), next("companies")), (300_000, 86_400_000));
        assert_ne!(schedule.print("deals"), schedule.print("companies"));
    }

    #[test]
    fn near_live_is_each_minute_for_all_or_for_some() {
        let minute = |schedule: &Schedule, entity: &str| {
            let times = schedule.of(entity).unwrap();
            times.map(|times| times.after(0)) == Some(Ok(60_000)) && schedule.is_near_live(entity)
        };
        let all = schedule("near-live = true\n[entity.companies]\nevery = \"1d\"").unwrap();
        assert!(minute(&all, "deals") && !minute(&all, "companies"));
        let some = schedule("[entity.deals]\nnear-live = true").unwrap();
        assert!(minute(&some, "deals") && some.of("companies").unwrap().is_none());
        let hourly = schedule("every = \"1h\"").unwrap();
        assert_ne!(all.print("deals"), hourly.print("deals"));
    }

    #[test]
    fn what_cannot_be_used_is_said_in_a_sentence() {
        for (text, said) in [
            ("", "say when"),
            ("every = \"soon\"", "is no interval"),
            ("every = \"10s\"", "too short"),
            ("every = \"99999999999999999999d\"", "is no interval"),
            ("every = \"1h\"\ncron = \"* * * * *\"", "not both"),
            ("every = \"1h\"\ntime-zone = \"UTC\"", "is for cron"),
            ("cron = \"61 * * * *\"", "cannot be used"),
            (
                "cron = \"0 6 * * *\"\ntime-zone = \"Europe/Atlantis\"",
                "cannot be used",
            ),
            ("[entity.deals]\nevery = \"x\"", "entity.deals: every"),
            ("[entity.deals]", "entity.deals: say when"),
            ("near-live = false", "say when"),
            ("near-live = true\nevery = \"1m\"", "leave out every"),
            ("near-live = \"yes\"", "expected a boolean"),
        ] {
            let told = schedule(text).unwrap_err();
            assert!(told.contains(said), "{text}: {told}");
        }
    }

    #[test]
    fn s64_the_settings_choose_and_the_order_is_that_of_imports() {
        let description = r#"{ "format": 1, "name": "x", "version": "1",
            "schedule": { "enabled": "/schedule/enabled", "entities": "/schedule/entities" },
            "entities": [
                { "name": "companies", "label": "", "kind": "customer", "import": true },
                { "name": "notes", "label": "", "kind": "note" },
                { "name": "contacts", "label": "", "kind": "user", "import": true } ] }"#;
        let description = Description::parse(description).unwrap();
        let wanted = |settings: &str| {
            let wanted = super::wanted(&description, settings);
            (wanted.enabled, wanted.entities.join(" "))
        };
        let all = "companies contacts".to_owned();
        assert_eq!(wanted("{}"), (false, all.clone()));
        assert_eq!(
            wanted(r#"{"schedule": {"enabled": true}}"#),
            (true, all.clone())
        );
        let chosen = r#"{"schedule": {"enabled": true, "entities": ["contacts", "notes"]}}"#;
        assert_eq!(wanted(chosen), (true, "contacts".to_owned()));
        let turned = r#"{"schedule": {"enabled": true, "entities": ["contacts", "companies"]}}"#;
        assert_eq!(wanted(turned), (true, all));
        assert!(!wanted("not JSON").0);
    }
}
