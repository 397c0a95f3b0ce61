//! Which customer an account is: by the mapping table, by its link, or by name; else a
//! new one. Nothing is guessed: where two could be meant, the row stops and names both.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::Account;
use crate::contract::halo::integration::records::Stored;
use crate::contract::halo::integration::types::Value;
use crate::failure::Failure;
use crate::settings::Accounts;

/// What was looked up for some accounts.
#[derive(Debug, Default)]
pub struct Known {
    /// By account: the customer that is linked.
    pub linked: BTreeMap<String, Stored>,
    /// By Halo's id: the customers of the mapping table that exist.
    pub tabled: BTreeMap<u64, Stored>,
    /// Customers that may have the name of one of the accounts.
    pub named: Vec<Stored>,
}

/// The customer of an account; nothing for a new one. `twins` are the folded names that
/// several accounts have.
pub fn find<'a>(
    account: &Account,
    name: &str,
    twins: &BTreeSet<String>,
    settings: &Accounts,
    known: &'a Known,
) -> Result<Option<&'a Stored>, Failure> {
    if let Some(id) = settings.customer_of(&account.id) {
        let record = known.tabled.get(&id).ok_or_else(|| {
            let message = format!("The customer mapping table names customer {id}, which does not exist. Correct or remove the row.");
            Failure::new("not-found", message)
        })?;
        return free(record, account, settings).map(Some);
    }
    if let Some(record) = known.linked.get(&account.id) {
        return Ok(Some(record));
    }
    let name = fold(name);
    // The host may answer too many; what counts is our own comparison.
    let has_name =
        |record: &&Stored| text_of(record, "name").is_some_and(|text| fold(text) == name);
    let same: Vec<&Stored> = known.named.iter().filter(has_name).collect();
    let ambiguous = |what: String| {
        let message = format!("{what}; name the right customer in the customer mapping table.");
        Err(Failure::new("ambiguous", message))
    };
    match same.as_slice() {
        _ if twins.contains(&name) => ambiguous("Several accounts have this name".to_owned()),
        [] => Ok(None),
        [record] => free(record, account, settings).map(Some),
        [one, other, ..] => ambiguous(format!(
            "Customers {} and {} have this name",
            one.id, other.id
        )),
    }
}

/// The record, unless it is another account's: by its link, or by the mapping table.
fn free<'a>(
    record: &'a Stored,
    account: &Account,
    settings: &Accounts,
) -> Result<&'a Stored, Failure> {
    let moves_away = |key: &str| settings.customer_of(key).is_some_and(|id| id != record.id);
    let linked = record.keys.iter().map(String::as_str);
    let tabled = settings.account_of(record.id);
    let mut owners = linked.filter(|key| !moves_away(key)).chain(tabled);
    match owners.find(|owner| *owner != account.id) {
        None => Ok(record),
        Some(owner) => Err(Failure::new(
            "already-linked",
            format!(
                "Customer {} is account {owner} already. Map this account to a customer of its own, or change its name.",
                record.id
            ),
        )),
    }
}

/// A name as it is compared: without regard to case and spaces.
pub fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// A field of a record, as the text that a row would write.
pub fn text_of<'a>(record: &'a Stored, field: &str) -> Option<&'a str> {
    let mut fields = record.fields.iter();
    match &fields.find(|known| known.name == field)?.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::Field;

    fn customer(id: u64, name: &str, keys: &[&str]) -> Stored {
        Stored {
            id,
            revision: 1,
            fields: vec![Field {
                name: "name".to_owned(),
                value: Value::Text(name.to_owned()),
            }],
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    /// The customer's id, nothing for a new one, or the code of what stops the row.
    fn found(id: &str, settings: &str, customers: &[Stored]) -> Result<Option<u64>, String> {
        let account = serde_json::json!({ "id": id, "name": "Acme" });
        let account: Account = serde_json::from_value(account).unwrap();
        let settings: Accounts = serde_json::from_str(settings).unwrap();
        let linked = customers
            .iter()
            .find(|one| one.keys.iter().any(|key| key == id));
        let known = Known {
            linked: linked
                .map(|one| (id.to_owned(), one.clone()))
                .into_iter()
                .collect(),
            tabled: customers.iter().map(|one| (one.id, one.clone())).collect(),
            named: customers.to_vec(),
        };
        match find(&account, "Acme", &BTreeSet::new(), &settings, &known) {
            Ok(record) => Ok(record.map(|record| record.id)),
            Err(failure) => Err(failure.code),
        }
    }

    const B_IS_7: &str = r#"{"customers": [{"account": "b", "customer": 7}]}"#;

    #[test]
    fn the_table_comes_first_then_the_link_then_the_name() {
        let customers = [customer(7, " ACME ", &[]), customer(8, "Other", &["a"])];
        assert_eq!(found("a", "{}", &customers), Ok(Some(8)));
        assert_eq!(found("b", "{}", &customers), Ok(Some(7)));
        let a_is_7 = B_IS_7.replace('b', "a");
        assert_eq!(found("a", &a_is_7, &customers), Ok(Some(7)));
        assert_eq!(found("b", "{}", &customers[1..]), Ok(None));
    }

    #[test]
    fn a_customer_is_one_account_and_no_other() {
        let taken = [customer(7, "Acme", &["b"])];
        assert_eq!(found("a", "{}", &taken), Err("already-linked".to_owned()));
        assert_eq!(found("a", B_IS_7, &taken), Err("already-linked".to_owned()));
        let b_is_9 = B_IS_7.replace('7', "9");
        assert_eq!(found("a", &b_is_9, &taken), Ok(Some(7)), "b moves away");
    }

    #[test]
    fn two_customers_of_that_name_stop_the_row() {
        let two = [customer(7, "Acme", &[]), customer(8, "acme", &[])];
        assert_eq!(found("a", "{}", &two), Err("ambiguous".to_owned()));
    }
}
