//! A real Chromium without a screen, driven by its own chromedriver over WebDriver.
//!
//! All tests of a process that run at the same time share one chromedriver; each has a
//! browser of its own, with a folder of its own that goes with it.

mod command;
mod driver;
mod programs;
mod window;

pub use window::{NARROW, Scheme, Size, WIDE, Window};
