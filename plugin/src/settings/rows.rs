//! The rows of the mapping tables. Field rows are the same for every entity.

use serde::Deserialize;

use crate::contract::halo::integration::records::FieldInfo;
use crate::field::convert::{Conversion, Unmapped, ValuePair};
use crate::field::decide::{Emptied, Rule};
use crate::field::direction::Direction;
use crate::hubspot::properties::Property;

/// One HubSpot company, and the Halo customer or the site that it is (A25).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pair {
    /// HubSpot's id.
    pub company: String,
    /// Halo's id of a customer; either this or `site`.
    #[serde(default)]
    pub customer: Option<u64>,
    /// Halo's id of a site.
    #[serde(default)]
    pub site: Option<u64>,
}

/// What a pair says that its company is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The customer of this id.
    Customer(u64),
    /// The site of this id, whosever it is.
    Site(u64),
}

/// One HubSpot property and the Halo field that it fills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FieldRow {
    /// HubSpot's internal name.
    pub property: String,
    /// Halo's name; upper and lower case make no difference.
    pub field: String,
    /// Which way it goes, where the entity's rows have that (S36).
    #[serde(default)]
    pub direction: Direction,
    /// Halo's changes of the field go to HubSpot, too (S29); where the entity's rows have
    /// a direction, that says it.
    #[serde(default)]
    pub sync_back: bool,
    /// Whether a change of Halo stays where HubSpot has changed the field too; follows
    /// from `sync-back`.
    #[serde(skip)]
    pub halo_wins: bool,
    /// For choices: which option is which choice, where labels differ.
    #[serde(default)]
    pub values: Vec<ValuePair>,
    /// For choices: what becomes of an option that is none, [`Unmapped::Refuse`] when
    /// left out.
    #[serde(default)]
    pub unmapped: Option<Unmapped>,
    /// For choices: the choice of options that are none, by value or label.
    #[serde(default)]
    pub default_choice: Option<String>,
    /// Fill the field only of a record that this connector makes.
    #[serde(default)]
    pub new_records_only: bool,
    /// Fill the field where it is empty, and never change what is there.
    #[serde(default)]
    pub never_update: bool,
    /// Whether an empty property clears the field: `true` whatever is there,
    /// `false` never; else only what came from HubSpot.
    #[serde(default)]
    pub empty_overwrites: Option<bool>,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Customer(id) => write!(f, "customer {id}"),
            Target::Site(id) => write!(f, "site {id}"),
        }
    }
}

impl Pair {
    /// What it says; a pair that is as it must be says one thing.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        let customer = self.customer.map(Target::Customer);
        customer.into_iter().chain(self.site.map(Target::Site))
    }
}

impl FieldRow {
    /// Whether Halo's changes go to HubSpot.
    pub fn goes_to_hubspot(&self) -> bool {
        self.sync_back || self.direction.goes_to_hubspot()
    }

    /// The conversion between its property and its field; fails with the refusal of the
    /// pair of types.
    pub fn conversion(&self, property: &Property, field: &FieldInfo) -> Result<Conversion, String> {
        let conversion = Conversion::between(property, field, &self.values)?;
        let unmapped = self.unmapped.unwrap_or_default();
        Ok(conversion.otherwise(field, unmapped, self.default_choice.as_deref()))
    }

    /// How its field is filled. Where options contradict each other, the one that
    /// writes less.
    pub fn rule(&self) -> Rule {
        match (self.new_records_only, self.never_update) {
            (true, _) => Rule::Never,
            (_, true) => Rule::Empty,
            _ if self.halo_wins => Rule::UnlessEdited(self.emptied()),
            _ => Rule::Mapped(self.emptied()),
        }
    }

    fn emptied(&self) -> Emptied {
        match self.empty_overwrites {
            None => Emptied::TakesBack,
            Some(true) => Emptied::Clears,
            Some(false) => Emptied::Keeps,
        }
    }

    /// The options that contradict each other: which one to remove, and why.
    pub fn contradictions(&self) -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        if !self.direction.comes_to_halo() {
            let options = [
                ("new-records-only", self.new_records_only),
                ("never-update", self.never_update),
                ("empty-overwrites", self.empty_overwrites.is_some()),
                ("unmapped", self.unmapped.is_some()),
                ("default-choice", self.default_choice.is_some()),
            ];
            found.extend(options.into_iter().filter(|(_, given)| *given).map(|(name, _)| {
                (
                    name,
                    "A row with the direction halo-to-hubspot fills nothing in Halo; remove this option, or choose another direction.",
                )
            }));
            return found;
        }
        if self.unmapped.is_some() && self.default_choice.is_some() {
            found.push((
                "unmapped",
                "A default-choice is for all options without a choice, so that none is left for unmapped; remove one of the two.",
            ));
        }
        if self.new_records_only && self.never_update {
            found.push((
                "never-update",
                "A row with new-records-only leaves existing records alone, one with never-update fills their empty fields; remove one of the two.",
            ));
        }
        if self.empty_overwrites == Some(true) {
            if self.new_records_only {
                found.push((
                    "empty-overwrites",
                    "A row with new-records-only clears nothing; remove one of the two.",
                ));
            }
            if self.never_update {
                found.push((
                    "empty-overwrites",
                    "A row with never-update clears nothing; remove one of the two.",
                ));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_contradict_each_other_are_named_and_the_one_that_writes_less_holds() {
        let check = |options: &str, rule: Rule, contradictions: &[&str]| {
            let row: FieldRow =
                serde_json::from_str(&format!(r#"{{"property": "a", "field": "b"{options}}}"#))
                    .unwrap();
            let names: Vec<&str> = row.contradictions().iter().map(|(name, _)| *name).collect();
            assert_eq!(
                (row.rule(), names.as_slice()),
                (rule, contradictions),
                "{options}"
            );
        };
        let mapped = Rule::Mapped;
        check("", mapped(Emptied::TakesBack), &[]);
        let overwrites = r#", "empty-overwrites": true"#;
        check(overwrites, mapped(Emptied::Clears), &[]);
        let keeps = r#", "empty-overwrites": false"#;
        check(keeps, mapped(Emptied::Keeps), &[]);
        let new = r#", "new-records-only": true"#;
        check(new, Rule::Never, &[]);
        check(&format!("{new}{keeps}"), Rule::Never, &[]);
        check(
            &format!("{new}{overwrites}"),
            Rule::Never,
            &["empty-overwrites"],
        );
        let never = r#", "never-update": true"#;
        check(never, Rule::Empty, &[]);
        check(&format!("{never}{new}"), Rule::Never, &["never-update"]);
        check(
            &format!("{never}{overwrites}"),
            Rule::Empty,
            &["empty-overwrites"],
        );
        let outwards = r#", "direction": "halo-to-hubspot""#;
        check(outwards, mapped(Emptied::TakesBack), &[]);
        check(
            &format!("{outwards}{never}{keeps}"),
            Rule::Empty,
            &["never-update", "empty-overwrites"],
        );
        let unmapped = r#", "unmapped": "keep""#;
        check(unmapped, mapped(Emptied::TakesBack), &[]);
        let other = r#", "default-choice": "Other""#;
        check(other, mapped(Emptied::TakesBack), &[]);
        let two = format!("{unmapped}{other}");
        check(&two, mapped(Emptied::TakesBack), &["unmapped"]);
        let both = r#", "direction": "bidirectional""#;
        check(&format!("{both}{never}"), Rule::Empty, &[]);
    }
}
