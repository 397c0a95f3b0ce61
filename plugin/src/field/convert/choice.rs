//! Options of a HubSpot property and choices of a Halo field that stand for each
//! other. HubSpot keeps an internal value for each option, Halo an id for each
//! choice; people know both by their labels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Wrong;
use crate::contract::halo::integration::records::FieldInfo;
use crate::field::fold;
use crate::hubspot::properties::Property;

/// What HubSpot puts between the values of several options.
const SEPARATOR: char = ';';

/// One row of a value mapping: an option of HubSpot and the choice of Halo that it
/// is. Each is named by its value, or by its label where no value is the same. An
/// option may be in several rows, and so may a choice; the first row counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ValuePair {
    /// The option of the property.
    pub hubspot: String,
    /// The choice of the field.
    pub halo: String,
}

/// What becomes of a value of HubSpot that no row names and that has no equal in Halo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmapped {
    /// The field is left as it is, and the row says why.
    #[default]
    Refuse,
    /// The field is left as it is, and nothing is said.
    Keep,
}

/// Which option is which choice, settled once.
///
/// An option that a row names is what its first row says. Any other is the one
/// choice of the same label, or else the one that its value names. Several options
/// may be one choice: on the way back that choice is the option of its own label, or
/// else that of the first row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Table {
    /// The values of an option and its choice, in an order in which the first that
    /// fits is right both ways.
    pairs: Vec<(String, String)>,
    /// Options without a choice, by value: their labels, for messages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lone_options: BTreeMap<String, String>,
    /// Whether the property's definition names its options; some properties have theirs
    /// elsewhere (owners).
    #[serde(default)]
    lists_options: bool,
    /// Choices without an option, by value: their labels, for messages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lone_choices: BTreeMap<String, String>,
    /// The choice of all options without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other: Option<String>,
    /// Without it, what becomes of the field.
    #[serde(default)]
    unmapped: Unmapped,
}

impl Table {
    /// Settles which option is which choice.
    pub fn between(property: &Property, field: &FieldInfo, rows: &[ValuePair]) -> Table {
        let options = options(property);
        let choices = choices(field);
        let mut pairs = Vec::new();
        let mut second_rows = Vec::new();
        let mut in_rows = BTreeSet::new();
        for row in rows {
            let option = named(&options, &row.hubspot);
            // An option that is not in the definition may be in a list of its own
            // (owners, pipelines): the row is taken at its word.
            let value = option.map_or(row.hubspot.as_str(), |option| option.value);
            let first = in_rows.insert(value);
            if let Some(choice) = named(&choices, &row.halo) {
                let alike = option.is_some_and(|option| option.folded == choice.folded);
                let pair = (alike, value, choice.value);
                if first {
                    pairs.push(pair);
                } else {
                    second_rows.push(pair);
                }
            }
        }
        for option in &options {
            if !in_rows.contains(option.value)
                && let Some(choice) = natural(option, &choices)
            {
                pairs.push((option.folded == choice.folded, option.value, choice.value));
            }
        }
        // The sort keeps the order of equals: rows stay before what was found.
        pairs.sort_by_key(|(alike, ..)| !alike);
        pairs.extend(second_rows);
        let pairs: Vec<(String, String)> = pairs
            .into_iter()
            .map(|(_, option, choice)| (option.to_owned(), choice.to_owned()))
            .collect();
        Table {
            lone_options: lone(&options, pairs.iter().map(|(option, _)| option)),
            lists_options: !options.is_empty(),
            lone_choices: lone(&choices, pairs.iter().map(|(_, choice)| choice)),
            pairs,
            other: None,
            unmapped: Unmapped::Refuse,
        }
    }

    /// What becomes of options without a choice; `default` names a choice for them. One
    /// that the field does not have is none: they are refused, and not guessed.
    #[must_use]
    pub fn otherwise(
        mut self,
        field: &FieldInfo,
        unmapped: Unmapped,
        default: Option<&str>,
    ) -> Table {
        let choices = choices(field);
        // Where the two contradict each other, the one that writes less.
        let default = default.filter(|_| unmapped == Unmapped::Refuse);
        let choice = default.and_then(|name| named(&choices, name));
        self.other = choice.map(|choice| choice.value.to_owned());
        self.unmapped = unmapped;
        self
    }

    /// The choice that one option is.
    pub fn choice(&self, option: &str, field: &str) -> Result<String, Wrong> {
        self.choice_of(option)
            .map(str::to_owned)
            .ok_or_else(|| self.missing(option, field))
    }

    fn missing(&self, option: &str, field: &str) -> Wrong {
        // Objects keep an option that was removed from its property.
        let is_gone = self.lists_options && !self.lone_options.contains_key(option);
        let (what, mend) = match is_gone {
            true => (
                ", which HubSpot does not offer any more",
                "choose another option in HubSpot",
            ),
            false => ("", "add the choice in Halo"),
        };
        Wrong {
            what: format!(
                "and no choice of the field {field:?} stands for the option {}{what}",
                shown(&self.lone_options, option)
            ),
            mend: format!(
                "{mend}, or add a row to the values of this mapping, or a default-choice"
            ),
        }
    }

    /// Whether the field is left as it is and nothing is said, for this option.
    pub fn leaves(&self, option: &str) -> bool {
        self.unmapped == Unmapped::Keep && self.choice_of(option).is_none()
    }

    /// The same for several options: one is enough, as the others alone would be half
    /// true.
    pub fn leaves_any(&self, options: &str) -> bool {
        parts(options).any(|option| self.leaves(option))
    }

