//! People who wanted HubSpot to forget them (`contact.privacyDeletion`), and objects that
//! somebody has the host forget: no value of theirs is remembered here either. Which record
//! it was stays known, so that people can see to that, and so that nothing is made of it a
//! second time.

use std::collections::BTreeSet;

use super::gone::Gone;
use super::import::Job;
use super::plan::{Agreed, AgreedLine, AgreedSite};
use super::section::Section;
use super::{keys, memory};
use crate::connect;
use crate::contract::halo::integration::run::{self, RemoteObject, ReportRow};
use crate::contract::halo::integration::state::Entry;
use crate::contract::halo::integration::{records, settings, state};
use crate::failure::Failure;
use crate::patience::insist;
use crate::settings::Settings;

impl Job<'_> {
    /// Forgets the values of these objects, and reports which records they were.
    pub fn forget(&self, ids: &[String]) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        let spec = self.section.spec();
        let known: Vec<String> = ids.iter().map(|id| keys::agreed(&self.scope, id)).collect();
        let known = memory::get_all::<Agreed>(&known)?;
        let (mut writes, mut reports) = (Vec::new(), Vec::new());
        for (id, agreed) in ids.iter().zip(known) {
            writes.push(memory::remove(keys::intent(&self.scope, id)));
            writes.push(memory::remove(keys::held(&self.scope, id)));
            let Some(agreed) = agreed else { continue };
            reports.push(ReportRow {
                object: RemoteObject {
                    entity: spec.objects.to_owned(),
                    key: format!("{}{id}", self.linked.prefix),
                    title: String::new(),
                    address: None,
                },
                facets: Vec::new(),
                outcome: "skipped".to_owned(),
                reason: Some(reason(spec.one, spec.kind, agreed.record)),
                kind: spec.kind.to_owned(),
                record: Some(agreed.record),
                parts: Vec::new(),
            });
            let after = without_values(agreed);
            writes.push(memory::put(keys::agreed(&self.scope, id), &after)?);
        }
        state::commit(&writes)?;
        run::report(&reports)
    }
}

/// Forgets the values of one object, by its entity and external key, and of those that were
/// merged into it, as they are the same record; answers in how many places there were any.
pub fn by_hand(entity: &str, key: &str) -> Result<usize, Failure> {
    let settings = Settings::parse(&settings::get()?.json)?;
    let section = Section::of(&settings, entity).ok_or_else(|| {
        let message = format!("This connector has no entity {entity:?}.");
        Failure::new("not-found", message)
    })?;
    // Whoever has disconnected has people to forget all the same.
    let prefix = connect::prefix_of(key)?;
    let scope = format!("{prefix}{}", section.spec().objects);
    let id = key.strip_prefix(&prefix).unwrap_or(key).to_owned();
    let found = insist(|| records::resolve(section.spec().kind, &[key.to_owned()], &[]))?;
    let mut of_record: BTreeSet<u64> = found.iter().flatten().map(|record| record.id).collect();
    let mut ids = BTreeSet::from([id]);
    for record in found.iter().flatten() {
        ids.extend(keys::own_ids(&prefix, &record.keys).map(str::to_owned));
    }
    let places: Vec<String> = ids.iter().map(|id| keys::agreed(&scope, id)).collect();
    let mut writes = Vec::new();
    let known = memory::get_all::<Agreed>(&places)?;
    for (place, agreed) in places.into_iter().zip(known) {
        let Some(agreed) = agreed else { continue };
        of_record.insert(agreed.record);
        let after = emptied(agreed.clone());
        if after != agreed {
            writes.push(memory::put(place, &after)?);
        }
    }
    let of_ids = ids.iter().map(|id| keys::intent(&scope, id));
    let of_records = of_record.iter().flat_map(|record| {
        let record = *record;
        [
            keys::outgoing(&scope, record),
            keys::attempt(&scope, record),
        ]
    });
    let places: Vec<String> = of_ids.chain(of_records).collect();
    for entry in state::get(&places)?.into_iter().flatten() {
        let Entry { key, .. } = entry;
        writes.push(memory::remove(key));
    }
    state::commit(&writes)?;
    Ok(writes.len())
}

fn reason(one: &str, kind: &str, record: u64) -> Failure {
    Failure::new(
        "privacy-deleted",
        format!(
            "HubSpot has deleted the {one} for good, as that person has the right to. {kind} {record} stays as it is: see to what Halo holds of them, then have this host forget what its journal and reports say."
        ),
    )
}

fn without_values(agreed: Agreed) -> Agreed {
    Agreed {
        gone: Some(Gone::Lost),
        ..emptied(agreed)
    }
}

/// Which records it was, and nothing of what they hold.
fn emptied(agreed: Agreed) -> Agreed {
    let lines = { agreed.lines.into_iter() }.map(|(id, line)| {
        let record = line.record;
        let known = AgreedLine {
            record,
            ..AgreedLine::default()
        };
        (id, known)
    });
    Agreed {
        record: agreed.record,
        seen: agreed.seen,
        gone: agreed.gone,
        site: agreed.site.map(|site| AgreedSite {
            record: site.record,
            ..AgreedSite::default()
        }),
        lines: lines.collect(),
        ..Agreed::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_all_that_stays_known() {
        let text = |text: &str| Some(text.to_owned());
        let agreed = Agreed {
            record: 7,
            seen: 3,
            values: [("emailaddress".to_owned(), text("ada@example.com"))].into(),
            ..Agreed::default()
        };
        let after = serde_json::to_string(&without_values(agreed)).unwrap();
        assert!(
            !after.contains("ada") && after.contains("\"record\":7"),
            "{after}"
        );
        let line = AgreedLine {
            record: 8,
            values: [("note".to_owned(), text("for Ada"))].into(),
            modified: text("now"),
        };
        let quote = Agreed {
            record: 7,
            gone: Some(Gone::Deleted("then".to_owned())),
            lines: [("5".to_owned(), line)].into(),
            ..Agreed::default()
        };
        let after = emptied(quote.clone());
        assert_eq!(after.gone, quote.gone, "it is in HubSpot as before");
        let after = serde_json::to_string(&after).unwrap();
        assert!(
            !after.contains("Ada") && after.contains("\"record\":8"),
            "{after}"
        );
        let told = reason("contact", "user", 7).message;
        assert!(told.contains("user 7 stays as it is"), "{told}");
    }
}
