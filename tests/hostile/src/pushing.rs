//! Changes to the remote. The first word of a record's name says what becomes of its
//! change; any other name is sent, honestly, one POST for each.
//!
//! | first word | answer |
//! |---|---|
//! | `Retry` | to be sent again |
//! | `Later` | to be sent again in ten minutes |
//! | `Reject` | rejected |
//! | `Nothing` | nothing to send |
//! | `Mute` | none |
//! | `Twice` | rejected, and then sent; and an answer to what nobody asked |
//! | `Fail` | the whole call fails |
//! | `Trap` | the whole call dies |
//! | `Tell` | sent, with a message |

use crate::contract::exports::halo::integration::push::{
    Answer, Change, Outcome, RemoteChange, Sent,
};
use crate::contract::halo::integration::records::{self, Row, RowOptions};
use crate::contract::halo::integration::state::{self, Expectation, Write};
use crate::contract::halo::integration::types::{Attribute, Failure, Field, RemoteObject, Value};
use crate::contract::wasi::clocks::wall_clock;
use crate::misdeed::HONEST;
use crate::{computing, failure, network};

/// Answers each change by the name of its record.
pub fn push(changes: Vec<Change>) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::new();
    for change in changes {
        let name = name_of(&change)?;
        let word = name.split(' ').next().unwrap_or_default();
        let outcome = match word {
            "Retry" => Outcome::Retry(failure("unavailable", "The remote is away.")),
            "Later" => Outcome::Retry(later()),
            "Reject" => Outcome::Rejected(failure("invalid", "The remote refuses this name.")),
            "Nothing" => Outcome::Nothing(None),
            "Mute" => continue,
            "Twice" => {
                let no = failure("invalid", "Not this one.");
                answers.push(answer(change.sequence, Outcome::Rejected(no)));
                answers.push(answer(change.sequence + 1_000, Outcome::Nothing(None)));
                Outcome::Nothing(None)
            }
            "Fail" => return Err(failure("remote", "The remote has no such account.")),
            "Trap" => {
                computing::crash()?;
                continue;
            }
            _ => match send(&change, &name, word == "Tell") {
                Ok(sent) => Outcome::Sent(sent),
                Err(failure) => Outcome::Retry(failure),
            },
        };
        answers.push(answer(change.sequence, outcome));
    }
    Ok(answers)
}

fn answer(sequence: u64, outcome: Outcome) -> Answer {
    Answer { sequence, outcome }
}

/// The name of the record; nothing when it is gone.
fn name_of(change: &Change) -> Result<String, Failure> {
    let fields = ["name".to_owned()];
    let found = records::read(&change.kind, &[change.record], &fields)?;
    let mut fields = found.into_iter().flatten().flat_map(|record| record.fields);
    Ok(match fields.next().map(|field| field.value) {
        Some(Value::Text(name)) => name,
        _ => String::new(),
    })
}

fn later() -> Failure {
    const TEN_MINUTES: u64 = 600;
    let at = (wall_clock::now().seconds + TEN_MINUTES) * 1_000;
    Failure {
        attributes: vec![Attribute {
            name: "retry-at".to_owned(),
            value: at.to_string(),
        }],
        ..failure("busy", "The remote is busy.")
    }
}

/// One POST; then the record is linked, with a line of state and a field of its own, as
/// connectors do.
fn send(change: &Change, name: &str, tell: bool) -> Result<Sent, Failure> {
    let Change {
        kind, record, what, ..
    } = change;
    let key = format!("{kind}-{record}");
    let effect = match what.as_str() {
        "created" => "created",
        "inactive" | "deleted" => "archived",
        _ => "updated",
    };
    network::post(
        &format!("/objects/{key}"),
        &format!(
            "{{\"{effect}\":\"{name}\",\"revision\":{}}}",
            change.revision
        ),
    )?;
    if what != "deleted" {
        link(change, &key)?;
    }
    Ok(Sent {
        object: RemoteObject {
            entity: HONEST.to_owned(),
            key: key.clone(),
            title: name.to_owned(),
            address: Some(format!("https://remote.test/{key}")),
        },
        effect: effect.to_owned(),
        changes: vec![RemoteChange {
            field: "title".to_owned(),
            before: String::new(),
            after: name.to_owned(),
        }],
        message: tell.then(|| format!("{name} was {effect}.")),
    })
}

fn link(change: &Change, key: &str) -> Result<(), Failure> {
    let own = Field {
        name: "ref".to_owned(),
        value: Value::Text(key.to_owned()),
    };
    let row = Row {
        kind: change.kind.clone(),
        key: Some(key.to_owned()),
        id: Some(change.record),
        other_keys: Vec::new(),
        expected: None,
        fields: (change.kind == "customer")
            .then_some(own)
            .into_iter()
            .collect(),
        options: RowOptions::empty(),
    };
    for written in records::upsert(&[row])? {
        written?;
    }
    state::commit(&[Write {
        key: format!("sent {key}"),
        value: Some(b"1".to_vec()),
        expected: Expectation::Anything,
    }])
}
