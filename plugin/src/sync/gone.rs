//! Objects that HubSpot does not have any more. What becomes of Halo's record is for
//! people to decide, by a setting where there is one (`deleted.rs`); it is said once, and
//! the link no longer keeps another object from that record.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::hubspot::objects::Object;

/// Where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// Into the recycling bin, at this time; HubSpot keeps it there for 90 days.
    Deleted(String),
    /// Into another object, with this id.
    Merged(String),
    /// HubSpot says no more than that there is none of that id: it was deleted more
    /// than 90 days ago or for good.
    Lost,
}

impl Gone {
    /// As the recycling bin tells it.
    pub fn of(in_bin: Option<&Object>) -> Gone {
        match in_bin.and_then(|object| object.archived_at.as_deref()) {
            Some(at) => Gone::Deleted(at.to_owned()),
            None => Gone::Lost,
        }
    }

    /// For people. `what` is a company, `record` what it is linked to in Halo
    /// (`customer 7`), `done` what was done to that (`closed`).
    pub fn reason(&self, what: &str, record: &str, done: Option<&str>) -> Failure {
        if let (Gone::Deleted(_) | Gone::Lost, Some(done)) = (self, done) {
            let (when, back) = match self {
                Gone::Deleted(at) => (
                    format!(" on {}", at.get(..10).unwrap_or(at)),
                    format!(" Restore the {what} in HubSpot within 90 days to go on with it."),
                ),
                _ => (String::new(), String::new()),
            };
            let message =
                format!("The {what} was deleted in HubSpot{when}; {record} was {done}.{back}");
            return Failure::new("deleted", message);
        }
        match self {
            Gone::Deleted(at) => Failure::new(
                "deleted",
                format!(
                    "The {what} was deleted in HubSpot on {}; {record} stays as it is. Restore the {what} in HubSpot within 90 days to go on, or make {record} inactive in Halo.",
                    at.get(..10).unwrap_or(at)
                ),
            )
            .with("deleted-at", at),
            Gone::Merged(into) => Failure::new(
                "merged",
                format!(
                    "The {what} was merged into {what} {into} in HubSpot. If that one has another record in Halo than {record}, merge the two in Halo."
                ),
            )
            .with("merged-into", into),
            Gone::Lost => Failure::new(
                "deleted",
                format!(
                    "HubSpot has no such {what} any more, not even in its recycling bin; {record} stays as it is. Make it inactive in Halo if it is not needed."
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bin_tells_a_deleted_object_from_one_that_is_lost() {
        let mut object = Object::bare("1");
        assert_eq!(Gone::of(None), Gone::Lost);
        assert_eq!(Gone::of(Some(&object)), Gone::Lost);
        object.archived_at = Some("2026-11-02T03:04:05Z".to_owned());
        let gone = Gone::of(Some(&object));
        let reason = gone.reason("company", "customer 7", None);
        assert!(
            reason.message.starts_with(
                "The company was deleted in HubSpot on 2026-11-02; customer 7 stays as it is."
            ),
            "{}",
            reason.message
        );
    }
}
