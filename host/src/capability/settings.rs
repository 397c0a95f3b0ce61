//! The connector's settings, as they were when its call began: one call sees one
//! version.

use super::Guest;
use crate::contract::halo::integration::settings::{Document, Host};
use crate::contract::halo::integration::types::Failure;

impl Host for Guest {
    async fn get(&mut self) -> wasmtime::Result<Result<Document, Failure>> {
        let (revision, json) = self.settings.clone();
        Ok(Ok(Document { revision, json }))
    }
}
