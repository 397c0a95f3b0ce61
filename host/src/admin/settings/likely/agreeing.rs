//! Which likely rows can be told apart from others: plain functions of rows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::rows::text;
use super::super::schema::{Setting, Shape};
use super::kept::Likely;

/// What the rows of a table are about: the remote's object, in the first column that names
/// one. A table has one row for each.
fn subject(columns: &[Setting]) -> Option<&Setting> {
    let is_remote = |column: &&Setting| matches!(column.shape, Shape::Remote(_));
    columns.iter().find(is_remote)
}

/// The objects that have a row.
pub(super) fn subjects(columns: &[Setting], rows: &[Value]) -> BTreeSet<String> {
    let subject = subject(columns);
    let each = { subject.into_iter() }.flat_map(|column| rows.iter().map(|row| text(row, column)));
    each.filter(|value| !value.is_empty()).collect()
}

/// Whether the object of a row has none yet.
pub(super) fn is_open(columns: &[Setting], subjects: &BTreeSet<String>, row: &Value) -> bool {
    let value = subject(columns).map(|column| text(row, column));
    value.is_none_or(|value| !subjects.contains(&value))
}

/// Whether a row is one of this table: an object that has values for some of its columns
/// and for nothing else.
pub(super) fn is_row(columns: &[Setting], row: &Value) -> bool {
    let Some(values) = row.as_object() else {
        return false;
    };
    let is_column = |name: &String| columns.iter().any(|column| column.name == *name);
    !values.is_empty() && values.keys().all(is_column)
}

/// Those that name nothing that another one names, or a row of the table: only they can be
/// accepted all at once.
pub(super) fn alone<'a>(
    columns: &[Setting],
    rows: &[Value],
    likely: &'a [(String, Likely)],
) -> Vec<&'a (String, Likely)> {
    let named = |row: &Value| -> Vec<(usize, String)> {
        let cells = { columns.iter().enumerate() }.map(|(n, column)| (n, text(row, column)));
        cells.filter(|(_, value)| !value.is_empty()).collect()
    };
    let mut times: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let offered = likely.iter().map(|(_, likely)| &likely.row);
    for cell in rows.iter().chain(offered).flat_map(named) {
        *times.entry(cell).or_default() += 1;
    }
    let is_alone = |row: &Value| named(row).iter().all(|cell| times.get(cell) == Some(&1));
    { likely.iter() }
        .filter(|(_, likely)| is_alone(&likely.row))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::schema::columns_of;
    use super::*;

    fn columns() -> Vec<Setting> {
        columns_of(&json!({
            "company": { "type": "string", "x-choices": "companies" },
            "customer": { "type": "integer", "x-record": "customer" },
            "site": { "type": "integer", "x-record": "site" },
        }))
    }

    fn likely(rows: &[Value]) -> Vec<(String, Likely)> {
        let each = rows.iter().enumerate().map(|(n, row)| {
            let likely = Likely {
                row: row.clone(),
                names: BTreeMap::new(),
                why: Vec::new(),
                strength: 1,
            };
            (n.to_string(), likely)
        });
        each.collect()
    }

    #[test]
    fn what_two_rows_name_is_left_for_a_person() {
        let offered = likely(&[
            json!({ "company": "1", "customer": 7 }),
            json!({ "company": "1", "customer": 8 }),
            json!({ "company": "2", "customer": 9 }),
            // The site 9 is not the customer 9.
            json!({ "company": "3", "site": 9 }),
            json!({ "company": "4", "customer": 10 }),
        ]);
        let rows = [json!({ "company": "5", "customer": 10 })];
        let alone = alone(&columns(), &rows, &offered);
        let alone: Vec<&str> = alone.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(alone, ["2", "3"]);
    }

    #[test]
    fn an_object_that_has_a_row_is_offered_none() {
        let rows = [
            json!({ "company": "1", "customer": 7 }),
            json!({ "customer": 8 }),
        ];
        let subjects = subjects(&columns(), &rows);
        let is_open = |row: Value| is_open(&columns(), &subjects, &row);
        assert!(!is_open(json!({ "company": "1", "customer": 9 })));
        assert!(is_open(json!({ "company": "2", "customer": 7 })));
        assert!(is_open(json!({ "customer": 7 })));
    }

    #[test]
    fn what_is_no_row_of_the_table_is_none() {
        let is_row = |row: Value| is_row(&columns(), &row);
        assert!(is_row(json!({ "company": "1", "customer": 7 })));
        for other in [
            json!({}),
            json!([]),
            json!("x"),
            json!({ "company": "1", "user": 7 }),
        ] {
            assert!(!is_row(other.clone()), "{other}");
        }
    }
}
