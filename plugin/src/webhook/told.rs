//! What an event tells, as it is kept until it is acted on: small, in a shape of our
//! own, and without any value of a property. Acting on it reads the object, so a value
//! would only be one more copy of people's data.

use serde::{Deserialize, Serialize};

use super::object::Object;
use crate::failure::Failure;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Told {
    /// What it is about; of a merge, the object that is left.
    pub object: Object,
    /// What happened to it.
    pub what: What,
    /// When, by HubSpot's clock, in milliseconds.
    pub occurred_at: u64,
    /// What changed it, in HubSpot's words: `CRM_UI`, `INTEGRATION`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Which one: for `INTEGRATION`, the number of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum What {
    /// It was made.
    Created,
    /// A property has another value.
    Changed {
        /// Its internal name.
        property: String,
    },
    /// It went into the recycling bin.
    Deleted,
    /// It came back from there, under the same id.
    Restored,
    /// Others went into it.
    Merged {
        /// Ids that are not used any more.
        ids: Vec<String>,
    },
    /// It was deleted for good, by the wish of the person that it was about.
    Forgotten,
    /// A link was made or removed.
    Associated {
        /// The other end, where it was named.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<Object>,
        /// Whether it was removed.
        removed: bool,
    },
}

impl Told {
    /// As it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers only: there is nothing that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From what was kept.
    pub fn from_bytes(bytes: &[u8]) -> Result<Told, Failure> {
        serde_json::from_slice(bytes).map_err(|error| {
            Failure::internal(format!("An event that was kept cannot be read: {error}."))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::object::ObjectType;

    #[test]
    fn what_is_kept_of_an_event_is_read_again() {
        let object = |of, id: &str| Object {
            of,
            id: id.to_owned(),
        };
        let deal = object(ObjectType::Deal, "9007199254740993");
        for what in [
            What::Created,
            What::Changed {
                property: "amount".to_owned(),
            },
            What::Deleted,
            What::Restored,
            What::Merged {
                ids: vec!["1".to_owned(), "2".to_owned()],
            },
            What::Forgotten,
            What::Associated {
                with: Some(object(ObjectType::Company, "7")),
                removed: true,
            },
            What::Associated {
                with: None,
                removed: false,
            },
        ] {
            let told = Told {
                object: deal.clone(),
                what,
                occurred_at: 1_787_843_156_000,
                source: Some("CRM_UI".to_owned()),
                source_id: None,
            };
            assert_eq!(Told::from_bytes(&told.to_bytes()).unwrap(), told);
        }
        assert!(Told::from_bytes(b"{}").is_err());
    }

    #[test]
    fn the_kept_shape_is_this() {
        let told = Told {
            object: Object {
                of: ObjectType::LineItem,
                id: "5".to_owned(),
            },
            what: What::Changed {
                property: "quantity".to_owned(),
            },
            occurred_at: 3,
            source: None,
            source_id: None,
        };
        assert_eq!(
            String::from_utf8(told.to_bytes()).unwrap(),
            r#"{"object":{"type":"line_item","id":"5"},"what":{"kind":"changed","property":"quantity"},"occurred-at":3}"#
        );
    }
}
