//! A connector for Fernwhistle, a CRM that does not exist, as an example: its accounts
//! become Halo's customers. It is whole as far as it goes; `README.md` says how to make
//! one of your own of it.
//!
//! This file lists what the component exports; each function is a line into a module.
//! Decisions are plain functions without I/O, tested natively; what talks to the host is
//! a thin shell around them.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`describe`] | what the connector says about itself | no |
//! | [`settings`] | the settings as types | no |
//! | [`shape`] | whether a document has the shape of the schema | no |
//! | [`check`] | every problem of the settings | shell |
//! | [`connect`] | connecting with a token | shell |
//! | [`catalog`] | what Fernwhistle offers to the editors of mappings | shell |
//! | [`account`] | what Fernwhistle answers | shell |
//! | [`remote`] | a GET over `wasi:http` | shell |
//! | [`matching`] | which customer an account is | no |
//! | [`plan`] | what becomes of an account | no |
//! | [`import`] | reads, looks up, writes, reports | shell |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod contract;

pub mod account;
pub mod catalog;
pub mod check;
pub mod connect;
pub mod describe;
pub mod failure;
pub mod import;
pub mod matching;
pub mod plan;
pub mod remote;
pub mod settings;
pub mod shape;

use contract::exports::halo::integration as exports;
use contract::halo::integration::types;
use exports::{catalog as catalog_export, connect as connect_export, connector, importer};
use failure::Failure;

/// The one entity.
pub const ENTITY: &str = "accounts";
/// The kind of record that it becomes.
pub const KIND: &str = "customer";

/// The component.
struct Component;

impl connector::Guest for Component {
    fn describe() -> String {
        describe::document()
    }

    fn check_settings(json: String, online: bool) -> Result<Vec<connector::Problem>, Failure> {
        check::check(&json, online)
    }

    /// No version has left another shape of state yet.
    fn migrate(_from_version: String) -> Result<(), Failure> {
        Ok(())
    }
}

impl connect_export::Guest for Component {
    fn begin(_redirect: String, other_account: bool) -> Result<connect_export::Begun, Failure> {
        connect::begin(other_account)
    }

    fn complete(_parameters: Vec<types::Attribute>) -> Result<connect_export::Account, Failure> {
        connect::complete()
    }

    fn status() -> Result<connect_export::StateOfConnection, Failure> {
        connect::status()
    }

    fn disconnect() -> Result<(), Failure> {
        connect::disconnect()
    }
}

impl catalog_export::Guest for Component {
    fn remote_fields(entity: String) -> Result<Vec<catalog_export::RemoteField>, Failure> {
        catalog::remote_fields(&entity)
    }

    /// Everything is one page, so nobody gives a cursor back.
    fn choices(
        name: String,
        query: Option<String>,
        _cursor: Option<String>,
    ) -> Result<catalog_export::ChoicePage, Failure> {
        catalog::choices(&name, query.as_deref())
    }
}

impl importer::Guest for Component {
    fn run(request: importer::Request) -> Result<types::Slice, Failure> {
        if request.entity == ENTITY {
            return import::run(&request);
        }
        let message = format!("Fernwhistle has no {:?}.", request.entity);
        Err(Failure::new("not-found", message))
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
