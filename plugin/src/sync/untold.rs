//! Changes that an import found and of which no webhook told, though webhooks are switched
//! on. HubSpot never says that a subscription is missing or that it has stopped calling;
//! that an import still finds something is the only sign of it.
//!
//! **No false alarm.** Only what an import wrote counts, as what is not mapped has no
//! subscription; only what changed since an import under the very same settings, as before
//! that the switch may have been off; only what nobody has told of some time later. An
//! event that comes late takes its object off the list again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::import::Job;
use super::{keys, memory};
use crate::connect::Linked;
use crate::contract::halo::integration::run::ReportRow;
use crate::contract::halo::integration::state::{self, Write};
use crate::failure::Failure;
use crate::hubspot::objects::Object;
use crate::hubspot::{time, transport};
use crate::settings::{Settings, Webhooks};

/// Events come some minutes after the change; a host that is busy acts on them later still.
const LATE_MS: u64 = 15 * 60 * 1_000;
/// HubSpot repeats what was not taken for a day. Nothing that is older will be told, and
/// whoever has mended the subscriptions meanwhile is warned no longer.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Enough to say that they are many; all in one value of the state.
const MOST: usize = 100;
/// When the last event came is only noted so exactly: writing costs more than it tells.
const STEP_MS: u64 = 60 * 1_000;

/// What is remembered of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// When the last event of it was acted on.
    heard: u64,
    /// By HubSpot's id: when it changed.
    changed: BTreeMap<String, u64>,
}

/// What people are warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Silence {
    count: usize,
    first: u64,
    last: u64,
}

impl Untold {
    /// An import has brought these; `now` is when.
    fn brought(&mut self, rows: Vec<(String, u64)>, now: u64) {
        self.changed
            .retain(|_, at| now.saturating_sub(*at) < DAY_MS);
        for (id, at) in rows {
            if self.changed.len() < MOST || self.changed.contains_key(&id) {
                self.changed.insert(id, at);
            }
        }
    }

    /// Events told of these; answers whether that is worth remembering.
    fn told<'a>(&mut self, ids: impl Iterator<Item = &'a String>, now: u64) -> bool {
        let before = self.changed.len();
        for id in ids {
            self.changed.remove(id);
        }
        // What changed since the last event fell into a silence, and that is over.
        let heard = self.heard;
        self.changed.retain(|_, at| *at <= heard);
        // Also where the clock was set back.
        let is_news = now.abs_diff(heard) >= STEP_MS;
        if is_news {
            self.heard = now;
        }
        is_news || self.changed.len() != before
    }

    fn silence(&self, now: u64) -> Option<Silence> {
        let overdue = self.changed.values().copied();
        let overdue = overdue.filter(|at| (LATE_MS..DAY_MS).contains(&now.saturating_sub(*at)));
        let (count, first, last) = overdue.fold((0, u64::MAX, 0), |(count, first, last), at| {
            (count + 1, first.min(at), last.max(at))
        });
        (count > 0).then_some(Silence { count, first, last })
    }
}

impl Silence {
    fn sentence(&self, one: &str, objects: &str, url: &str) -> String {
        let what = match self.count {
            1 => format!("1 {one}"),
            MOST => format!("{MOST} {objects} or more"),
            count => format!("{count} {objects}"),
        };
        let (first, last) = (time::seconds(self.first), time::seconds(self.last));
        let when = match first == last {
            true => format!("at {first}"),
            false => format!("between {first} and {last}"),
        };
        format!(
            "an import brought {what} that HubSpot had changed {when}, and no webhook told of it: are the subscriptions of {objects} in the HubSpot app there and active, and does HubSpot reach {url}? The action webhook-subscriptions lists those that must be there."
        )
    }
}

/// Names the settings under which changes of an entity are told; nothing where they are not.
/// The revision tells what was switched off and on again meanwhile.
pub fn under(webhooks: &Webhooks, objects: &str, revision: u64) -> Option<String> {
    webhooks
        .is_on(objects)
        .then(|| super::cursor::fingerprint(&[&revision, webhooks]))
}

