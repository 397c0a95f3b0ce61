//! Owners: the people of an account to whom records are assigned. Source: HubSpot's
//! owners API.

use serde::Deserialize;

use super::client::{Call, Client, Trouble};
use super::objects::Paging;
use super::version::Version;

/// The most owners that one page holds.
const LIMIT: usize = 500;

/// An owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Owner {
    /// What the property `hubspot_owner_id` holds.
    pub id: String,
    /// Their address.
    pub email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// Whether they have left. Their records keep them.
    pub archived: bool,
}

impl Owner {
    /// What people call them.
    pub fn name(&self) -> String {
        let names = [&self.first_name, &self.last_name];
        let names: Vec<&str> = names
            .into_iter()
            .flatten()
            .map(|name| name.trim())
            .collect();
        let name = names.join(" ").trim().to_owned();
        if name.is_empty() {
            self.email.clone().unwrap_or_else(|| self.id.clone())
        } else {
            name
        }
    }
}

fn list(version: &Version, archived: bool, after: Option<&str>) -> Call {
    let after = after.map_or_else(String::new, |after| format!("&after={after}"));
    Call::get(format!(
        "{}?limit={LIMIT}&archived={archived}{after}",
        version.owners()
    ))
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Owner>,
    #[serde(default)]
    paging: Option<Paging>,
}

/// Reads all of them, also those who have left: HubSpot lists the two apart.
pub fn load(client: &mut Client) -> Result<Vec<Owner>, Trouble> {
    let mut owners = Vec::new();
    for archived in [false, true] {
        let mut after: Option<String> = None;
        loop {
            let call = list(client.version(), archived, after.as_deref());
            let answer: Answer = client.read(call)?;
            owners.extend(
                answer
                    .results
                    .into_iter()
                    .map(|owner| Owner { archived, ..owner }),
            );
            match answer.paging.as_ref().and_then(Paging::after) {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
    }
    Ok(owners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_called_by_names_else_by_address() {
        for (text, name) in [
            (
                r#"{"id":"7","firstName":"Ada","lastName":"Byron"}"#,
                "Ada Byron",
            ),
            (
                r#"{"id":"7","firstName":"","lastName":null,"email":"a@b.example"}"#,
                "a@b.example",
            ),
            (r#"{"id":"7"}"#, "7"),
        ] {
            let owner: Owner = serde_json::from_str(text).unwrap();
            assert_eq!(owner.name(), name);
        }
    }
}
