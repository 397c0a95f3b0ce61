//! Which objects belong together. Most of it comes with lists; what does not is read
//! in batches. Source: HubSpot's OpenAPI files of the associations API.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::client::Call;
use super::objects::Paging;
use super::version::Version;

/// The most ids that one batch may name.
pub const BATCH_LIMIT: usize = 1_000;

/// HubSpot's numbers of the associations of a contact and of a deal with their primary
/// company.
const PRIMARY_COMPANY: [i64; 2] = [1, 5];

/// One associated object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Associated {
    /// Its id.
    pub id: String,
    /// Whether it is the primary company.
    pub is_primary: bool,
}

/// `POST …/batch/read`: the objects of one type that these of another belong to.
/// Those without any are errors of a 207; they are just left out.
pub fn batch_read(version: &Version, from: &str, to: &str, ids: &[&str]) -> Call {
    let asked: Vec<_> = ids.iter().map(|id| ((*id).to_owned(), None)).collect();
    batch_read_on(version, from, to, &asked)
}

/// The same from where an earlier answer ended.
pub fn batch_read_on(
    version: &Version,
    from: &str,
    to: &str,
    asked: &[(String, Option<String>)],
) -> Call {
    let inputs: Vec<_> = asked
        .iter()
        .map(|(id, after)| match after {
            Some(after) => serde_json::json!({ "id": id, "after": after }),
            None => serde_json::json!({ "id": id }),
        })
        .collect();
    Call::post(
        format!("{}/batch/read", version.associations(from, to)),
        &serde_json::json!({ "inputs": inputs }),
    )
}

/// The most pairs that one call may associate.
pub const WRITE_LIMIT: usize = 2_000;

/// `POST …/batch/create`: contacts with their companies, as the primary ones. A primary
/// association makes the plain one as well; the same again changes nothing.
pub fn make_primary(version: &Version, pairs: &[(String, String)]) -> Call {
    let [contact_to_company, _] = PRIMARY_COMPANY;
    let inputs: Vec<_> = pairs
        .iter()
        .map(|(contact, company)| {
            serde_json::json!({
                "from": { "id": contact },
                "to": { "id": company },
                "types": [{
                    "associationCategory": "HUBSPOT_DEFINED",
                    "associationTypeId": contact_to_company,
                }],
            })
        })
        .collect();
    Call::post(
        format!(
            "{}/batch/create",
            version.associations("contacts", "companies")
        ),
        &serde_json::json!({ "inputs": inputs }),
    )
}

/// `POST …/batch/associate/default`: the plain association of pairs, beside whatever
/// company is primary.
pub fn associate(version: &Version, pairs: &[(String, String)]) -> Call {
    let inputs: Vec<_> = pairs
        .iter()
        .map(|(left, right)| serde_json::json!({ "from": { "id": left }, "to": { "id": right } }))
        .collect();
    Call::post(
        format!(
            "{}/batch/associate/default",
            version.associations("contacts", "companies")
        ),
        &serde_json::json!({ "inputs": inputs }),
    )
}

/// The answer: at most 500 for one object. Where all of them matter,
/// [`Answer::unfinished`] says what is left; nobody works for 500 companies.
#[derive(Debug, Deserialize)]
pub struct Answer {
    #[serde(default)]
    results: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    from: From,
    #[serde(default)]
    to: Vec<To>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
struct From {
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct To {
    /// A number in recorded answers, a text by the specification.
    to_object_id: Value,
    #[serde(default)]
    association_types: Vec<Type>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    #[serde(default)]
    type_id: i64,
}

impl Answer {
    /// The objects that have more, and where that begins.
    pub fn unfinished(&self) -> Vec<(String, Option<String>)> {
        let rows = self.results.iter();
        rows.filter_map(|row| {
            let after = row.paging.as_ref()?.after()?;
            Some((row.from.id.clone(), Some(after.to_owned())))
        })
        .collect()
    }

    /// By the ids that were asked for.
    pub fn by_id(self) -> BTreeMap<String, Vec<Associated>> {
        let mut found: BTreeMap<String, Vec<Associated>> = BTreeMap::new();
        for row in self.results {
            let of = found.entry(row.from.id).or_default();
            of.extend(row.to.into_iter().map(|to| {
                Associated {
                    id: match to.to_object_id {
                        Value::String(id) => id,
                        number => number.to_string(),
                    },
                    is_primary: to
                        .association_types
                        .iter()
                        .any(|known| PRIMARY_COMPANY.contains(&known.type_id)),
                }
            }));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_texts_or_numbers_and_objects_without_any_are_left_out() {
        let answer: Answer = serde_json::from_str(
            r#"{"status":"COMPLETE","results":[{"from":{"id":"1"},"to":[
                {"toObjectId":9007199254740993,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":279},{"category":"HUBSPOT_DEFINED","typeId":1,"label":"Primary"}]},
                {"toObjectId":"8","associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":279}]}]}],
                "numErrors":1,"errors":[{"status":"error","category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","context":{"fromObjectId":["2"]}}]}"#,
        )
        .unwrap();
        let found = answer.by_id();
        let told: Vec<(&str, bool)> = found["1"]
            .iter()
            .map(|company| (company.id.as_str(), company.is_primary))
            .collect();
        assert_eq!(told, [("9007199254740993", true), ("8", false)]);
        assert!(!found.contains_key("2"));
    }
}
