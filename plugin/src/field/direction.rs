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

/// The directions that a row of this property may have.
pub fn allowed(property: &Property) -> &'static [Direction] {
    match property.is_read_only() {
        true => &[Direction::HubspotToHalo],
        false => &Direction::ALL,
    }
}

/// Why a row of this property may not go this way; nothing where it may.
pub fn refusal(property: &Property, direction: Direction) -> Option<String> {
    let allowed = allowed(property);
    if allowed.contains(&direction) {
        return None;
    }
    let why = match property.calculated {
        true => "is calculated by HubSpot",
        false => "is read-only in HubSpot",
    };
    let names: Vec<&str> = allowed.iter().map(|direction| direction.name()).collect();
    Some(format!(
        "The property {:?} {why}, so nothing of Halo can go there; set the direction to {}.",
        property.name,
        names.join(" or ")
    ))
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
            assert_eq!(allowed(&property), [Direction::HubspotToHalo]);
            for direction in [Direction::HaloToHubspot, Direction::Bidirectional] {
                let why = refusal(&property, direction).unwrap();
                assert!(
                    why.contains(word) && why.contains("hubspot-to-halo"),
                    "{why}"
                );
            }
            assert_eq!(refusal(&property, Direction::HubspotToHalo), None);
        }
        for direction in Direction::ALL {
            assert_eq!(refusal(&property(false, false), direction), None);
        }
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
