//! What a person may ask of this connector besides importing and sending.

use crate::contract::exports::halo::integration::actions::Action;
use crate::contract::halo::integration::settings;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::webhook::subscriptions;

/// Lists what HubSpot must be told to send.
const SUBSCRIPTIONS: &str = "webhook-subscriptions";
/// Of actions that want nothing to be said.
const NO_INPUT: &str = r#"{"type":"object","properties":{},"additionalProperties":false}"#;

/// All of them.
pub fn available() -> Vec<Action> {
    vec![Action {
        name: SUBSCRIPTIONS.to_owned(),
        label: "Webhook subscriptions".to_owned(),
        help: "The subscriptions that the HubSpot app needs for the switches of the tab Webhooks and the mapping rows, and the file for HubSpot's own command line.".to_owned(),
        read_only: true,
        input_schema: NO_INPUT.to_owned(),
    }]
}

/// Runs one; answers a JSON document.
pub fn run(name: &str, input: &str) -> Result<String, Failure> {
    if name != SUBSCRIPTIONS {
        return Err(Failure::new(
            "not-found",
            format!("There is no action {name:?}; there is {SUBSCRIPTIONS}."),
        ));
    }
    if !says_nothing(input) {
        return Err(Failure::new(
            "invalid",
            format!(
                "The action {SUBSCRIPTIONS} takes no input; leave it out, or give an empty object."
            ),
        ));
    }
    let settings = Settings::parse(&settings::get()?.json)?;
    Ok(subscriptions::document(&settings)?.to_string())
}

fn says_nothing(input: &str) -> bool {
    let input = input.trim();
    let empty = serde_json::from_str(input).is_ok_and(|given: serde_json::Value| {
        given.as_object().is_some_and(serde_json::Map::is_empty)
    });
    input.is_empty() || empty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_that_takes_no_input_takes_none() {
        assert!(says_nothing("") && says_nothing(" { } "));
        for input in ["{\"a\": 1}", "[]", "null", "{", "x"] {
            assert!(!says_nothing(input), "{input}");
        }
    }
}
