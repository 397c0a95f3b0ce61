//! What becomes of one account: a plain function of the settings, the account, and what
//! is known of Halo. Nothing here asks or writes.

use std::collections::BTreeSet;

use crate::KIND;
use crate::account::Account;
use crate::contract::halo::integration::records::{Row, RowOptions, Stored};
use crate::contract::halo::integration::types::{Field, RecordRef, Value};
use crate::failure::Failure;
use crate::matching::{Known, find, text_of};
use crate::settings::{Accounts, Names};

/// Fields that need no mapping row: Fernwhistle's, Halo's, and when.
pub const FIXED: [(&str, &str, &str); 3] = [
    (
        "name",
        "name",
        "of new customers; of others as the settings say",
    ),
    ("website", "website", FOLLOWS),
    ("phone", "main_phonenumber", FOLLOWS),
];
const FOLLOWS: &str = "whatever Halo has, unless Fernwhistle has nothing";

/// Where a customer sits.
const TOP_LEVEL: &str = "toplevel_id";

/// What becomes of an account.
#[derive(Debug, PartialEq)]
pub enum Fate {
    /// The settings leave it out.
    Skip(Failure),
    /// A person must decide.
    Stop(Failure),
    /// All is as it should be.
    Unchanged(u64),
    /// To be written.
    Write(Row),
}

/// Decides about an account.
pub fn plan(
    account: &Account,
    twins: &BTreeSet<String>,
    settings: &Accounts,
    known: &Known,
) -> Fate {
    if let Some(reason) = left_out(account, settings) {
        return Fate::Skip(reason);
    }
    let Some(name) = account.text("name") else {
        let message =
            "The account has no name, and a customer needs one. Give it a name in Fernwhistle.";
        return Fate::Stop(Failure::new("invalid", message));
    };
    match find(account, &name, twins, settings, known) {
        Err(failure) => Fate::Stop(failure),
        Ok(None) => Fate::Write(row(account, None, fields(account, None, settings))),
        Ok(Some(record)) => {
            let fields = fields(account, Some(record), settings);
            if fields.is_empty() && record.keys.contains(&account.id) {
                return Fate::Unchanged(record.id);
            }
            Fate::Write(row(account, Some(record), fields))
        }
    }
}

/// Why the settings leave an account out, if they do.
pub fn left_out(account: &Account, settings: &Accounts) -> Option<Failure> {
    let region = account.text("region").unwrap_or_default();
    if account.is_closed() && !settings.include_closed {
        return Some(Failure::new("closed", "The account is closed."));
    }
    if !settings.regions.is_empty() && !settings.regions.contains(&region) {
        let message = format!("The region {region:?} is not among those to include.");
        return Some(Failure::new("region", message));
    }
    None
}

/// Which fields fill which: the mapping rows, and the fixed ones that no row replaces.
pub fn pairs(settings: &Accounts) -> Vec<(&str, &str)> {
    let rows = settings.fields.iter();
    let mut pairs: Vec<(&str, &str)> = rows
        .map(|row| (row.from.as_str(), row.to.as_str()))
        .collect();
    for (from, to, _) in FIXED {
        if !pairs.iter().any(|(_, filled)| *filled == to) {
            pairs.push((from, to));
        }
    }
    pairs
}

/// Only what differs, so that a row without a difference leaves no trace. A field that
/// is empty in Fernwhistle takes nothing away.
fn fields(account: &Account, record: Option<&Stored>, settings: &Accounts) -> Vec<Field> {
    let keeps_name = record.is_some() && settings.existing_names == Names::Keep;
    let mut fields = Vec::new();
    for (from, to) in pairs(settings) {
        let now = record.and_then(|record| text_of(record, to));
        match account.text(from) {
            Some(text) if now != Some(&text) && !(keeps_name && to == "name") => {
                fields.push(field(to, Value::Text(text)));
            }
            _ => {}
        }
    }
    if let (None, Some(id)) = (record, settings.top_level) {
        fields.push(field(TOP_LEVEL, Value::Reference(RecordRef::Id(id))));
    }
    fields
}

