//! Every key of the connector's state, in one place.
//!
//! | key | what |
//! |---|---|
//! | `connection` | the account, and whether a static token is in use |
//! | `ENTITY/watermark` | up to when everything was read, and under which settings |
//! | `ENTITY/cursor` | where an unfinished import goes on |
//! | `ENTITY/selection` | where an unfinished import of chosen rows goes on |
//! | `ENTITY/agreed/ID` | HubSpot's values as of the last comparison |
//! | `ENTITY/held/ID` | a row that stopped; it is read again until it goes in |

/// The account.
pub const CONNECTION: &str = "connection";

/// Up to when everything was read.
pub fn watermark(entity: &str) -> String {
    format!("{entity}/watermark")
}

/// Where an unfinished import goes on.
pub fn cursor(entity: &str) -> String {
    format!("{entity}/cursor")
}

/// Where an unfinished import of chosen rows goes on.
pub fn selection(entity: &str) -> String {
    format!("{entity}/selection")
}

/// HubSpot's values as of the last comparison.
pub fn agreed(entity: &str, id: &str) -> String {
    format!("{entity}/agreed/{id}")
}

/// A row that stopped.
pub fn held(entity: &str, id: &str) -> String {
    format!("{}{id}", held_prefix(entity))
}

/// Before the ids of rows that stopped.
pub fn held_prefix(entity: &str) -> String {
    format!("{entity}/held/")
}
