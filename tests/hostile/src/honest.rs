//! The call that must still work after every misdeed: one customer, one report,
//! one line of state. And two tasks for later.

use crate::contract::halo::integration::records::{self, Effect, Row, RowOptions};
use crate::contract::halo::integration::run::{self, ReportRow};
use crate::contract::halo::integration::scheduler::{self, Timing};
use crate::contract::halo::integration::state::{self, Expectation, Write};
use crate::contract::halo::integration::types::{Failure, Field, RemoteObject, Slice, Value};
use crate::contract::wasi::clocks::wall_clock;
use crate::misdeed::Outcome;

/// Imports one row of the remote.
pub fn import() -> Outcome {
    let written = records::upsert(&[customer("honest")])?;
    let mut id = None;
    for row in written {
        let written = row?;
        debug_assert_ne!(written.effect, Effect::Removed);
        id = Some(written.id);
    }
    let mut row = report("honest");
    row.record = id;
    run::report(&[row])?;
    state::commit(&[Write {
        key: "watermark".to_owned(),
        value: Some(b"1".to_vec()),
        expected: Expectation::Anything,
    }])
}

/// Sets two tasks: `once` in an hour, and `beat` every hour.
pub fn plan() -> Outcome {
    const HOUR: u32 = 3_600;
    let later = (wall_clock::now().seconds + u64::from(HOUR)) * 1_000;
    let timing = |at, every| Timing { at, every };
    scheduler::set("once", timing(Some(later), None))?;
    scheduler::set("beat", timing(None, Some(HOUR)))
}

/// A task is due: adds a stroke to its line of state.
pub fn count_a_call(name: &str) -> Result<Slice, Failure> {
    let found = state::get(&[name.to_owned()])?;
    let mut strokes = found
        .into_iter()
        .flatten()
        .next()
        .map_or(Vec::new(), |entry| entry.value);
    strokes.push(b'|');
    state::commit(&[Write {
        key: name.to_owned(),
        value: Some(strokes),
        expected: Expectation::Anything,
    }])?;
    Ok(Slice::Done)
}

/// A customer of that key and name.
pub(crate) fn customer(key: &str) -> Row {
    Row {
        kind: "customer".to_owned(),
        key: Some(key.to_owned()),
        id: None,
        other_keys: Vec::new(),
        expected: None,
        fields: vec![Field {
            name: "name".to_owned(),
            value: Value::Text(key.to_owned()),
        }],
        options: RowOptions::MAY_CREATE,
    }
}

/// A report of that customer.
pub(crate) fn report(key: &str) -> ReportRow {
    ReportRow {
        object: RemoteObject {
            entity: "honest".to_owned(),
            key: key.to_owned(),
            title: key.to_owned(),
            address: None,
        },
        facets: Vec::new(),
        outcome: "written".to_owned(),
        reason: None,
        kind: "customer".to_owned(),
        record: None,
        parts: Vec::new(),
    }
}
