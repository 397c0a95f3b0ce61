//! What a person may ask of this connector besides importing and sending.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::contract::exports::halo::integration::actions::Action;
use crate::contract::halo::integration::settings;
use crate::failure::Failure;
use crate::likely;
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
const A_PLACE: &str = r#"{"type":"object","properties":{"after":{"type":["string","null"],"description":"What the last answer has as next; left out to begin."}},"additionalProperties":false}"#;

/// What [`FORGET`] is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnObject {
    entity: String,
    key: String,
}

/// What [`likely::NAME`] is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct APlace {
    after: Option<String>,
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
        Action {
            name: likely::NAME.to_owned(),
            label: "Likely pairs".to_owned(),
            help: "Looks for likely rows of the customer mapping table and says what speaks for each: name, domain, shared e-mail addresses. Some hundred companies a call, whose answer says where the next one goes on.".to_owned(),
            read_only: true,
            input_schema: A_PLACE.to_owned(),
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
        likely::NAME => {
            let APlace { after } = told(name, input, A_PLACE)?;
            Ok(likely::run(after.as_deref())?.to_string())
        }
        _ => {
            let known: Vec<String> = available().into_iter().map(|action| action.name).collect();
            let known = known.join(", ");
            Err(Failure::new(
                "not-found",
                format!("There is no action {name:?}; there are {known}."),
            ))
        }
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

    #[test]
    fn a25_likely_pairs_begin_without_a_place() {
        let after = |input: &str| told::<APlace>("x", input, A_PLACE).map(|place| place.after);
        for input in ["", "{}", r#"{"after": null}"#] {
            assert_eq!(after(input).unwrap(), None, "{input}");
        }
        let place = after(r#"{"after": "1.2.3"}"#).unwrap();
        assert_eq!(place.as_deref(), Some("1.2.3"));
        for input in [r#"{"after": 3}"#, r#"{"before": "3"}"#, "[]"] {
            assert_eq!(after(input).unwrap_err().code, "invalid", "{input}");
        }
    }

    #[test]
    fn a25_the_mapping_table_names_an_action_that_only_reads() {
        let schema: serde_json::Value = serde_json::from_str(crate::settings::SCHEMA).unwrap();
        let table = &schema["properties"]["companies"]["properties"]["customers"];
        let name = table["x-suggestions"].as_str().unwrap();
        let all = available();
        let action = all.iter().find(|action| action.name == name).unwrap();
        assert!(action.read_only);
    }
}
