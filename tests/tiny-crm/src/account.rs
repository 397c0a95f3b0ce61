//! What Fernwhistle answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Failure;
use crate::remote;
use crate::settings::Api;

/// Whose accounts they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Fernwhistle's id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// All accounts: Fernwhistle has one page.
#[derive(Clone, Debug, Deserialize)]
pub struct Page {
    /// Whose they are.
    pub workspace: Workspace,
    /// Each.
    pub accounts: Vec<Account>,
}

/// One account. Ids are unique in all of Fernwhistle, so they are external keys as they
/// are, whatever workspace is connected next.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// Fernwhistle's id.
    pub id: String,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

/// A field that accounts have.
#[derive(Clone, Debug, Deserialize)]
pub struct FieldInfo {
    /// Its name.
    pub name: String,
    /// What people read.
    pub label: String,
    /// A field type as in `types.value` of `wit/`: Fernwhistle happens to have the same.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Of a choice.
    #[serde(default)]
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Fields {
    fields: Vec<FieldInfo>,
}

impl Account {
    /// One of which nothing is known.
    pub fn of_id(id: &str) -> Account {
        Account {
            id: id.to_owned(),
            fields: BTreeMap::new(),
        }
    }

    /// A field as text; nothing when it is empty.
    pub fn text(&self, field: &str) -> Option<String> {
        let text = match self.fields.get(field)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// What a person calls it.
    pub fn title(&self) -> String {
        self.text("name")
            .unwrap_or_else(|| format!("Account {}", self.id))
    }

    /// Whether nobody deals with it any more.
    pub fn is_closed(&self) -> bool {
        self.text("closed").as_deref() == Some("true")
    }
}

/// Whose token it is.
pub fn workspace(api: &Api) -> Result<Workspace, Failure> {
    remote::get(api, "/v1/workspace")
}

/// All accounts.
pub fn accounts(api: &Api) -> Result<Page, Failure> {
    remote::get(api, "/v1/accounts")
}

/// The fields that accounts have.
pub fn fields(api: &Api) -> Result<Vec<FieldInfo>, Failure> {
    remote::get::<Fields>(api, "/v1/fields").map(|answer| answer.fields)
}
