//! Where an import is and what it reads next. Plain data and functions.
//!
//! The first import lists everything; later ones read the rows that stopped last
//! time, then search for what changed since the watermark. Deletions, restorations
//! and some merges leave no trace in such a search, so from time to time everything
//! is listed again, and what is linked but was not in the list is looked up. An
//! import that was interrupted goes on at its cursor, whoever starts the next one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::entity::Spec;
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
    /// When the last list of everything was begun, in milliseconds.
    #[serde(default)]
    pub listed: u64,
    /// Under which settings webhooks told of changes from then on, if they did.
    #[serde(default)]
    pub told: Option<String>,
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
    /// When the last list of everything was begun; nothing when this import lists
    /// everything itself.
    #[serde(default)]
    pub listed: Option<u64>,
    /// Names this list among all lists of everything: two may begin in the same
    /// second of HubSpot's clock.
    #[serde(default)]
    pub list: u64,
    /// Whether it is one of those that people choose rows of: such an import lists
    /// everything, and never goes on where another one was interrupted.
    #[serde(default)]
    pub reviewed: bool,
    /// Under which settings webhooks told of changes when it began, if they did.
    #[serde(default)]
    pub told: Option<String>,
    /// What changed after this time, webhooks should have told of.
    #[serde(default)]
    pub told_since: Option<u64>,
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
        /// Ids up to this one were taken from there.
        #[serde(default)]
        after: Option<String>,
        /// Then what changed since.
        then: u64,
    },
    /// What changed.
    Changes(Changes),
    /// Objects that the list should have had and did not.
    Missing {
        /// These ids; read from the state.
        ids: Vec<String>,
        /// Where the next ones are looked for.
        scan: Scan,
    },
    /// Objects whose lines changed: a change of a line is none of the object itself.
    Touched {
        /// These ids.
        ids: Vec<String>,
        /// Then these.
        rest: Vec<String>,
        /// Where the next ones are looked for.
        touch: Touch,
    },
}

/// Where objects are looked for whose lines changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// Among lines that changed; from the last import on where nothing is said.
    Changed(Option<Changes>),
    /// Then among all linked objects behind this id: the lines that they have now
    /// against those that they had. A line that was removed tells nobody.
    Sets(Option<String>),
}

/// Where objects are looked for that a list did not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scan {
    /// Among what is linked, behind this id.
    Linked(Option<String>),
    /// Then in the mapping table, from this row.
    Table(usize),
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
                after: None,
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
        self.settings == settings && (!full || self.listed.is_none())
    }

    /// Whether everything should be listed again, at this time on HubSpot's clock.
    pub fn is_sweep_due(&self, now: u64, interval_ms: u64) -> bool {
        self.listed
            .is_some_and(|listed| now.saturating_sub(listed) >= interval_ms)
    }
}

impl Position {
    /// The call that reads it.
    pub fn call(&self, version: &Version, spec: &Spec, properties: &[&str]) -> Call {
        match self {
            Position::List { after } => objects::list(
                version,
                spec.objects,
                properties,
                spec.associations,
                after.as_deref(),
            ),
            Position::Held { ids, .. }
            | Position::Missing { ids, .. }
            | Position::Touched { ids, .. } => {
                objects::batch_read(version, spec.objects, properties, ids)
            }
            Position::Changes(changes) => {
                changes.call(version, spec.objects, spec.modified, properties)
            }
        }
    }

    /// The ids that it asks for by name.
    pub fn ids(&self) -> Option<&[String]> {
        match self {
            Position::Held { ids, .. }
            | Position::Missing { ids, .. }
            | Position::Touched { ids, .. } => Some(ids),
            Position::List { .. } | Position::Changes(_) => None,
        }
    }

    /// Whether ids must be filled in from the state before it can be read.
    pub fn is_unfilled(&self) -> bool {
        self.ids().is_some_and(<[String]>::is_empty)
    }

    /// What comes after a page of it.
    pub fn after(&self, page: &Page, spec: &Spec) -> Result<Option<Position>, Failure> {
        Ok(match self {
            Position::List { .. } => Some(match page.next() {
                Some(after) => Position::List {
                    after: Some(after.to_owned()),
                },
                None => Position::Missing {
                    ids: Vec::new(),
                    scan: Scan::Linked(None),
                },
            }),
            Position::Held { after, then, .. } => Some(Position::Held {
                ids: Vec::new(),
                after: after.clone(),
                then: *then,
            }),
            Position::Missing { scan, .. } => Some(Position::Missing {
                ids: Vec::new(),
                scan: scan.clone(),
            }),
            Position::Changes(changes) => match changes.after(page, spec.modified)? {
                Some(changes) => Some(Position::Changes(changes)),
                None => spec.lines.as_ref().map(|_| Position::Touched {
                    ids: Vec::new(),
                    rest: Vec::new(),
                    touch: Touch::Changed(None),
                }),
            },
            Position::Touched { rest, touch, .. } => Some(Position::Touched {
                ids: Vec::new(),
                rest: rest.clone(),
                touch: touch.clone(),
            }),
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
    use crate::entity::{company, quote};

    fn watermark() -> Watermark {
        Watermark {
            until: 10_000_000,
            settings: "s".to_owned(),
            without: vec![],
            listed: 9_000_000,
            told: None,
        }
    }

    fn cursor(position: Position, listed: Option<u64>) -> Cursor {
        Cursor {
            reviewed: false,
            started: None,
            settings: "s".to_owned(),
            without: vec![],
            done: 0,
            total: None,
            position,
            begun_anew: false,
            listed,
            list: 0,
            told: None,
            told_since: None,
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
            after: None,
            then: 10_000_000 - OVERLAP_MS,
        };
        assert_eq!(begin(Some(&watermark()), "s", &[], false), expected);
    }

    #[test]
    fn an_interrupted_import_goes_on_unless_settings_changed_or_more_is_asked_for() {
        let list = cursor(
            Position::List {
                after: Some("100".to_owned()),
            },
            None,
        );
        let missing = cursor(
            Position::Missing {
                ids: vec![],
                scan: Scan::Linked(None),
            },
            None,
        );
        let changes = cursor(Position::Changes(Changes::since(1)), Some(5));
        for lists in [list, missing] {
            assert!(lists.continues("s", false) && lists.continues("s", true));
            assert!(!lists.continues("t", false));
        }
        assert!(changes.continues("s", false) && !changes.continues("s", true));
    }

    #[test]
    fn everything_is_listed_again_after_the_interval_and_not_while_it_is_listed() {
        let changes = cursor(Position::Changes(Changes::since(1)), Some(1_000));
        assert!(!changes.is_sweep_due(1_999, 1_000));
        assert!(changes.is_sweep_due(2_000, 1_000));
        let list = cursor(Position::List { after: None }, None);
        assert!(!list.is_sweep_due(u64::MAX, 0));
    }

    #[test]
    fn behind_the_last_page_of_a_list_it_is_asked_what_is_missing() {
        let list = Position::List { after: None };
        let next = list.after(&Page::default(), &company::SPEC);
        let next = next.unwrap().unwrap();
        assert!(next.is_unfilled() && matches!(next, Position::Missing { .. }));
    }

    #[test]
    fn behind_the_last_change_it_is_asked_whose_lines_changed_where_there_are_lines() {
        let changes = Position::Changes(Changes::since(1));
        let next = |spec| changes.after(&Page::default(), spec).unwrap();
        assert_eq!(next(&company::SPEC), None);
        assert!(matches!(
            next(&quote::SPEC),
            Some(Position::Touched {
                touch: Touch::Changed(None),
                ..
            })
        ));
    }
}
