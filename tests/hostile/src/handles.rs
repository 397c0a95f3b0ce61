//! More handles, headers and bytes than one call may have.

use std::hint::black_box;

use crate::contract::halo::integration::log;
use crate::contract::wasi::http::types::Fields;
use crate::contract::wasi::random::random;
use crate::failure;
use crate::misdeed::Outcome;

/// Opens handles and never drops one.
pub fn open_for_ever() -> Outcome {
    let mut open = Vec::new();
    loop {
        open.push(Fields::new());
        black_box(&open);
    }
}

/// One header of a megabyte.
pub fn one_huge_header() -> Outcome {
    let value = vec![b'x'; 1024 * 1024];
    append(&Fields::new(), "x-huge", &value)
}

/// Headers without an end, in one list.
pub fn headers_for_ever() -> Outcome {
    let fields = Fields::new();
    for number in 0u64.. {
        append(&fields, &format!("x-{number}"), b"x")?;
    }
    Ok(())
}

fn append(fields: &Fields, name: &str, value: &[u8]) -> Outcome {
    fields
        .append(name, value)
        .map_err(|error| failure("limit", format!("{error:?}")))
}

/// Hands the host more bytes than it may be made to copy.
pub fn pass_a_huge_string() -> Outcome {
    const BYTES: usize = 65 * 1024 * 1024;
    log::write(log::Level::Debug, &"x".repeat(BYTES), &[]);
    Ok(())
}

/// Asks the host for a terabyte.
pub fn ask_for_endless_random_bytes() -> Outcome {
    black_box(random::get_random_bytes(1 << 40));
    Ok(())
}
