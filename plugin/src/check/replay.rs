//! What webhooks do not bring (S62): they tell of changes from when they are switched on,
//! and replay nothing of what was before. That is said when a switch is turned on, and until
//! an import has been run since; where HubSpot may be asked, with a number.

use crate::connect;
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::settings;
use crate::entity::Spec;
use crate::failure::Failure;
use crate::hubspot::client::{Client, Trouble};
use crate::hubspot::objects::Page;
use crate::hubspot::{search, time};
use crate::settings::{Api, Settings, Webhooks};
use crate::sync::cursor::Watermark;
use crate::sync::section::Section;
use crate::sync::{keys, memory};

use super::problem;

/// An entity whose switch is on, and what was before that is not in Halo.
#[derive(Debug)]
pub struct Missed {
    spec: &'static Spec,
    switch: &'static str,
    /// When it was last imported.
    until: Option<u64>,
}

/// Those of a settings document, which may be the one that rules already; none before
/// there is an account.
pub fn missed(settings: &Settings) -> Result<Vec<Missed>, Failure> {
    if !settings.webhooks.any() {
        return Ok(Vec::new());
    }
    let linked = match connect::linked() {
        Ok(linked) => linked,
        Err(failure) if failure.code == "not-connected" => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    // What rules is no concern of this check, so its slips are not either.
    let rules = Settings::parse(&settings::get()?.json).unwrap_or_default();
    let mut missed = Vec::new();
    for section in Section::all(settings) {
        let spec = section.spec();
        if !settings.webhooks.is_on(spec.objects) || section.may_import().is_err() {
            continue;
        }
        let scope = format!("{}{}", linked.prefix, spec.objects);
        let known: Option<Watermark> = memory::get(keys::watermark(&scope))?;
        if is_missed(rules.webhooks.is_on(spec.objects), known.as_ref()) {
            missed.push(Missed {
                spec,
                switch: Webhooks::switch(spec.objects),
                until: known.map(|known| known.until),
            });
        }
    }
    Ok(missed)
}

/// Whether something may have changed of which neither an import nor an event told.
fn is_missed(was_on: bool, known: Option<&Watermark>) -> bool {
    !was_on || known.is_none_or(|known| known.told.is_none())
}

/// How many objects have changed since, in the order of `missed`: one call for each.
pub fn counted(api: &Api, missed: &[Missed]) -> Result<Vec<Option<u64>>, Failure> {
    let linked = connect::linked()?;
    let mut client = Client::connected(api, &linked.account)?;
    let mut counts = Vec::with_capacity(missed.len());
    for missed in missed {
        let (objects, modified) = (missed.spec.objects, missed.spec.modified);
        let since = missed.until.unwrap_or_default();
        let call = search::count_since(client.version(), objects, modified, since);
        let page: Page = client.read(call).map_err(|trouble| match trouble {
            Trouble::Later(_, failure) | Trouble::Failed(failure) => failure,
        })?;
        counts.push(page.total);
    }
    Ok(counts)
}

/// What is said of it.
pub fn told(missed: &Missed, count: Option<u64>) -> Problem {
    let (one, objects) = (missed.spec.one, missed.spec.objects);
    let counted = count.map(|count| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {objects}"),
    });
    let what = match (missed.until, counted) {
        (Some(until), None) => {
            let until = time::seconds(until);
            format!("What HubSpot changed since the last import of {objects} ({until}) comes")
        }
        (Some(until), Some(counted)) => {
            let until = time::seconds(until);
            format!("HubSpot changed {counted} since the last import of them ({until}). They come")
        }
        (None, None) => format!("The {objects} that HubSpot has already come"),
        (None, Some(counted)) => format!("HubSpot has {counted} already. They come"),
    };
    let message = format!(
        "Webhooks tell of changes from now on, and nothing is replayed. {what} with an import of {objects}, as far as they are synced."
    );
    let path = format!("/webhooks/{}", missed.switch);
    problem(&path, Severity::Warning, "not-replayed", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::deal;

    #[test]
    fn s62_it_is_said_until_an_import_was_run_while_the_switch_was_on() {
        let known = |told: Option<&str>| Watermark {
            until: 1,
            settings: String::new(),
            without: Vec::new(),
            listed: 1,
            told: told.map(str::to_owned),
        };
        assert!(is_missed(false, None) && is_missed(true, None));
        assert!(is_missed(false, Some(&known(None))));
        assert!(is_missed(true, Some(&known(None))));
        // Off for a while, and on again.
        assert!(is_missed(false, Some(&known(Some("x")))));
        assert!(!is_missed(true, Some(&known(Some("x")))));
    }

    #[test]
    fn s62_each_sentence_says_what_an_import_brings() {
        let said = |until, count| {
            let missed = Missed {
                spec: &deal::SPEC,
                switch: "deals",
                until,
            };
            told(&missed, count).message
        };
        let since = Some(1_793_491_200_123);
        for (told, expected) in [
            (
                said(since, None),
                "What HubSpot changed since the last import of deals (2026-11-01T00:00:00Z) comes with an import of deals",
            ),
            (
                said(since, Some(1)),
                "HubSpot changed 1 deal since the last import of them (2026-11-01T00:00:00Z). They come",
            ),
            (said(None, None), "The deals that HubSpot has already come"),
            (
                said(None, Some(7)),
                "HubSpot has 7 deals already. They come",
            ),
        ] {
            assert!(told.contains(expected), "{told}");
            assert!(told.contains("nothing is replayed"), "{told}");
        }
    }
}
