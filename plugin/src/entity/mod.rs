//! What each entity is in HubSpot and in Halo: one file each, with the same
//! sections in the same order.

pub mod company;
pub mod contact;
