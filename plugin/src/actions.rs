//! What a person may ask of this connector besides importing and sending.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::contract::exports::halo::integration::actions::Action;
use crate::contract::halo::integration::settings;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::sync::forgotten;
use crate::webhook::subscriptions;

/// Lists what HubSpot must be told to send.
const SUBSCRIPTIONS: &str = "webhook-subscriptions";
/// Forgets the values of an object; of this name and input in every connector.
const FORGET: &str = "forget";
/// Of actions that want nothing to be said.
const NO_INPUT: &str = r#"{"type":"object","properties":{},"additionalProperties":false}"#;
const AN_OBJECT: &str = r#"{"type":"object","properties":{"entity":{"type":"string","description":"As in imports: contacts."},"key":{"type":"string","description":"The object's id, as reports show it."}},"required":["entity","key"],"additionalProperties":false}"#;

/// What [`FORGET`] is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnObject {
    entity: String,
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// All of them.
pub fn available() -> Vec<Action> {
    vec![
        Action {
            name: SUBSCRIPTIONS.to_owned(),
            label: "Webhook subscriptions".to_owned(),
            help: "The subscriptions that the HubSpot app needs for the switches of the tab Webhooks and the mapping rows, and the file for HubSpot's own command line.".to_owned(),
            read_only: true,
            input_schema: NO_INPUT.to_owned(),
        },
        Action {
            name: FORGET.to_owned(),
            label: "Forget an object".to_owned(),
            help: "The connector forgets the values of an object that it remembers to compare with; halo-host forget does that, and forgets what the host has of it.".to_owned(),
            read_only: false,
            input_schema: AN_OBJECT.to_owned(),
        },
    ]
}

/// Runs one; answers a JSON document.
pub fn run(name: &str, input: &str) -> Result<String, Failure> {
    match name {
        SUBSCRIPTIONS => {
            let Nothing {} = told(name, input, NO_INPUT)?;
            let settings = Settings::parse(&settings::get()?.json)?;
            Ok(subscriptions::document(&settings)?.to_string())
        }
        FORGET => {
            let object: AnObject = told(name, input, AN_OBJECT)?;
            let forgotten = forgotten::by_hand(&object.entity, &object.key)?;
            Ok(json!({ "forgotten": forgotten }).to_string())
        }
        _ => Err(Failure::new(
            "not-found",
            format!("There is no action {name:?}; there are {SUBSCRIPTIONS} and {FORGET}."),
        )),
    }
}

/// What an action is told; nothing is an empty object.
fn told<T: DeserializeOwned>(name: &str, input: &str, schema: &str) -> Result<T, Failure> {
    let input = match input.trim() {
        "" => "{}",
        input => input,
    };
    // A list would do for the members of a structure, too.
    let given = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(input);
    let given = given.and_then(|given| serde_json::from_value(given.into()));
    given.map_err(|error| {
        let message = match schema == NO_INPUT {
            true => {
                format!("The action {name} takes no input; leave it out, or give an empty object.")
            }
            false => format!("The action {name} wants {schema}: {error}."),
        };
        Failure::new("invalid", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_that_takes_no_input_takes_none() {
        let is_taken = |input: &str| told::<Nothing>("x", input, NO_INPUT).is_ok();
        assert!(is_taken("") && is_taken(" { } "));
        for input in ["{\"a\": 1}", "[]", "null", "{", "x"] {
            assert!(!is_taken(input), "{input}");
        }
    }

    #[test]
    fn an_object_is_named_by_entity_and_key() {
        let is_taken = |input: &str| told::<AnObject>("x", input, AN_OBJECT).is_ok();
        assert!(is_taken(r#"{"entity": "contacts", "key": "7"}"#));
        for input in [
            "",
            "{}",
            r#"["contacts", "7"]"#,
            r#"{"entity": "contacts", "key": 7}"#,
        ] {
            assert!(!is_taken(input), "{input}");
        }
    }
}
