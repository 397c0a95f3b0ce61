//! What is sent of one field: a three-way comparison of Halo's value now, HubSpot's
//! value now, and what both were when they were last compared. Clocks decide nothing.

use crate::contract::halo::integration::types::Value;
use crate::field::convert::Conversion;
use crate::field::decide::{Rule, decide};
use crate::settings::sync_back::Winner;
use crate::sync::outgoing::Way;

/// A mapping row that goes to HubSpot.
#[derive(Clone, Debug)]
pub struct Outward {
    /// HubSpot's property.
    pub property: String,
    /// Halo's field.
    pub field: String,
    /// Whether HubSpot's changes come to Halo as well.
    pub comes_too: bool,
    /// What HubSpot's changes do to the field, where they come.
    pub rule: Rule,
    /// Between both.
    pub conversion: Conversion,
}

/// What both sides held when they were last compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Last<'a> {
    /// HubSpot's text; nothing where they never were compared.
    pub hubspot: Option<&'a str>,
    /// What had been sent, where HubSpot made something else of it.
    pub sent: Option<&'a str>,
}

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Both hold the same.
    Same,
    /// Halo has not changed it.
    Left,
    /// This goes to HubSpot.
    Send(String),
    /// Both have changed it, and HubSpot's value stays.
    Lost {
        /// What Halo holds, as HubSpot's text.
        halo: String,
    },
}

impl Outward {
    /// Its names.
    pub fn way(&self) -> Way<'_> {
        Way {
            property: &self.property,
            field: &self.field,
            comes: self.comes_too,
        }
    }

    /// Decides; `was_edited` says whether Halo's change names the field. Fails with a
    /// sentence where HubSpot cannot hold the value.
    pub fn decide(
        &self,
        halo: &Value,
        hubspot: &str,
        last: Option<Last<'_>>,
        was_edited: bool,
        winner: Winner,
    ) -> Result<Sending, String> {
        let theirs = self
            .conversion
            .to_halo(Some(hubspot).filter(|text| !text.is_empty()));
        let is_same = |theirs: &Value| self.conversion.same(theirs, halo);
        if theirs.as_ref().is_ok_and(is_same) {
            return Ok(Sending::Same);
        }
        let ours = self.conversion.to_hubspot(halo);
        let has_hubspot_changed =
            last.is_some_and(|last| last.hubspot.unwrap_or_default() != hubspot);
        let is_sent = last.is_some_and(|last| {
            let ours = ours.as_deref().ok();
            last.sent.is_some() && last.sent == ours
        });
        let was = last.and_then(|last| {
            let was = last.hubspot.filter(|text| !text.is_empty());
            self.conversion.to_halo(was).ok()
        });
        let has_changed = match last {
            Some(_) => !is_sent && !was.as_ref().is_some_and(is_same),
            // Never compared: what an edit names has changed.
            None => was_edited,
        };
        // A row that only goes out takes no change of HubSpot (A9).
        let overwrites = !self.comes_too && (!is_sent || has_hubspot_changed);
        if !has_changed && !overwrites {
            return Ok(Sending::Left);
        }
        let ours = ours?;
        // HubSpot's change wins only if it comes: what was emptied there takes nothing of
        // Halo's own, and some rows never change what is there.
        let comes = |theirs: &Value| decide(self.rule, theirs, halo, was.as_ref()).is_some();
        if self.comes_too
            && has_hubspot_changed
            && winner == Winner::Hubspot
            && theirs.as_ref().map_or(true, comes)
        {
            return Ok(Sending::Lost { halo: ours });
        }
        Ok(Sending::Send(ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::decide::Emptied;

    fn row(comes_too: bool) -> Outward {
        Outward {
            property: "phone".to_owned(),
            field: "CFPhone".to_owned(),
            comes_too,
            rule: Rule::Mapped(Emptied::TakesBack),
            conversion: Conversion::number("phone", "CFPhone"),
        }
    }

    /// Halo, HubSpot, last (`?` for never), expected (`=` same, `-` left, `!` lost).
    fn check(
        winner: Winner,
        comes_too: bool,
        halo: &str,
        hubspot: &str,
        last: &str,
        expected: &str,
    ) {
        let last = (last != "?").then_some(Last {
            hubspot: Some(last).filter(|last| !last.is_empty()),
            sent: None,
        });
        let halo = crate::field::text(Some(halo).filter(|halo| !halo.is_empty()));
        let decided = row(comes_too).decide(&halo, hubspot, last, true, winner);
        let told = match decided {
            Ok(Sending::Same) => "=".to_owned(),
            Ok(Sending::Left) => "-".to_owned(),
            Ok(Sending::Send(text)) => text,
            Ok(Sending::Lost { .. }) => "!".to_owned(),
            Err(_) => "refused".to_owned(),
        };
        assert_eq!(told, expected, "{halo:?} {hubspot:?} {last:?}");
    }

    #[test]
    fn a_change_of_halo_is_sent_and_the_same_in_another_form_is_no_change() {
        for winner in [Winner::Hubspot, Winner::Halo] {
            check(winner, true, "2", "1", "1", "2");
            check(winner, true, "", "1", "1", "");
            check(winner, true, "1", "2", "1", "-");
            check(winner, true, "2", "2", "1", "=");
            check(winner, true, "1,000.0", "1000", "1", "=");
            check(winner, true, "2", "1", "?", "2");
            check(winner, true, "many", "1", "1", "refused");
        }
    }

    #[test]
    fn a_field_that_both_have_changed_is_the_winners() {
        check(Winner::Hubspot, true, "2", "3", "1", "!");
        check(Winner::Halo, true, "2", "3", "1", "2");
    }

    #[test]
    fn hubspot_wins_only_with_a_change_that_comes() {
        let last = Last {
            hubspot: Some("1"),
            sent: None,
        };
        let halo = crate::field::text(Some("2"));
        for (rule, theirs, is_sent) in [
            (Rule::Mapped(Emptied::TakesBack), "", true),
            (Rule::Mapped(Emptied::Keeps), "", true),
            (Rule::Mapped(Emptied::Clears), "", false),
            (Rule::Mapped(Emptied::Keeps), "3", false),
            (Rule::Empty, "3", true),
            (Rule::Never, "3", true),
        ] {
            let row = Outward { rule, ..row(true) };
            let decided = row.decide(&halo, theirs, Some(last), true, Winner::Hubspot);
            let sent = Ok(Sending::Send("2".to_owned()));
            assert_eq!(decided == sent, is_sent, "{rule:?} {theirs:?}");
        }
    }

    #[test]
    fn s39_a9_a_row_that_only_goes_out_overwrites_what_hubspot_has_changed() {
        for winner in [Winner::Hubspot, Winner::Halo] {
            check(winner, false, "2", "3", "1", "2");
            check(winner, false, "1", "3", "1", "1");
        }
    }

    #[test]
    fn what_hubspot_made_of_a_value_is_not_sent_again() {
        let last = Last {
            hubspot: Some("12"),
            sent: Some("12.00001"),
        };
        let halo = crate::field::text(Some("12.00001"));
        for comes_too in [true, false] {
            let decided = row(comes_too).decide(&halo, "12", Some(last), true, Winner::Hubspot);
            assert_eq!(decided, Ok(Sending::Left), "{comes_too}");
        }
    }
}
