//! More in one call than a capability takes, and what was not granted. Each answers
//! the failure that it gets; one that gets none ends well, which no test accepts.

use crate::contract::halo::integration::scheduler::{self, Timing};
use crate::contract::halo::integration::state::{self, Expectation, Write};
use crate::contract::halo::integration::types::{Attribute, Failure};
use crate::contract::halo::integration::{log, records, run, secrets};
use crate::failure;
use crate::honest::{customer, report};
use crate::misdeed::Outcome;

/// One more than the contract allows in a call.
const TOO_MANY: usize = 1_001;

fn too_many_keys() -> Vec<String> {
    (0..TOO_MANY).map(|number| number.to_string()).collect()
}

/// Records by more ids than a call takes.
pub fn read_too_many_ids() -> Outcome {
    let ids: Vec<u64> = (0..1_001).collect();
    records::read("customer", &ids, &[]).map(drop)
}

/// Records by more keys than a call takes.
pub fn resolve_too_many_keys() -> Outcome {
    records::resolve("customer", &too_many_keys(), &[]).map(drop)
}

/// Records by more values than a call takes.
pub fn find_too_many_values() -> Outcome {
    records::find("customer", "name", &too_many_keys(), &[]).map(drop)
}

/// More rows than a call takes, each of them good.
pub fn write_too_many_rows() -> Outcome {
    let rows: Vec<_> = too_many_keys().iter().map(|key| customer(key)).collect();
    records::upsert(&rows).map(drop)
}

/// More reports than a call takes.
pub fn report_too_many_rows() -> Outcome {
    let rows: Vec<_> = too_many_keys().iter().map(|key| report(key)).collect();
    run::report(&rows)
}

/// State by more keys than a call takes.
pub fn get_too_many_entries() -> Outcome {
    state::get(&too_many_keys()).map(drop)
}

/// Asks a scan for more than a batch, where there is more; tells how many came.
pub fn scan_more_than_a_batch() -> Outcome {
    let all = |value: Option<Vec<u8>>| -> Vec<Write> {
        let write = |key| entry(format!("scan/{key}"), value.clone());
        too_many_keys().into_iter().map(write).collect()
    };
    state::commit(&all(Some(Vec::new())))?;
    let found = state::scan("scan/", None, 5_000)?.len();
    state::commit(&all(None))?;
    Err(failure("scanned", format!("{found} entries")))
}

/// More writes than a commit takes.
pub fn commit_too_many_writes() -> Outcome {
    let writes: Vec<_> = (0..5_001)
        .map(|number| entry(number.to_string(), Some(Vec::new())))
        .collect();
    state::commit(&writes)
}

/// A longer key than state takes.
pub fn commit_a_long_key() -> Outcome {
    state::commit(&[entry("k".repeat(501), Some(Vec::new()))])
}

/// A larger value than state takes.
pub fn commit_a_big_value() -> Outcome {
    state::commit(&[entry("big".to_owned(), Some(vec![0; 1024 * 1024 + 1]))])
}

/// A thousand times the largest value, which makes a gigabyte of small questions.
pub fn ask_for_the_same_megabyte_a_thousand_times() -> Outcome {
    state::commit(&[entry("hoard".to_owned(), Some(vec![0; 1024 * 1024]))])?;
    let asked = state::get(&vec!["hoard".to_owned(); 1_000]).map(drop);
    state::commit(&[entry("hoard".to_owned(), None)])?;
    asked
}

fn entry(key: String, value: Option<Vec<u8>>) -> Write {
    Write {
        key,
        value,
        expected: Expectation::Anything,
    }
}

/// A larger secret than is kept.
pub fn store_a_big_secret() -> Outcome {
    let value = "s".repeat(64 * 1024 + 1);
    secrets::set("big", Some(&value), Expectation::Anything).map(drop)
}

/// A secret of its own in the place of the administrator's.
pub fn overwrite_a_granted_secret() -> Outcome {
    secrets::set("granted", Some("mine"), Expectation::Anything).map(drop)
}

/// A task that is due all the time.
pub fn schedule_every_second() -> Outcome {
    scheduler::set("often", every(1))
}

/// A longer name than a task has.
pub fn schedule_a_long_name() -> Outcome {
    scheduler::set(&"n".repeat(201), every(60))
}

/// More tasks than a connection has; takes them back.
pub fn schedule_too_many_tasks() -> Outcome {
    let mut outcome = Ok(());
    for number in 0..101 {
        let set = scheduler::set(&format!("task {number}"), every(3_600));
        outcome = outcome.and(set);
    }
    for number in 0..101 {
        scheduler::cancel(&format!("task {number}"))?;
    }
    outcome
}

fn every(seconds: u32) -> Timing {
    Timing {
        at: None,
        every: Some(seconds),
    }
}

/// A row of a kind that was not granted.
pub fn write_a_foreign_kind() -> Outcome {
    let mut row = customer("foreign");
    "user".clone_into(&mut row.kind);
    for answer in records::upsert(&[row])? {
        answer?;
    }
    Ok(())
}

/// Records of a kind that was not granted.
pub fn read_a_foreign_kind() -> Outcome {
    records::read("user", &[1], &["emailaddress".to_owned()]).map(drop)
}

/// A log line that is a dump: in its message, in an attribute, and with line ends
/// that would look like other lines.
pub fn log_a_long_line() -> Outcome {
    let attribute = Attribute {
        name: "dump".to_owned(),
        value: "a".repeat(100_000),
    };
    log::write(log::Level::Error, "first\nERROR forged", &[attribute]);
    log::write(log::Level::Error, &"m".repeat(100_000), &[]);
    Ok(())
}

/// More log lines than anyone reads.
pub fn log_for_ever() -> Outcome {
    for number in 0..20_000 {
        log::write(log::Level::Error, &format!("line {number}"), &[]);
    }
    Ok(())
}

/// A failure whose sentence is a dump.
pub fn fail_at_length() -> Outcome {
    Err(failure("remote", "x".repeat(1_000_000)))
}

/// Tries to write where a call may only look; what each attempt came to.
pub fn write_while_looking() -> Vec<(&'static str, Failure)> {
    let attempts = [
        (
            "/records",
            records::upsert(&[customer("looking")]).map(drop),
        ),
        (
            "/state",
            state::commit(&[entry("looking".to_owned(), Some(Vec::new()))]),
        ),
        ("/http", crate::network::write_at_the_remote()),
    ];
    let refused = |(path, outcome): (&'static str, Outcome)| Some((path, outcome.err()?));
    attempts.into_iter().filter_map(refused).collect()
}
