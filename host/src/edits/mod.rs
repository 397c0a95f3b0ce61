//! Changes that people (and programs that act for them) make in Halo's records.
//!
//! One way for the command line and for the records API: what is given is read
//! leniently and checked against Halo's kinds in full (`plan`), and only when
//! nothing is wrong it is written, in one transaction with its journal lines and with
//! the outbox rows of every connection that listens. Such a write belongs to no
//! connection, so it is never taken for a connector's own.

mod given;
mod plan;
mod write;

pub use given::Given;
pub use plan::{Change, Inside, Problem, kind_of, switch_of};
pub use write::{EditError, Who, Written, changes_of, write};
