//! Pipelines of deals and their stages. Source: HubSpot's pipelines API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::{Call, Client, Trouble};
use super::version::Version;

/// A pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pipeline {
    /// What the property `pipeline` holds.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Its stages.
    pub stages: Vec<Stage>,
}

/// A stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// What the property `dealstage` holds.
    pub id: String,
    /// What people read; also a stage called "Closed" may be open.
    pub label: String,
    metadata: BTreeMap<String, serde_json::Value>,
}

impl Stage {
    /// Whether its deals are closed, won or lost. HubSpot writes the flag as text.
    pub fn is_closed(&self) -> bool {
        match self.metadata.get("isClosed") {
            Some(serde_json::Value::String(text)) => text == "true",
            Some(flag) => flag == &serde_json::Value::Bool(true),
            None => false,
        }
    }

    /// For tests.
    #[cfg(test)]
    pub fn with(id: &str, is_closed: &str) -> Stage {
        Stage {
            id: id.to_owned(),
            label: id.to_uppercase(),
            metadata: BTreeMap::from([("isClosed".to_owned(), is_closed.into())]),
        }
    }
}

/// `GET …/pipelines/…/deals`: all of them in one answer.
pub fn list(version: &Version, object_type: &str) -> Call {
    Call::get(version.pipelines(object_type))
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Pipeline>,
}

/// Reads all of them.
pub fn load(client: &mut Client, object_type: &str) -> Result<Vec<Pipeline>, Trouble> {
    let answer: Answer = client.read(list(client.version(), object_type))?;
    Ok(answer.results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s54_closed_is_what_the_stage_says_in_text_and_not_its_name() {
        let answer: Answer = serde_json::from_str(
            r#"{"results":[{"label":"Sales Pipeline","displayOrder":0,"id":"default","archived":false,"stages":[
                {"label":"Closed?","displayOrder":0,"metadata":{"isClosed":"false","probability":"0.2"},"id":"a"},
                {"label":"Done","displayOrder":1,"metadata":{"isClosed":"true","probability":"1.0"},"id":"b"},
                {"label":"Bare","displayOrder":2,"metadata":{},"id":"c"}]}]}"#,
        )
        .unwrap();
        let told: Vec<bool> = answer.results[0]
            .stages
            .iter()
            .map(Stage::is_closed)
            .collect();
        assert_eq!(told, [false, true, false]);
    }
}
