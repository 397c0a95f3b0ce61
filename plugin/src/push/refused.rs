//! What people are told of a record that HubSpot does not take: whose it is, which
//! field, why, and what to do.

use super::newcomer;
use super::rows::Rows;
use super::told::Told;
use crate::contract::halo::integration::records::Stored;
use crate::entity::contact;
use crate::failure::Failure;

/// A refusal of HubSpot, with Halo's names of what it refuses.
pub fn refused(told: &Told<'_>, record: &Stored, rows: &Rows, why: &Failure) -> Failure {
    let spec = told.section.spec();
    let mut properties = attributes(why, "property");
    // A conflict of contacts names no property: it is their address.
    if properties.is_empty() && why.code == "exists" && spec.kind == contact::KIND {
        properties.push("email");
    }
    let fields: Vec<&str> = properties
        .iter()
        .filter_map(|property| field_of(told, rows, property))
        .collect();
    let what = match fields.as_slice() {
        [] => "it".to_owned(),
        [field] => format!("the field {field:?}"),
        several => format!("the fields {}", several.join(", ")),
    };
    let reason = why.message.trim_end_matches('.');
    let there = attributes(why, "existing").first().map(|id| {
        format!(
            " {} {id} has that value: correct one of them, or merge both in HubSpot.",
            spec.one
        )
    });
    let message = format!(
        "HubSpot refused {what}: {reason}.{} Then retry, or drop this change.",
        there.unwrap_or_else(|| " Correct it in Halo or in HubSpot.".to_owned())
    );
    let failure = Failure::new("refused", message);
    let failure = { fields.iter() }.fold(failure, |failure, field| failure.with("field", field));
    let failure = { properties.iter() }.fold(failure, |failure, property| {
        failure.with("property", property)
    });
    told.named(record, failure)
}

/// HubSpot has taken the record, but not its lifecycle stage: an app moves that forward
/// only. The answer is as if nothing was wrong, so it has to be looked for.
pub fn stage_kept(
    told: &Told<'_>,
    record: &Stored,
    rows: &Rows,
    property: &str,
    (kept, wanted): (&str, &str),
    are_others_sent: bool,
) -> Failure {
    let field = field_of(told, rows, property).unwrap_or(property);
    let others = match are_others_sent {
        true => " Its other fields were sent.",
        false => "",
    };
    let message = format!(
        "The field {field:?} was not taken: HubSpot lets an app move a lifecycle stage only forward, so {kept:?} stays there and {wanted:?} was passed over.{others} Set the stage in HubSpot by hand or take the edit back in Halo, then drop this change."
    );
    let failure = Failure::new("refused", message)
        .with("field", field)
        .with("property", property);
    told.named(record, failure)
}

fn field_of<'a>(told: &Told<'_>, rows: &'a Rows, property: &str) -> Option<&'a str> {
    let of_row = rows.outward.iter().find(|row| row.property == property);
    let fixed = newcomer::fixed(told.section).iter();
    of_row.map(|row| row.field.as_str()).or_else(|| {
        let mut fixed = fixed.filter(|(name, _)| *name == property);
        fixed.next().map(|(_, field)| *field)
    })
}

fn attributes<'a>(failure: &'a Failure, name: &str) -> Vec<&'a str> {
    let of_name = failure.attributes.iter().filter(|known| known.name == name);
    of_name.map(|known| known.value.as_str()).collect()
}
