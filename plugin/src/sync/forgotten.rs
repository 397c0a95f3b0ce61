//! People who wanted HubSpot to forget them (`contact.privacyDeletion`): no value of theirs
//! is remembered here either. Which record it was stays known, so that people can see to
//! that, and so that nothing is made of it a second time.

use super::gone::Gone;
use super::import::Job;
use super::plan::Agreed;
use super::{keys, memory};
use crate::contract::halo::integration::run::{self, RemoteObject, ReportRow};
use crate::contract::halo::integration::state;
use crate::failure::Failure;

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
        record: agreed.record,
        seen: agreed.seen,
        gone: Some(Gone::Lost),
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
        let told = reason("contact", "user", 7).message;
        assert!(told.contains("user 7 stays as it is"), "{told}");
    }
}
