//! HubSpot's webhooks: one address for all accounts of an app, to which HubSpot sends
//! what changed. Events say where to look and no more: they come late, twice and in any
//! order (HubSpot's own words), so acting on one reads the object as it is.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`signature`] | whether a request is HubSpot's | no |
//! | [`events`], [`fields`] | what a body tells | no |
//! | [`object`] | the types of objects, and their switches | no |
//! | [`told`] | what is kept of an event | no |
//! | [`receive`] | one request | shell |
//! | [`asked`] | which objects events ask to look at | no |
//! | [`apply`] | acting on what was kept | shell |
//! | [`subscriptions`] | what HubSpot must be told to send | no |

pub mod apply;
pub mod asked;
pub mod events;
pub mod fields;
pub mod object;
pub mod receive;
pub mod signature;
pub mod subscriptions;
pub mod told;
