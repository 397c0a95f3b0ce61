//! What is wrong with a value, for the sentence that a person reads.

use std::fmt;

/// Which side a value was written on, and so where a person mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A value of a property.
    HubSpot,
    /// A value of a field.
    Halo,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::HubSpot => "HubSpot",
            Side::Halo => "Halo",
        })
    }
}

/// What is wrong with a value, in two halves of the sentence that people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Follows the value: `which is no number`.
    pub what: String,
    /// Follows a semicolon: `correct it in HubSpot`.
    pub mend: String,
}

impl Wrong {
    /// A fault of the value itself: it is corrected where it was written.
    pub fn value(what: impl Into<String>, side: Side) -> Wrong {
        Wrong {
            what: what.into(),
            mend: format!("correct it in {side}"),
        }
    }
}
