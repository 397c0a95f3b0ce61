//! Every key of the connector's state, in one place.
//!
//! `SCOPE` is an entity, with the account's prefix where the connection has had
//! another account before.
//!
//! | key | what |
//! |---|---|
//! | `connection` | the account, and whether it is in use |
//! | `SCOPE/watermark` | up to when everything was read, and under which settings |
//! | `SCOPE/cursor` | where an unfinished import goes on |
//! | `SCOPE/conversions` | how values are converted in that import |
//! | `SCOPE/selection` | where an unfinished import of chosen rows goes on |
//! | `SCOPE/agreed/ID` | HubSpot's values as of the last comparison, when it was last listed, and whether it is gone |
//! | `SCOPE/intent/ID` | what is about to be written for a row, until it is remembered |
//! | `SCOPE/outgoing/RECORD` | what is about to be sent of a record of Halo, until it is remembered |
//! | `SCOPE/outward` | the rows that go to HubSpot, ready for use |
//! | `SCOPE/own` | whether the account has the connector's own property |
//! | `SCOPE/attempt/RECORD` | an object that may have been made of a record, where nothing marks it |
//! | `installation` | names this installation in that property |
//! | `SCOPE/untold` | changes of which no webhook told |
//! | `SCOPE/held/ID` | a row that stopped; it is read again until it goes in |

use crate::hubspot::objects::is_id;

/// The account.
pub const CONNECTION: &str = "connection";

/// Up to when everything was read.
pub fn watermark(scope: &str) -> String {
    format!("{scope}/watermark")
}

/// The ids of HubSpot among external keys: those with this prefix, and no other
/// account's.
pub fn own_ids<'a>(prefix: &'a str, keys: &'a [String]) -> impl Iterator<Item = &'a str> {
    let own = keys.iter().filter_map(move |key| key.strip_prefix(prefix));
    own.filter(|id| is_id(id))
}

/// Where an unfinished import goes on.
pub fn cursor(scope: &str) -> String {
    format!("{scope}/cursor")
}

/// How values are converted in the import that the cursor is of.
pub fn conversions(scope: &str) -> String {
    format!("{scope}/conversions")
}

/// Where an unfinished import of chosen rows goes on.
pub fn selection(scope: &str) -> String {
    format!("{scope}/selection")
}

/// HubSpot's values as of the last comparison.
pub fn agreed(scope: &str, id: &str) -> String {
    format!("{}{id}", agreed_prefix(scope))
}

/// Before the ids of linked objects.
pub fn agreed_prefix(scope: &str) -> String {
    format!("{scope}/agreed/")
}

/// What is about to be written for a row.
pub fn intent(scope: &str, id: &str) -> String {
    format!("{scope}/intent/{id}")
}

/// What is about to be sent of a record of Halo.
pub fn outgoing(scope: &str, record: u64) -> String {
    format!("{}{record}", outgoing_prefix(scope))
}

/// Before the records of which something is about to be sent.
pub fn outgoing_prefix(scope: &str) -> String {
    format!("{scope}/outgoing/")
}

/// The rows that go to HubSpot, ready for use.
pub fn outward(scope: &str) -> String {
    format!("{scope}/outward")
}

/// Whether the account has the connector's own property.
pub fn own(scope: &str) -> String {
    format!("{scope}/own")
}

/// An object that may have been made of a record of Halo.
pub fn attempt(scope: &str, record: u64) -> String {
    format!("{scope}/attempt/{record}")
}

/// Names this installation.
pub const INSTALLATION: &str = "installation";

/// Changes of which no webhook told.
pub fn untold(scope: &str) -> String {
    format!("{scope}/untold")
}

/// A row that stopped.
pub fn held(scope: &str, id: &str) -> String {
    format!("{}{id}", held_prefix(scope))
}

/// Before the ids of rows that stopped.
pub fn held_prefix(scope: &str) -> String {
    format!("{scope}/held/")
}
