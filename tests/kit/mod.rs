//! What demo, end-to-end tests and benchmarks share: the component, built once,
//! and a [`Workshop`], a folder with a configuration and a simulated HubSpot beside
//! it, in which the program is run as people run it.

mod browser;
pub mod chromium;
mod component;
mod halo;
pub mod install;
pub mod pages;
mod partial;
mod power;
mod program;
mod served;
mod serving;
mod visitor;
mod webhooks;
mod workshop;

pub use browser::Browser;
pub use component::{component, component_of};
pub use halo::Halo;
pub use partial::Records;
pub use program::{Ended, Program};
pub use served::{CLIENT_ID, CLIENT_SECRET, Served, Session};
pub use serving::Serving;
pub use visitor::{Answer, Visitor};
pub use webhooks::{Delivery, Listener, delivered};
pub use workshop::{NAME, Workshop, query_of};