    /// The choices that several options are: in one order whatever HubSpot's, each
    /// once. An empty part is nothing: HubSpot appends with a separator in front.
    pub fn choices(&self, options: &str, field: &str) -> Result<Vec<String>, Wrong> {
        let choices: Result<BTreeSet<String>, Wrong> = parts(options)
            .map(|option| self.choice(option, field))
            .collect();
        Ok(choices?.into_iter().collect())
    }

    /// The option that one choice is.
    pub fn option(&self, choice: &str, property: &str) -> Result<String, Wrong> {
        self.pairs
            .iter()
            .find(|(_, known)| known == choice)
            .map(|(option, _)| option.clone())
            .ok_or_else(|| Wrong {
                what: format!(
                    "and no option of the property {property:?} stands for the choice {}",
                    shown(&self.lone_choices, choice)
                ),
                mend: "add the option in HubSpot, or a row to the values of this mapping"
                    .to_owned(),
            })
    }

    /// The options that several choices are, as HubSpot writes them.
    pub fn options(&self, choices: &[String], property: &str) -> Result<String, Wrong> {
        let mut options = BTreeSet::new();
        for choice in choices {
            let option = self.option(choice, property)?;
            if option.contains(SEPARATOR) {
                return Err(Wrong {
                    what: format!("whose option {option:?} HubSpot would read as two"),
                    mend: "correct the row in the values of this mapping".to_owned(),
                });
            }
            options.insert(option);
        }
        Ok(Vec::from_iter(options).join(&SEPARATOR.to_string()))
    }

    fn choice_of(&self, option: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(known, _)| known == option);
        pair.map(|(_, choice)| choice)
            .or(self.other.as_ref())
            .map(String::as_str)
    }
}

fn parts(options: &str) -> impl Iterator<Item = &str> {
    let parts = options.split(SEPARATOR).map(str::trim);
    parts.filter(|option| !option.is_empty())
}

/// What is wrong with a default choice.
pub fn default_problem(field: &FieldInfo, default: &str) -> Option<String> {
    let choices = choices(field);
    named(&choices, default)
        .is_none()
        .then(|| no_choice(field, default, &choices))
}

fn no_choice(field: &FieldInfo, name: &str, choices: &[Named]) -> String {
    format!(
        "The field {:?} has no choice {name:?}; it has {}.",
        field.name,
        list(choices)
    )
}

fn list(known: &[Named]) -> String {
    let labels: Vec<&str> = known.iter().map(|known| known.label).collect();
    labels.join(", ")
}

/// What is wrong with the rows of a value mapping: the index of the row, and a
/// sentence. A wrong row stops only its field, of objects that have its option.
pub fn row_problems(
    property: &Property,
    field: &FieldInfo,
    rows: &[ValuePair],
) -> Vec<(usize, String)> {
    let options = options(property);
    let choices = choices(field);
    let mut problems = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if !options.is_empty() && named(&options, &row.hubspot).is_none() {
            problems.push((
                index,
                format!(
                    "The property {:?} has no option {:?}; it has {}.",
                    property.name,
                    row.hubspot,
                    list(&options)
                ),
            ));
        }
        if named(&choices, &row.halo).is_none() {
            problems.push((index, no_choice(field, &row.halo, &choices)));
        }
        if let Some(first) = rows[..index].iter().position(|earlier| earlier == row) {
            problems.push((
                index,
                format!("This is row {first} again; remove one of them."),
            ));
        }
    }
    problems
}

/// An option or a choice.
struct Named<'a> {
    value: &'a str,
    label: &'a str,
    folded: String,
}

impl<'a> Named<'a> {
    fn new(value: &'a str, label: &'a str) -> Self {
        let folded = fold(label);
        Named {
            value,
            label,
            folded,
        }
    }
}

fn options(property: &Property) -> Vec<Named<'_>> {
    let options = property.options.iter();
    options
        .map(|option| Named::new(&option.value, &option.label))
        .collect()
}

fn choices(field: &FieldInfo) -> Vec<Named<'_>> {
    let choices = field.choices.iter();
    choices
        .map(|choice| Named::new(&choice.value, &choice.label))
        .collect()
}

/// What a row means: a value, else a label, where it is the only one.
fn named<'a, 'b>(known: &'a [Named<'b>], name: &str) -> Option<&'a Named<'b>> {
    let folded = fold(name);
    known
        .iter()
        .find(|known| known.value == name)
        .or_else(|| only(known, |known| known.label == name))
        .or_else(|| only(known, |known| known.folded == folded))
}

/// The choice that an option is without a row.
fn natural<'a, 'b>(option: &Named, choices: &'a [Named<'b>]) -> Option<&'a Named<'b>> {
    let value = fold(option.value);
    // Halo numbers its choices, so that an equal number means nothing.
    let is_number = option.value.bytes().all(|byte| byte.is_ascii_digit());
    only(choices, |choice| choice.label == option.label)
        .or_else(|| only(choices, |choice| choice.folded == option.folded))
        .or_else(|| only(choices, |choice| choice.folded == value))
        .or_else(|| only(choices, |choice| !is_number && choice.value == option.value))
}

/// The one that fits. Of two, either would be a guess.
fn only<'a, 'b>(known: &'a [Named<'b>], fits: impl Fn(&Named) -> bool) -> Option<&'a Named<'b>> {
    let mut fitting = known.iter().filter(|known| fits(known));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

fn lone<'a>(known: &[Named], paired: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    let paired: BTreeSet<&str> = paired.map(String::as_str).collect();
    known
        .iter()
        .filter(|known| !paired.contains(known.value))
        .map(|known| (known.value.to_owned(), known.label.to_owned()))
        .collect()
}

fn shown(labels: &BTreeMap<String, String>, value: &str) -> String {
    match labels.get(value) {
        Some(label) if label != value => format!("{label:?} ({value})"),
        _ => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests;
