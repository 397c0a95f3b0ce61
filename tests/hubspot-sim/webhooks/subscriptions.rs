//! What there is to subscribe to. HubSpot's own names stand for one type of object each;
//! the generic ones have it beside them, and are the only way to hear of quotes.

use serde::{Deserialize, Serialize};

use crate::hubspot_sim::kinds::{CONTACTS, KINDS, PRODUCTS, QUOTES, find};

/// What can happen to an object.
const EVENTS: [&str; 7] = [
    "creation",
    "deletion",
    "restore",
    "merge",
    "propertyChange",
    "associationChange",
    "privacyDeletion",
];
/// HubSpot does not tell of these: each would be an event of every change.
const UNTOLD: [&str; 2] = ["hs_lastmodifieddate", "num_unique_conversion_events"];
/// HubSpot's limit for one app.
const MAX: usize = 1_000;

/// A subscription as HubSpot's calls have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    /// `deal.creation`, `object.propertyChange`.
    pub subscription_type: String,
    /// For `object.…`: `0-14`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type_id: Option<String>,
    /// For `….propertyChange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property_name: Option<String>,
}

/// A subscription that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// HubSpot's number of it.
    pub id: u64,
    /// As it was asked for, and as events say.
    pub name: String,
    /// The type of objects.
    pub kind: usize,
    /// What of them.
    pub event: &'static str,
    /// Whether it is one of `object.…`.
    pub generic: bool,
    /// Which property.
    pub property: Option<String>,
}

impl Subscription {
    /// Whether it is about this.
    pub fn is_about(&self, kind: usize, event: &str, property: Option<&str>) -> bool {
        self.kind == kind && self.event == event && self.property.as_deref() == property
    }
}

/// Checks the subscriptions of an app, and numbers them.
pub fn accept(wanted: &[Wanted]) -> Result<Vec<Subscription>, String> {
    if wanted.len() > MAX {
        return Err(format!("An app may have up to {MAX} subscriptions."));
    }
    let mut accepted: Vec<Subscription> = Vec::new();
    for (at, wanted) in wanted.iter().enumerate() {
        let subscription = one(wanted, 7_560_001 + at as u64)?;
        let twice = accepted.iter().any(|known| {
            known.name == subscription.name
                && known.is_about(
                    subscription.kind,
                    subscription.event,
                    subscription.property.as_deref(),
                )
        });
        if twice {
            return Err(format!("There are two subscriptions to {wanted:?}."));
        }
        accepted.push(subscription);
    }
    Ok(accepted)
}

fn one(wanted: &Wanted, id: u64) -> Result<Subscription, String> {
    let name = &wanted.subscription_type;
    let unknown = || format!("There is no subscription type \"{name}\".");
    let (who, event) = name.split_once('.').ok_or_else(unknown)?;
    let event = EVENTS.into_iter().find(|known| *known == event);
    let event = event.ok_or_else(unknown)?;
    let generic = who == "object";
    let kind = if generic {
        let type_id = wanted.object_type_id.as_deref();
        let type_id = type_id.ok_or_else(|| format!("{name} needs an \"objectTypeId\"."))?;
        find(type_id).ok_or_else(|| format!("There is no object type \"{type_id}\"."))?
    } else {
        let kind = KINDS.iter().position(|kind| kind.singular == who);
        kind.filter(|kind| *kind != QUOTES).ok_or_else(unknown)?
    };
    let is_known = match event {
        "privacyDeletion" => kind == CONTACTS && !generic,
        "associationChange" => generic || kind != PRODUCTS,
        _ => true,
    };
    if !is_known {
        return Err(unknown());
    }
    match (event == "propertyChange", wanted.property_name.as_deref()) {
        (true, None) => return Err(format!("{name} needs a \"propertyName\".")),
        (false, Some(_)) => return Err(format!("{name} takes no \"propertyName\".")),
        (true, Some(property)) if UNTOLD.contains(&property) => {
            return Err(format!("There are no subscriptions to {property}."));
        }
        _ => {}
    }
    Ok(Subscription {
        id,
        name: name.clone(),
        kind,
        event,
        generic,
        property: wanted.property_name.clone(),
    })
}