impl Job<'_> {
    /// Remembers which of the rows of a page no webhook has told of, and should have:
    /// those that were written and changed since that time.
    pub(super) fn brought(
        &self,
        since: u64,
        objects: &[Object],
        reports: &[ReportRow],
    ) -> Result<Option<Write>, Failure> {
        let prefix = &self.linked.prefix;
        let is_written = |id: &str| {
            let mut rows = reports.iter().filter(|row| row.outcome == "written");
            rows.any(|row| row.object.key.strip_prefix(prefix.as_str()) == Some(id))
        };
        let changed = objects.iter().filter_map(|object| {
            let at = object.changed_at().filter(|at| *at > since)?;
            Some((object, at))
        });
        let rows: Vec<(String, u64)> = changed
            .filter(|(object, _)| is_written(&object.id) && !self.may_have_opted_in(object))
            .map(|(object, at)| (object.id.clone(), at))
            .collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let key = keys::untold(&self.scope);
        let mut untold: Untold = memory::get(key.clone())?.unwrap_or_default();
        untold.brought(rows, transport::now());
        memory::put(key, &untold).map(Some)
    }

    /// Remembers that events told of these objects.
    pub fn told<'a>(&self, ids: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
        let key = keys::untold(&self.scope);
        let mut untold: Untold = memory::get(key.clone())?.unwrap_or_default();
        match untold.told(ids, transport::now()) {
            true => Ok(state::commit(&[memory::put(key, &untold)?])?),
            false => Ok(()),
        }
    }
}

/// A sentence for each entity whose events stay away, by its name.
pub fn warnings(
    settings: &Settings,
    linked: &Linked,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let Some(url) = &settings.webhooks.public_url else {
        return Ok(Vec::new());
    };
    let mut specs = Vec::new();
    for section in super::section::Section::all(settings) {
        if settings.webhooks.is_on(section.spec().objects) {
            specs.push(section.spec());
        }
    }
    let places = specs.iter();
    let places = places.map(|spec| keys::untold(&format!("{}{}", linked.prefix, spec.objects)));
    let known = memory::get_all::<Untold>(&places.collect::<Vec<_>>())?;
    let now = transport::now();
    let silent = specs.into_iter().zip(known).filter_map(|(spec, untold)| {
        let silence = untold?.silence(now)?;
        let told = silence.sentence(spec.one, spec.objects, url);
        Some((spec.objects, told))
    });
    Ok(silent.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;
    /// Of an account that is some days old.
    const T: u64 = 10 * DAY_MS;

    fn untold(heard: u64, changed: &[(&str, u64)]) -> Untold {
        let changed = changed.iter().map(|(id, at)| ((*id).to_owned(), *at));
        Untold {
            heard,
            changed: changed.collect(),
        }
    }

    fn count(untold: &Untold, now: u64) -> usize {
        untold.silence(now).map_or(0, |silence| silence.count)
    }

    #[test]
    fn nobody_is_warned_before_events_are_late_nor_when_a_day_is_over() {
        let one = untold(0, &[("1", T)]);
        for (later, expected) in [(0, 0), (14, 0), (15, 1), (23 * 60, 1), (24 * 60, 0)] {
            assert_eq!(count(&one, T + later * MINUTE), expected, "{later} min");
        }
        // A clock that was set back warns of nothing.
        assert_eq!(count(&one, T - MINUTE), 0);
    }

    #[test]
    fn an_event_that_comes_late_takes_its_object_off_the_list() {
        let mut some = untold(T + MINUTE, &[("1", T), ("2", T)]);
        assert!(some.told(["1".to_owned()].iter(), T + MINUTE));
        assert_eq!(count(&some, T + 20 * MINUTE), 1);
        assert!(
            !some.told(["9".to_owned()].iter(), T + MINUTE),
            "nothing new"
        );
    }

    #[test]
    fn any_event_ends_a_silence_and_what_was_missed_between_events_stays() {
        let mut silent = untold(T - MINUTE, &[("1", T), ("2", T + MINUTE)]);
        silent.told(["9".to_owned()].iter(), T + 30 * MINUTE);
        assert_eq!(count(&silent, T + 60 * MINUTE), 0);
        let mut partial = untold(T + 2 * MINUTE, &[("1", T), ("2", T + MINUTE)]);
        partial.told(["9".to_owned()].iter(), T + 30 * MINUTE);
        assert_eq!(count(&partial, T + 60 * MINUTE), 2);
    }

    #[test]
    fn no_more_are_kept_than_say_that_they_are_many() {
        let mut many = Untold::default();
        let rows = |from: usize| (from..from + 80).map(|id| (id.to_string(), T)).collect();
        many.brought(rows(0), T);
        many.brought(rows(80), T);
        let silence = many.silence(T + 60 * MINUTE).unwrap();
        let told = silence.sentence("deal", "deals", "https://halo.example/webhooks/x");
        assert!(
            told.starts_with("an import brought 100 deals or more "),
            "{told}"
        );
        many.brought(vec![("x".to_owned(), T + DAY_MS)], T + DAY_MS);
        assert_eq!(many.changed.len(), 1, "the old ones went");
    }

    #[test]
    fn other_settings_are_another_beginning() {
        let off = Webhooks::default();
        assert_eq!(under(&off, "deals", 1), None);
        let on = Webhooks { deals: true, ..off };
        assert_eq!(under(&on, "products", 1), None);
        assert!(under(&on, "deals", 1).is_some());
        assert_ne!(under(&on, "deals", 1), under(&on, "deals", 3));
    }
}
