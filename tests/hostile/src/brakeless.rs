//! Changes more records than an import may, and takes no refusal for an answer.

use crate::contract::halo::integration::records::{self, Row};
use crate::contract::halo::integration::state::{self, Expectation, Write};
use crate::contract::halo::integration::types::Value;
use crate::honest::customer;
use crate::misdeed::Outcome;

/// Customers in the crowd.
const CROWD: usize = 100;

fn crowd(name: Option<&str>) -> Vec<Row> {
    let one = |number: usize| {
        let mut row = customer(&format!("crowd {number}"));
        if let (Some(name), Some(field)) = (name, row.fields.first_mut()) {
            field.value = Value::Text(name.to_owned());
        }
        row
    };
    (0..CROWD).map(one).collect()
}

/// Makes the crowd.
pub fn make_a_crowd() -> Outcome {
    records::upsert(&crowd(None)).map(drop)
}

/// Changes one after the other, whatever the answers are, and remembers all of them
/// as done.
pub fn change_everybody_and_say_done() -> Outcome {
    for row in crowd(Some("Overwritten")) {
        let _ = records::upsert(&[row]);
    }
    let _ = state::commit(&[Write {
        key: "everybody".to_owned(),
        value: Some(b"changed".to_vec()),
        expected: Expectation::Anything,
    }]);
    Ok(())
}

/// The same, and dies of it.
pub fn change_everybody_and_crash() -> Outcome {
    change_everybody_and_say_done()?;
    crate::computing::crash()
}

/// All in one call.
pub fn change_everybody_at_once() -> Outcome {
    let _ = records::upsert(&crowd(Some("Overwritten")));
    Ok(())
}
