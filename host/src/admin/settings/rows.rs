//! The rows of a table of pairs, as plain values: found, added, taken out, read from CSV.
//!
//! Rows are named by what they are and not by their number: so two who work on the same
//! table of thousands take nothing of each other's out.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::entered::{Entered, Misfit, enter};
use super::schema::{Setting, Shape};

/// What tells a row from others.
pub(super) fn mark(row: &Value) -> String {
    let digest = Sha256::digest(row.to_string());
    digest
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The table without the rows of these marks; how many went.
pub(super) fn without(rows: &[Value], marks: &[&str]) -> (Vec<Value>, usize) {
    let stays = |row: &&Value| !marks.contains(&mark(row).as_str());
    let left: Vec<Value> = rows.iter().filter(stays).cloned().collect();
    let gone = rows.len() - left.len();
    (left, gone)
}

/// The rows, and of these those that are not there already.
pub(super) fn and_new(rows: Vec<Value>, others: impl Iterator<Item = Value>) -> Vec<Value> {
    let known: BTreeSet<String> = rows.iter().map(mark).collect();
    let new = others.filter(|row| !known.contains(&mark(row)));
    rows.into_iter().chain(new).collect()
}

/// A row as it was entered, its fields named by its columns.
pub(super) fn entered(columns: &[Setting], fields: &[(String, String)]) -> (Value, Vec<Misfit>) {
    let pointers = columns
        .iter()
        .map(|column| (format!("/{}", column.name), column.clone()));
    let settings: Vec<(String, Setting)> = pointers.collect();
    enter(&Value::Object(Map::new()), &settings, &Entered::of(fields))
}

/// Why a file of rows cannot be taken; says where.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum CsvError {
    /// The first line does not name the columns.
    #[error("The first line names the columns {found}; it has to have some of {known}.")]
    Head {
        /// What it has.
        found: String,
        /// What there is.
        known: String,
    },
    /// A line cannot be read.
    #[error("Line {line}: {detail}")]
    Line {
        /// Counted from 1, the head being the first.
        line: u64,
        /// What is wrong.
        detail: String,
    },
}

/// Rows of a CSV text whose first line names the columns; columns of other names are
/// passed over, so that names may stand beside ids.
pub(super) fn of_csv(columns: &[Setting], text: &str) -> Result<Vec<Value>, CsvError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let failed = |error: csv::Error| CsvError::Line {
        line: error.position().map_or(1, csv::Position::line),
        detail: "it has another number of values than the first line.".to_owned(),
    };
    let head = reader.headers().map_err(failed)?.clone();
    let is_known = |name: &str| columns.iter().any(|column| column.name == name);
    if !head.iter().any(is_known) {
        let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return Err(CsvError::Head {
            found: head.iter().collect::<Vec<_>>().join(", "),
            known: known.join(", "),
        });
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let fields: Vec<(String, String)> = head
            .iter()
            .zip(&record)
            .filter(|(name, value)| is_known(name) && !value.is_empty())
            .map(|(name, value)| (format!("/{name}"), value.to_owned()))
            .collect();
        if fields.is_empty() {
            continue;
        }
        let (row, misfits) = entered(columns, &fields);
        if let Some(misfit) = misfits.into_iter().next() {
            return Err(CsvError::Line {
                line: record.position().map_or(0, csv::Position::line),
                detail: format!(
                    "{}: {}",
                    misfit.path.trim_start_matches('/'),
                    misfit.message
                ),
            });
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Rows as CSV, each column of a record with its name beside it.
pub(super) fn to_csv(
    columns: &[Setting],
    rows: &[Value],
    name_of: impl Fn(&Setting, &str) -> Option<String>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let has_name = |column: &&Setting| matches!(column.shape, Shape::Record(_) | Shape::Remote(_));
    let names = columns
        .iter()
        .filter(has_name)
        .map(|column| format!("{}-name", column.name));
    let head = columns
        .iter()
        .map(|column| column.name.clone())
        .chain(names);
    // Into memory, which does not fail.
    let _ = writer.write_record(head);
    for row in rows {
        let values = columns.iter().map(|column| text(row, column));
        let names = columns.iter().filter(has_name).map(|column| {
            let value = text(row, column);
            plain_cell(name_of(column, &value).unwrap_or_default())
        });
        let _ = writer.write_record(values.chain(names));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// What a spreadsheet would take for a formula is text for it (OWASP, CSV injection).
pub(in crate::admin) fn plain_cell(text: String) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text,
    }
}

/// A cell as it is typed.
pub(super) fn text(row: &Value, column: &Setting) -> String {
    match row.get(&column.name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema::columns_of;
    use super::*;

    fn columns() -> Vec<Setting> {
        columns_of(&json!({
            "company": { "type": "string", "x-choices": "companies" },
            "customer": { "type": "integer", "x-record": "customer" },
        }))
    }

    #[test]
    fn what_is_written_as_csv_is_read_again() {
        let rows = vec![
            json!({ "company": "1", "customer": 7 }),
            json!({ "company": "2" }),
        ];
        let name = |column: &Setting, value: &str| {
            (column.name == "company").then(|| format!("=ACME, \"{value}\""))
        };
        let text = to_csv(&columns(), &rows, name);
        assert_eq!(
            text.lines().next(),
            Some("company,customer,company-name,customer-name")
        );
        assert!(text.contains("\"'=ACME, \"\"1\"\"\""), "{text}");
        assert_eq!(of_csv(&columns(), &text), Ok(rows));
    }

    #[test]
    fn a_file_that_is_wrong_names_the_line() {
        let of = |text: &str| of_csv(&columns(), text).unwrap_err().to_string();
        assert!(
            of("a,b\n1,2\n").contains("company, customer"),
            "{}",
            of("a,b\n1,2\n")
        );
        assert!(of("company,customer\n1,2\n3,many\n").starts_with("Line 3: customer: \"many\""));
        assert!(of("company,customer\n1,2,3\n").starts_with("Line 2: "));
        assert_eq!(
            of_csv(&columns(), "\u{feff}company;customer\n")
                .unwrap_err()
                .to_string(),
            "The first line names the columns company;customer; it has to have some of company, customer."
        );
    }

    #[test]
    fn empty_lines_and_other_columns_are_passed_over() {
        let rows = of_csv(&columns(), "note,customer,company\nx, 7 ,1\n\ny,,\n").unwrap();
        assert_eq!(rows, [json!({ "company": "1", "customer": 7 })]);
    }

    #[test]
    fn rows_are_taken_out_by_what_they_are() {
        let rows = vec![json!({ "company": "1" }), json!({ "company": "2" })];
        let (left, gone) = without(&rows, &[&mark(&rows[0]), "unknown"]);
        assert_eq!((left, gone), (vec![rows[1].clone()], 1));
    }
}
