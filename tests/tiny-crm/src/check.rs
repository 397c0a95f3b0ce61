//! Every problem of the settings in one answer, each with its place and what would mend
//! it; first what the document tells, then what Halo does, then what Fernwhistle does.

use std::collections::BTreeMap;

use crate::account::{self, FieldInfo};
use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::contract::halo::integration::{records, settings};
use crate::failure::Failure;
use crate::settings::{Accounts, SCHEMA, Settings};
use crate::{KIND, connect, shape};

/// Record ids in one call.
const BATCH: usize = 1_000;

/// Checks a document.
pub fn check(json: &str, online: bool) -> Result<Vec<Problem>, Failure> {
    let mut problems = of_document(json)?;
    if problems.iter().any(|problem| problem.code == "shape") {
        return Ok(problems);
    }
    let settings = Settings::parse(json)?;
    let halo = records::fields(KIND)?;
    problems.extend(of_halo(&settings.accounts, &halo)?);
    if online {
        // What was found so far is worth as much.
        match connect::linked().and_then(|_| account::fields(&settings.api)) {
            Ok(fields) => problems.extend(of_fields(&settings.accounts, &halo, &fields)),
            Err(failure) => problems.push(error("", &failure.code, failure.message)),
        }
    }
    Ok(problems)
}

/// Whether an import may start: the first thing in the document that is wrong or missing.
pub fn may_import() -> Result<(), Failure> {
    let first = of_document(&settings::get()?.json)?.into_iter().next();
    first.map_or(Ok(()), |problem| {
        let code = match problem.code.as_str() {
            "not-set-up" => "not-set-up",
            _ => "settings",
        };
        let message = format!("Settings, {}: {}", problem.path, problem.message);
        Err(Failure::at(code, &problem.path, message))
    })
}

/// What the document alone tells.
fn of_document(json: &str) -> Result<Vec<Problem>, Failure> {
    let document = match serde_json::from_str(json) {
        Ok(document) => document,
        Err(told) => {
            return Ok(vec![error(
                "",
                "shape",
                format!("This is no JSON: {told}."),
            )]);
        }
    };
    let schema = serde_json::from_str(SCHEMA)
        .map_err(|error| Failure::new("internal", error.to_string()))?;
    let misshapes = shape::problems(&schema, &document);
    if !misshapes.is_empty() {
        let misshapes = misshapes.into_iter();
        return Ok(misshapes
            .map(|(path, message)| error(&path, "shape", message))
            .collect());
    }
    let accounts = Settings::parse(json)?.accounts;
    let mut problems = twice(&accounts);
    if accounts.top_level.is_none() {
        problems.push(Problem {
            // Nothing is wrong yet with a connector that nobody has set up.
            severity: Severity::Warning,
            ..error(
                "/accounts/top-level",
                "not-set-up",
                "New customers need a top level; choose one of Halo's (top-level).".to_owned(),
            )
        });
    }
    Ok(problems)
}

/// What the tables name twice.
fn twice(accounts: &Accounts) -> Vec<Problem> {
    let pairs = accounts.customers.iter().enumerate();
    let pairs = pairs.flat_map(|(index, pair)| {
        let place = |member: &str| format!("/accounts/customers/{index}/{member}");
        [
            (place("account"), format!("Account {}", pair.account)),
            (place("customer"), format!("Customer {}", pair.customer)),
        ]
    });
    let rows = accounts.fields.iter().enumerate();
    let rows = rows.map(|(index, row)| {
        (
            format!("/accounts/fields/{index}/to"),
            format!("The field {:?}", row.to),
        )
    });
    let mut seen = BTreeMap::new();
    let mut problems = Vec::new();
    for (path, what) in pairs.chain(rows) {
        if let Some(first) = seen.insert(what.clone(), path.clone()) {
            let message = format!("{what} is at {first} already; remove one of them.");
            problems.push(error(&path, "twice", message));
        }
    }
    problems
}

