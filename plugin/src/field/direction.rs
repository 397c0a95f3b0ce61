//! Which way a mapping row goes (the guide's 'Field sync option', A9), and which ways
//! a property allows (S36): one table for the check and for the editors.

use serde::Deserialize;

use crate::hubspot::properties::Property;

/// Which way a row goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// HubSpot's changes come to Halo, and Halo's stay there.
    #[default]
    HubspotToHalo,
    /// Halo's changes go to HubSpot, and HubSpot's never come.
    HaloToHubspot,
    /// Both.
    Bidirectional,
}

impl Direction {
    /// All of them.
    pub const ALL: [Direction; 3] = [
        Direction::HubspotToHalo,
        Direction::Bidirectional,
        Direction::HaloToHubspot,
    ];

    /// Those of rows that only come to Halo.
    pub const INWARDS: [Direction; 1] = [Direction::HubspotToHalo];

    /// Those of rows that come to Halo, and may go out as well.
    pub const COMING: [Direction; 2] = [Direction::HubspotToHalo, Direction::Bidirectional];

    /// As it is written in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Direction::HubspotToHalo => "hubspot-to-halo",
            Direction::HaloToHubspot => "halo-to-hubspot",
            Direction::Bidirectional => "bidirectional",
        }
    }

    /// Whether HubSpot's changes come to Halo.
    pub fn comes_to_halo(self) -> bool {
        self != Direction::HaloToHubspot
    }

    /// Whether Halo's changes go to HubSpot.
    pub fn goes_to_hubspot(self) -> bool {
        self != Direction::HubspotToHalo
    }
}

/// The directions that a row of this property may have, of those that its entity
/// offers.
pub fn allowed(property: &Property, offered: &'static [Direction]) -> &'static [Direction] {
    match property.is_read_only() {
        true => &Direction::INWARDS,
        false => offered,
    }
}

/// Why a row of this property may not go this way; nothing where it may.
pub fn refusal(
    property: &Property,
    direction: Direction,
    offered: &'static [Direction],
) -> Option<String> {
    let allowed = allowed(property, offered);
    if allowed.contains(&direction) {
        return None;
    }
    let allowed = named(allowed, " or ");
    if !property.is_read_only() {
        return Some(format!("The direction of this row is {allowed}."));
    }
    Some(format!(
        "The property {:?} {}, so nothing of Halo can go there; set the direction to {allowed}.",
        property.name,
        why(property)
    ))
}

/// Why a row of this property may have no tick for what goes back (S29).
pub fn tick_refusal(property: &Property) -> Option<String> {
    property.is_read_only().then(|| {
        format!(
            "The property {:?} {}, so nothing of Halo can go there; remove sync-back.",
            property.name,
            why(property)
        )
    })
}

/// Why nothing of Halo can go to a property; nothing where it can.
pub fn unwritable(property: &Property) -> Option<&'static str> {
    property.is_read_only().then(|| why(property))
}

fn why(property: &Property) -> &'static str {
    match property.calculated {
        true => "is calculated by HubSpot",
        false => "is read-only in HubSpot",
    }
}

/// Their names, with this between them.
pub fn named(directions: &[Direction], between: &str) -> String {
    let names: Vec<&str> = directions.iter().map(|known| known.name()).collect();
    names.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::properties::Modification;

    #[test]
    fn s36_a_property_that_hubspot_cannot_write_only_comes_to_halo() {
        let property = |calculated, read_only_value| Property {
            name: "p".to_owned(),
            calculated,
            modification_metadata: Modification { read_only_value },
            ..Property::default()
        };
        for (calculated, read_only, word) in [
            (true, false, "calculated"),
            (false, true, "read-only"),
            (true, true, "calculated"),
        ] {
            let property = property(calculated, read_only);
            let refusal = |direction| refusal(&property, direction, &Direction::ALL);
            assert_eq!(allowed(&property, &Direction::ALL), Direction::INWARDS);
            for direction in [Direction::HaloToHubspot, Direction::Bidirectional] {
                let why = refusal(direction).unwrap();
                assert!(
                    why.contains(word) && why.contains("hubspot-to-halo"),
                    "{why}"
                );
            }
            assert_eq!(refusal(Direction::HubspotToHalo), None);
        }
        for direction in Direction::ALL {
            let known = property(false, false);
            assert_eq!(refusal(&known, direction, &Direction::ALL), None);
        }
    }

    #[test]
    fn s52_an_entity_offers_its_own_directions_and_no_property_more() {
        let property = Property::default();
        let offered = &Direction::COMING;
        assert_eq!(allowed(&property, offered), Direction::COMING);
        let why = refusal(&property, Direction::HaloToHubspot, offered).unwrap();
        assert!(why.contains("hubspot-to-halo or bidirectional"), "{why}");
        assert_eq!(refusal(&property, Direction::Bidirectional, offered), None);
    }

    #[test]
    fn each_direction_is_read_by_its_name() {
        for (direction, comes, goes) in [
            (Direction::HubspotToHalo, true, false),
            (Direction::HaloToHubspot, false, true),
            (Direction::Bidirectional, true, true),
        ] {
            let name = serde_json::json!(direction.name());
            assert_eq!(
                serde_json::from_value::<Direction>(name).unwrap(),
                direction
            );
            assert_eq!(direction.comes_to_halo(), comes);
            assert_eq!(direction.goes_to_hubspot(), goes);
        }
    }
}
