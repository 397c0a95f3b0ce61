//! Where an import is and what it reads next. Plain data and functions.
//!
//! The first import lists everything; later ones read the rows that stopped last
//! time, then search for what changed since the watermark. An import that was
//! interrupted goes on at its cursor, whoever starts the next one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::hubspot::client::Call;
use crate::hubspot::objects::{self, Page};
use crate::hubspot::search::Changes;
use crate::hubspot::version::Version;

/// How far a search reaches back behind the watermark: HubSpot's index shows a
/// change late (30 s and more were seen), and clocks differ.
pub const OVERLAP_MS: u64 = 10 * 60 * 1_000;

/// Up to when everything was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// Milliseconds, on HubSpot's clock.
    pub until: u64,
    /// Under which settings; under others, everything is read anew.
    pub settings: String,
    /// Mapping rows that were left out; once their property is there, everything
    /// is read anew.
    pub without: Vec<String>,
}

/// Where an import is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// When it began, on HubSpot's clock; the next watermark.
    pub started: Option<u64>,
    /// Under which settings it began.
    pub settings: String,
    /// Mapping rows that are left out: their property is gone.
    pub without: Vec<String>,
    /// Rows read so far.
    pub done: u64,
    /// How many there are, when known.
    pub total: Option<u64>,
    /// What is read next.
    pub position: Position,
    /// HubSpot refused its own cursor once; the list was begun anew.
    #[serde(default)]
    pub begun_anew: bool,
}

/// What is read next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The list of everything.
    List {
        /// HubSpot's own cursor.
        after: Option<String>,
    },
    /// Rows that stopped last time.
    Held {
        /// These ids; read from the state.
        ids: Vec<String>,
        /// Then what changed since.
        then: u64,
    },
    /// What changed.
    Changes(Changes),
}

/// Where a new import starts.
pub fn begin(
    watermark: Option<&Watermark>,
    settings: &str,
    without: &[String],
    full: bool,
) -> Position {
    match watermark {
        Some(watermark)
            if !full && watermark.settings == settings && watermark.without == without =>
        {
            Position::Held {
                ids: Vec::new(),
                then: watermark.until.saturating_sub(OVERLAP_MS),
            }
        }
        _ => Position::List { after: None },
    }
}

impl Cursor {
    /// Whether an import that is asked for now goes on here: under the same
    /// settings, and a full one only where this is full.
    pub fn continues(&self, settings: &str, full: bool) -> bool {
        self.settings == settings && (!full || matches!(self.position, Position::List { .. }))
    }
}

impl Position {
    /// The call that reads it.
    pub fn call(
        &self,
        version: &Version,
        object_type: &str,
        modified: &str,
        properties: &[&str],
    ) -> Call {
        match self {
            Position::List { after } => {
                objects::list(version, object_type, properties, after.as_deref())
            }
            Position::Held { ids, .. } => {
                objects::batch_read(version, object_type, properties, ids)
            }
            Position::Changes(changes) => changes.call(version, object_type, modified, properties),
        }
    }

    /// What comes after a page of it; for held rows the caller fills in the next
    /// ids.
    pub fn after(&self, page: &Page, modified: &str) -> Result<Option<Position>, Failure> {
        Ok(match self {
            Position::List { .. } => page.next().map(|after| Position::List {
                after: Some(after.to_owned()),
            }),
            Position::Held { then, .. } => Some(Position::Held {
                ids: Vec::new(),
                then: *then,
            }),
            Position::Changes(changes) => changes.after(page, modified)?.map(Position::Changes),
        })
    }
}

/// Names settings by what they say; equal for equal settings.
pub fn fingerprint(parts: &[&dyn std::fmt::Debug]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(format!("{part:?}\n"));
    }
    let bytes = hash.finalize();
    bytes
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watermark() -> Watermark {
        Watermark {
            until: 10_000_000,
            settings: "s".to_owned(),
            without: vec![],
        }
    }

    #[test]
    fn the_first_import_and_one_under_new_settings_list_everything() {
        let list = Position::List { after: None };
        assert_eq!(begin(None, "s", &[], false), list);
        assert_eq!(begin(Some(&watermark()), "t", &[], false), list);
        assert_eq!(
            begin(Some(&watermark()), "s", &["city".to_owned()], false),
            list
        );
        assert_eq!(begin(Some(&watermark()), "s", &[], true), list);
    }

    #[test]
    fn later_imports_ask_for_changes_with_an_overlap() {
        let expected = Position::Held {
            ids: vec![],
            then: 10_000_000 - OVERLAP_MS,
        };
        assert_eq!(begin(Some(&watermark()), "s", &[], false), expected);
    }

    #[test]
    fn an_interrupted_import_goes_on_unless_settings_changed_or_more_is_asked_for() {
        let cursor = |position| Cursor {
            started: None,
            settings: "s".to_owned(),
            without: vec![],
            done: 0,
            total: None,
            position,
            begun_anew: false,
        };
        let list = cursor(Position::List {
            after: Some("100".to_owned()),
        });
        let changes = cursor(Position::Changes(Changes::since(1)));
        assert!(list.continues("s", false) && list.continues("s", true));
        assert!(changes.continues("s", false) && !changes.continues("s", true));
        assert!(!list.continues("t", false));
    }
}
