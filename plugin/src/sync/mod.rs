//! Bringing both sides together. So far: HubSpot into Halo.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`import`] | one slice: pages until the slice is over | shell |
//! | [`page`] | one page: look up, plan, write, report, remember | shell |
//! | [`plan`] | what becomes of one row | no |
//! | [`cursor`] | where an import is, and what it reads next | no |
//! | [`keys`] | every key of the connector's state | no |
//! | [`memory`] | state as JSON | shell |

pub mod cursor;
pub mod import;
pub mod keys;
pub mod memory;
pub mod page;
pub mod plan;