/// What Halo does not have, or does not let a row fill.
fn of_halo(accounts: &Accounts, fields: &[records::FieldInfo]) -> Result<Vec<Problem>, Failure> {
    let mut problems = Vec::new();
    let top_level: Vec<u64> = accounts.top_level.into_iter().collect();
    if records::read("top-level", &top_level, &[])?.contains(&None) {
        let message = "Halo has no such top level. Choose another one.".to_owned();
        problems.push(error("/accounts/top-level", "not-found", message));
    }
    for (number, pairs) in accounts.customers.chunks(BATCH).enumerate() {
        let ids: Vec<u64> = pairs.iter().map(|pair| pair.customer).collect();
        for (index, found) in records::read(KIND, &ids, &[])?.iter().enumerate() {
            if found.is_none() {
                let path = format!("/accounts/customers/{}/customer", number * BATCH + index);
                let message = "Halo has no such customer. Correct or remove the row.".to_owned();
                problems.push(error(&path, "not-found", message));
            }
        }
    }
    for (index, row) in accounts.fields.iter().enumerate() {
        let path = format!("/accounts/fields/{index}/to");
        let field = fields.iter().find(|field| field.name == row.to);
        let fixed = |name: &str| {
            let attributes = field.into_iter().flat_map(|field| &field.attributes);
            attributes.clone().any(|attribute| attribute.name == name)
        };
        if field.is_none() {
            let message = format!(
                "Customers have no field {:?}. Add it in Halo, or remove the row.",
                row.to
            );
            problems.push(error(&path, "unknown-field", message));
        } else if fixed("read-only") || fixed("kind") {
            let message = format!("A row cannot fill the field {:?}; remove it.", row.to);
            problems.push(error(&path, "not-fillable", message));
        }
    }
    Ok(problems)
}

/// What Fernwhistle does not have, and types that do not go together.
fn of_fields(
    accounts: &Accounts,
    halo: &[records::FieldInfo],
    remote: &[FieldInfo],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, row) in accounts.fields.iter().enumerate() {
        let path = format!("/accounts/fields/{index}/from");
        let Some(from) = remote.iter().find(|field| field.name == row.from) else {
            let message = format!(
                "Fernwhistle's accounts have no field {:?}. Correct or remove the row.",
                row.from
            );
            problems.push(error(&path, "unknown-field", message));
            continue;
        };
        let to = halo.iter().find(|field| field.name == row.to);
        if let Some(to) = to.filter(|to| !goes_into(&from.type_name, &to.type_name)) {
            let message = format!(
                "{} ({}) cannot fill {} ({}); choose a field of the same type, or a text.",
                from.label, from.type_name, to.label, to.type_name
            );
            problems.push(error(&path, "types", message));
        }
    }
    problems
}

/// Everything has a text. Names of choices differ on both sides, and there is no table
/// of values here.
fn goes_into(from: &str, to: &str) -> bool {
    matches!(to, "text" | "memo") || (from == to && from != "choice")
}

fn error(path: &str, code: &str, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        severity: Severity::Error,
        code: code.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(json: &str) -> Vec<(String, String)> {
        let problems = of_document(json).unwrap().into_iter();
        problems
            .map(|problem| (problem.path, problem.code))
            .collect()
    }

    #[test]
    fn what_is_named_twice_is_found_with_its_place() {
        let found = places(
            r#"{"accounts": {"top-level": 1,
                "customers": [{"account": "a", "customer": 7}, {"account": "a", "customer": 8},
                              {"account": "b", "customer": 7}],
                "fields": [{"from": "x", "to": "notes"}, {"from": "y", "to": "notes"}]}}"#,
        );
        let expected = [
            "/accounts/customers/1/account",
            "/accounts/customers/2/customer",
            "/accounts/fields/1/to",
        ];
        assert_eq!(
            found,
            expected.map(|path| (path.to_owned(), "twice".to_owned()))
        );
    }

    #[test]
    fn a_fresh_connector_is_warned_of_and_a_document_that_is_none_is_wrong() {
        let expected = ("/accounts/top-level".to_owned(), "not-set-up".to_owned());
        assert_eq!(places("{}"), [expected]);
        assert_eq!(places("{")[0].1, "shape");
    }

    #[test]
    fn everything_fills_a_text_and_only_the_same_type_fills_another() {
        assert!(goes_into("date", "text") && goes_into("date", "date"));
        assert!(!goes_into("date", "decimal") && !goes_into("choice", "choice"));
    }
}
