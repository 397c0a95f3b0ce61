//! The connector's state as JSON values.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::halo::integration::state::{self, Entry, Expectation, Write};
use crate::failure::Failure;

/// Reads one value.
pub fn get<T: DeserializeOwned>(key: String) -> Result<Option<T>, Failure> {
    Ok(get_all(&[key])?.pop().flatten())
}

/// Reads values in the order asked.
pub fn get_all<T: DeserializeOwned>(keys: &[String]) -> Result<Vec<Option<T>>, Failure> {
    let mut values = Vec::with_capacity(keys.len());
    for keys in keys.chunks(BATCH) {
        for entry in state::get(keys)? {
            values.push(entry.as_ref().map(read).transpose()?);
        }
    }
    Ok(values)
}

/// A page of values whose key starts with `prefix` and is behind `after`, each with
/// the rest of its key.
pub fn scan<T: DeserializeOwned>(
    prefix: &str,
    after: Option<&str>,
) -> Result<Vec<(String, T)>, Failure> {
    scan_some(prefix, after, 1_000)
}

/// The same of so many at most.
pub fn scan_some<T: DeserializeOwned>(
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, T)>, Failure> {
    state::scan(prefix, after, limit)?
        .into_iter()
        .map(|entry| {
            let value = read(&entry)?;
            Ok((entry.key[prefix.len()..].to_owned(), value))
        })
        .collect()
}

fn read<T: DeserializeOwned>(entry: &Entry) -> Result<T, Failure> {
    serde_json::from_slice(&entry.value).map_err(|error| {
        Failure::internal(format!("The state {} cannot be read: {error}.", entry.key))
    })
}

/// The longest value in bytes that the host takes.
pub const VALUE_LIMIT: usize = 1024 * 1024;

/// The most ids, keys or values that the host takes in one call.
pub const BATCH: usize = 1_000;

/// A write that sets a value. One call of this connection at a time writes state
/// (its lane), so no expectation is needed.
pub fn put<T: Serialize>(key: String, value: &T) -> Result<Write, Failure> {
    Ok(Write {
        key,
        value: Some(
            serde_json::to_vec(value).map_err(|error| Failure::internal(error.to_string()))?,
        ),
        expected: Expectation::Anything,
    })
}

/// A write that removes a value.
pub fn remove(key: String) -> Write {
    Write {
        key,
        value: None,
        expected: Expectation::Anything,
    }
}
