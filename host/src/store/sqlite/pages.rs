//! Leafing through what is real. Conditions are put together as they are asked, so
//! that a plain page stays a range of the table's key.

use rusqlite::types::ToSql;
use rusqlite::{Connection, params_from_iter};

use super::column::{int, maybe_number, number, parse};
use super::error::Answer;
use super::room::Room;
use crate::model::{Stored, fold};
use crate::store::{Dated, Page, PageFilter};

/// When a record was written last.
const CHANGED: &str = "(SELECT max(at) FROM journal
    WHERE journal.layer = 0 AND journal.kind = record.kind AND journal.record = record.id)";

/// When it was made.
const CREATED: &str = "(SELECT min(at) FROM journal WHERE journal.layer = 0
    AND journal.kind = record.kind AND journal.record = record.id AND effect = 'created')";

/// Conditions with their values.
struct Conditions {
    text: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Box<dyn ToSql>>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values);
    }
}

fn conditions(filter: &PageFilter) -> Answer<Conditions> {
    let mut all = Conditions {
        text: "layer = 0 AND kind = ?".to_owned(),
        values: vec![Box::new(filter.kind.clone())],
    };
    if let Some(ids) = &filter.ids {
        let ids: Box<dyn ToSql> = Box::new(serde_json::to_string(ids)?);
        all.and("id IN (SELECT value FROM json_each(?))", [ids]);
    }
    if let Some(search) = filter.search.as_deref().map(fold).filter(|s| !s.is_empty()) {
        // Without references: who looks for "7" does not mean everything of record 17.
        all.and(
            "id IN (SELECT record FROM index_value WHERE layer = 0 AND kind = ?
                    AND is_text AND instr(value, ?) > 0)",
            [
                Box::new(filter.kind.clone()) as Box<dyn ToSql>,
                Box::new(search),
            ],
        );
    }
    if let Some(active) = filter.active {
        let is_not = if active { "IS NOT" } else { "IS" };
        all.and(
            &format!("json_extract(fields, '$.inactive.text') {is_not} 'true'"),
            [],
        );
    }
    for (field, ids) in &filter.refers {
        all.and(
            "json_extract(fields, ?) IN (SELECT value FROM json_each(?))",
            [
                Box::new(format!("$.\"{field}\".reference.to.id")) as Box<dyn ToSql>,
                Box::new(serde_json::to_string(ids)?),
            ],
        );
    }
    for (bound, sign) in [(filter.changed_from, ">="), (filter.changed_to, "<=")] {
        if let Some(bound) = bound {
            let bound: Box<dyn ToSql> = Box::new(int(bound));
            all.and(&format!("{CHANGED} {sign} ?"), [bound]);
        }
    }
    Ok(all)
}

/// The records that pass, those of one page, and how many there are in all.
pub(super) fn page(db: &Connection, filter: &PageFilter) -> Answer<Page> {
    let Conditions { text, mut values } = conditions(filter)?;
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM record WHERE {text}"))?
        .query_row(params_from_iter(&values), |row| number(row, 0))?;
    let way = if filter.descending { "DESC" } else { "ASC" };
    let order = match &filter.order {
        Some(field) => {
            values.push(Box::new(format!("$.\"{field}\".text")));
            format!("json_extract(fields, ?) COLLATE NOCASE {way}, id {way}")
        }
        None => format!("id {way}"),
    };
    values.push(Box::new(filter.limit));
    values.push(Box::new(int(filter.offset)));
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, revision, fields, {CREATED}, {CHANGED} FROM record
         WHERE {text} ORDER BY {order} LIMIT ? OFFSET ?"
    ))?;
    let mut rows = statement.query(params_from_iter(&values))?;
    let (mut records, mut room) = (Vec::new(), Room::new());
    while let Some(row) = rows.next()? {
        let record = Stored {
            kind: filter.kind.clone(),
            id: number(row, 0)?,
            revision: number(row, 1)?,
            fields: parse(row, 2)?,
            keys: Vec::new(),
        };
        room.record(Some(&record))?;
        records.push(Dated {
            record,
            created: maybe_number(row, 3)?,
            changed: maybe_number(row, 4)?,
        });
    }
    Ok(Page { total, records })
}
