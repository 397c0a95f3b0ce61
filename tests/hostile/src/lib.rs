//! A connector that misbehaves on demand. The name of the entity that is imported
//! picks the misdeed, so that one component shows everything that a host must
//! withstand. `tests/e2e/hostile.rs` says of each what it must come to.
//!
//! | module | what it does wrong |
//! |---|---|
//! | [`computing`] | time, memory, stack, crashes |
//! | [`handles`] | more handles, headers and bytes than one call may have |
//! | [`network`] | requests that are not granted, too large or too many |
//! | [`brakeless`] | goes on when the brake has stopped it |
//! | [`excess`] | more in one call than a capability takes, and what was not granted |
//! | [`honest`] | nothing: the call that must still work afterwards |
//! | [`pushing`] | what the name of a changed record says, honest or not |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod contract;

pub mod brakeless;
pub mod computing;
pub mod excess;
pub mod handles;
pub mod honest;
pub mod misdeed;
pub mod network;
pub mod pushing;

use contract::exports::halo::integration as exports;
use contract::halo::integration::types;
use exports::{connector, importer, push, scheduled};
use types::Failure;

/// The component.
struct Component;

impl connector::Guest for Component {
    fn describe() -> String {
        misdeed::description()
    }

    /// A call that only looks; each problem is what became of an attempt to write.
    fn check_settings(_json: String, _online: bool) -> Result<Vec<connector::Problem>, Failure> {
        Ok(excess::write_while_looking()
            .into_iter()
            .map(|(path, failure)| connector::Problem {
                path: path.to_owned(),
                severity: connector::Severity::Error,
                code: failure.code,
                message: failure.message,
            })
            .collect())
    }

    fn migrate(_from_version: String) -> Result<(), Failure> {
        Ok(())
    }
}

impl importer::Guest for Component {
    fn run(request: importer::Request) -> Result<types::Slice, Failure> {
        misdeed::commit(&request.entity)
    }
}

impl push::Guest for Component {
    fn push(changes: Vec<push::Change>) -> Result<Vec<push::Answer>, Failure> {
        pushing::push(changes)
    }
}

impl scheduled::Guest for Component {
    fn run(name: String, _due: u64) -> Result<types::Slice, Failure> {
        honest::count_a_call(&name)
    }
}

// A native library cannot export what only a component's linker can link.
#[cfg(target_arch = "wasm32")]
mod export {
    // Generated: the canonical ABI is made of raw pointers.
    #![allow(unsafe_code)]
    crate::contract::export!(Component with_types_in crate::contract);
    use super::Component;
}

/// A failure without attributes.
fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure {
        code: code.to_owned(),
        message: message.into(),
        attributes: Vec::new(),
    }
}
