//! References to records of Halo, by a table of the settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Wrong;

/// Which record each value of HubSpot is, as the settings say; nothing is guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Records {
    /// By HubSpot's value: Halo's id.
    pub pairs: BTreeMap<String, u64>,
    /// For values that have no pair.
    pub other: Option<u64>,
    /// Without either, whether the field is left alone and nothing is said.
    pub keeps: bool,
    /// What would mend it.
    pub mend: String,
}

impl Records {
    /// Halo's id for a value.
    pub fn find(&self, value: &str) -> Option<u64> {
        self.pairs.get(value).copied().or(self.other)
    }

    /// What is wrong with a value that no row names.
    pub fn missing(&self) -> Wrong {
        Wrong {
            what: "which the settings do not name".to_owned(),
            mend: self.mend.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::halo::integration::types::{RecordRef, Value};
    use crate::field::convert::Conversion;

    fn table(other: Option<u64>, keeps: bool) -> Conversion {
        let records = Records {
            pairs: BTreeMap::from([("a".to_owned(), 3)]),
            other,
            keeps,
            mend: "add a row".to_owned(),
        };
        Conversion::records("dealstage", "status_id", records)
    }

    #[test]
    fn s51_a_value_is_the_record_that_its_row_names_or_the_default_or_none() {
        let record = |id| Ok(Value::Reference(RecordRef::Id(id)));
        assert_eq!(table(None, false).to_halo(Some("a")), record(3));
        assert_eq!(table(Some(7), false).to_halo(Some("b")), record(7));
        assert_eq!(table(None, false).to_halo(None), Ok(Value::None));
        assert_eq!(
            table(None, false).to_halo(Some("b")).unwrap_err(),
            "The property \"dealstage\" holds \"b\", which the settings do not name; add a row."
        );
    }

    #[test]
    fn s51_a_field_is_left_alone_only_where_the_settings_say_so() {
        for (other, keeps, value, leaves) in [
            (None, true, Some("b"), true),
            (None, true, Some("a"), false),
            (None, true, None, false),
            (Some(7), true, Some("b"), false),
            (None, false, Some("b"), false),
        ] {
            assert_eq!(table(other, keeps).leaves(value), leaves, "{value:?}");
        }
    }
}
