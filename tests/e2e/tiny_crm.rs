//! The second connector, which is the example for authors: what holds for HubSpot's in
//! this host holds for one that shares no line with it.

mod beside;
mod connection;
mod desk;
mod imports;
