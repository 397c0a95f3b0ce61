//! The HubSpot connector: HubSpot's companies, contacts, products, quotes and deals
//! as Halo's customers, users, items, quotations and tickets, as one WASM
//! component.
//!
//! This file lists what the component exports; each function is a line or two
//! into a module. Decisions are plain functions without I/O and are tested
//! natively; the modules that talk to the host are thin shells around them.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`settings`] | the typed settings | no |
//! | [`check`] | every problem of the settings | shell |
//! | [`connect`] | signing in and out | shell |
//! | [`catalog`] | what HubSpot offers to the mapping editor | shell |
//! | [`entity`] | what each entity is on both sides | no |
//! | [`field`] | types, values and the rule that decides about a field | no |
//! | [`matching`] | which Halo record a HubSpot object is | no |
//! | [`likely`] | likely rows of the customer mapping table, with evidence | look, people: shell |
//! | [`patience`] | what a failure of Halo's records asks for | shell |
//! | [`push`] | sync back: Halo's changes to HubSpot | plan: no |
//! | [`sync`] | import: cursor, plan of a page, the page itself | plan: no |
//! | [`webhook`] | what HubSpot tells of by itself | receive: shell |
//! | [`actions`] | what a person may ask besides | shell |
//! | [`hubspot`] | HubSpot's protocol | shell |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod contract;

pub mod actions;
pub mod catalog;
pub mod check;
pub mod connect;
pub mod describe;
pub mod entity;
pub mod failure;
pub mod field;
pub mod hubspot;
pub mod likely;
pub mod matching;
pub mod patience;
pub mod push;
pub mod settings;
pub mod sync;
pub mod webhook;

use contract::exports::halo::integration as exports;
use contract::halo::integration::types;
use exports::{
    actions as actions_export, catalog as catalog_export, connect as connect_export, connector,
    importer, push as push_export, webhook as webhook_export,
};
use failure::Failure;

/// The component.
struct Component;

impl connector::Guest for Component {
    fn describe() -> String {
        describe::document()
    }

    fn check_settings(json: String, online: bool) -> Result<Vec<connector::Problem>, Failure> {
        check::check(&json, online)
    }

    fn migrate(_from_version: String) -> Result<(), Failure> {
        // 0.1.0 is the first version; there is no other shape of state yet.
        Ok(())
    }
}

impl connect_export::Guest for Component {
    fn begin(redirect: String, other_account: bool) -> Result<connect_export::Begun, Failure> {
        connect::begin(&redirect, other_account)
    }

    fn complete(parameters: Vec<types::Attribute>) -> Result<connect_export::Account, Failure> {
        connect::complete(&parameters)
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

    fn choices(
        name: String,
        query: Option<String>,
        cursor: Option<String>,
    ) -> Result<catalog_export::ChoicePage, Failure> {
        catalog::choices(&name, query.as_deref(), cursor)
    }
}

impl importer::Guest for Component {
    fn run(request: importer::Request) -> Result<types::Slice, Failure> {
        sync::import::run(&request)
    }
}

impl push_export::Guest for Component {
    fn push(changes: Vec<push_export::Change>) -> Result<Vec<push_export::Answer>, Failure> {
        push::push(&changes)
    }
}

impl webhook_export::Guest for Component {
    fn receive(request: webhook_export::Request) -> webhook_export::Received {
        webhook::receive::receive(&request)
    }

    fn apply(
        events: Vec<webhook_export::StoredEvent>,
    ) -> Result<Vec<webhook_export::Answer>, Failure> {
        webhook::apply::apply(&events)
    }
}

impl actions_export::Guest for Component {
    fn available() -> Vec<actions_export::Action> {
        actions::available()
    }

    fn run(name: String, input: String) -> Result<String, Failure> {
        actions::run(&name, &input)
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