fn field(name: &str, value: Value) -> Field {
    Field {
        name: name.to_owned(),
        value,
    }
}

/// Named by the external key, so that it may be sent again; with the revision that it
/// was compared with, so that nothing is written over an edit of this very moment.
fn row(account: &Account, record: Option<&Stored>, fields: Vec<Field>) -> Row {
    Row {
        kind: KIND.to_owned(),
        key: Some(account.id.clone()),
        id: record.map(|record| record.id),
        other_keys: Vec::new(),
        expected: record.map(|record| record.revision),
        fields,
        // The mapping table may take a link to another customer than it led to.
        options: match record {
            None => RowOptions::MAY_CREATE,
            Some(_) => RowOptions::MOVE_KEYS,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fate(
        account: serde_json::Value,
        settings: serde_json::Value,
        record: Option<Stored>,
    ) -> Fate {
        let account: Account = serde_json::from_value(account).unwrap();
        let settings: Accounts = serde_json::from_value(settings).unwrap();
        let linked = record.map(|record| (account.id.clone(), record));
        let known = Known {
            linked: linked.into_iter().collect(),
            ..Known::default()
        };
        plan(&account, &BTreeSet::new(), &settings, &known)
    }

    fn acme(fields: &[(&str, &str)]) -> Stored {
        let fields = fields
            .iter()
            .map(|(name, text)| field(name, Value::Text((*text).to_owned())));
        Stored {
            id: 7,
            revision: 3,
            fields: fields.collect(),
            keys: vec!["a".to_owned()],
        }
    }

    fn written(fate: Fate) -> Vec<(String, Value)> {
        let Fate::Write(row) = fate else {
            panic!("{fate:?}")
        };
        row.fields
            .into_iter()
            .map(|field| (field.name, field.value))
            .collect()
    }

    #[test]
    fn only_what_differs_is_written_and_nothing_is_taken_away() {
        let record = acme(&[
            ("name", "ACME"),
            ("website", "old.example"),
            ("notes", "kept"),
        ]);
        let account = json!({ "id": "a", "name": "Acme", "website": "new.example", "notes": "" });
        let settings = json!({ "fields": [{ "from": "notes", "to": "notes" }] });
        let website = ("website".to_owned(), Value::Text("new.example".to_owned()));
        let found = written(fate(account.clone(), settings, Some(record.clone())));
        assert_eq!(found, std::slice::from_ref(&website));
        let name = ("name".to_owned(), Value::Text("Acme".to_owned()));
        let follow = json!({ "existing-names": "follow" });
        assert_eq!(
            written(fate(account, follow, Some(record.clone()))),
            [name, website]
        );
        let same = json!({ "id": "a", "name": "Acme", "website": "old.example" });
        assert_eq!(fate(same, json!({}), Some(record)), Fate::Unchanged(7));
    }

    #[test]
    fn what_the_settings_leave_out_is_skipped_and_an_account_without_a_name_stops() {
        let reason = |fate| match fate {
            Fate::Skip(reason) => format!("skipped: {}", reason.code),
            Fate::Stop(reason) => format!("stopped: {}", reason.code),
            other => format!("{other:?}"),
        };
        let closed = json!({ "id": "a", "name": "Acme", "closed": true });
        assert_eq!(
            reason(fate(closed.clone(), json!({}), None)),
            "skipped: closed"
        );
        let all = json!({ "include-closed": true, "regions": ["north"] });
        assert_eq!(reason(fate(closed, all, None)), "skipped: region");
        let nameless = json!({ "id": "a", "name": "  " });
        assert_eq!(reason(fate(nameless, json!({}), None)), "stopped: invalid");
    }

    #[test]
    fn a_new_customer_gets_its_top_level() {
        let account = json!({ "id": "a", "name": "Acme" });
        let found = written(fate(account, json!({ "top-level": 1 }), None));
        let top_level = Value::Reference(RecordRef::Id(1));
        assert_eq!(found.last(), Some(&(TOP_LEVEL.to_owned(), top_level)));
    }
}
