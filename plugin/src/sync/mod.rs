//! Bringing both sides together. So far: HubSpot into Halo.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | [`import`] | one slice: pages until the slice is over | shell |
//! | [`reader`] | how a page is asked for | shell |
//! | [`pending`] | ids that only the state knows | shell |
//! | [`touched`] | objects whose lines changed | shell |
//! | [`selection`] | one slice of an import of chosen rows | shell |
//! | [`page`] | one page: look up, plan, write, report, remember | shell |
//! | [`section`] | the settings of one entity; the list of all | no |
//! | [`companies`], [`contacts`], [`products`], [`deals`], [`quotes`] | what is looked up for a page of them | shell |
//! | [`whose`] | the customer, site and user of deals and quotes | shell |
//! | [`lines`] | the lines of quotes | shell |
//! | [`sites`] | what is known of the sites of a page | shell |
//! | [`live`] | objects that HubSpot has told of | shell |
//! | [`untold`] | changes that no webhook has told of | part |
//! | [`forgotten`] | people who wanted HubSpot to forget them | shell |
//! | [`deleted`] | what a deletion in HubSpot does to records, and how it is taken back | shell |
//! | [`writing`] | the rows of a page, repeated where records do not answer | shell |
//! | [`plan`] | what becomes of one row | no |
//! | [`intent`] | what is about to be written | no |
//! | [`ended`] | how a row ended | no |
//! | [`gone`] | objects that HubSpot does not have any more | no |
//! | [`cursor`] | where an import is, and what it reads next | no |
//! | [`keys`] | every key of the connector's state | no |
//! | [`memory`] | state as JSON | shell |

pub mod companies;
pub mod contacts;
pub mod cursor;
pub mod deals;
pub mod deleted;
pub mod ended;
pub mod forgotten;
pub mod gone;
pub mod import;
pub mod intent;
pub mod keys;
pub mod lines;
pub mod live;
pub mod memory;
pub mod opt_out;
pub mod outgoing;
pub mod page;
pub mod pending;
pub mod plan;
pub mod products;
pub mod quotes;
pub mod reader;
pub mod section;
pub mod selection;
pub mod sites;
pub mod touched;
pub mod untold;
pub mod whose;
pub mod writing;
