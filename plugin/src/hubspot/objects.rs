//! CRM objects: what they look like, and the calls that read them without a
//! search. Source: HubSpot's OpenAPI files of the CRM object APIs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::Call;
use super::oauth::form;
use super::refusal::{Context, Detail, Refusal};
use super::time;
use super::version::Version;
use crate::failure::Failure;

/// The most that one page of a list holds.
pub const LIST_LIMIT: usize = 100;
/// The most ids that one batch may read.
pub const BATCH_LIMIT: usize = 100;

/// Whether a text can be an id of HubSpot: digits, and nothing else.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// One object of any type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// HubSpot's id; a text, as ids outgrow what floats can hold.
    pub id: String,
    /// All values are texts; absent and null both mean empty.
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
    /// Whether it is in the recycling bin.
    #[serde(default)]
    pub archived: bool,
    /// When it came there.
    #[serde(default)]
    pub archived_at: Option<String>,
    /// When it last changed; mirrors its property of that name.
    #[serde(default)]
    updated_at: Option<String>,
    /// By type of object, where a list was asked for them; a type without any is
    /// left out.
    #[serde(default)]
    associations: BTreeMap<String, Associations>,
}

/// Ids that were merged into an object: `51;1;1551`.
pub const MERGED: &str = "hs_merged_object_ids";

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Associations {
    #[serde(default)]
    results: Vec<Association>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Association {
    id: String,
    #[serde(default, rename = "type")]
    label: String,
}

impl Object {
    /// A property; nothing when it is empty.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .get(name)?
            .as_deref()
            .filter(|value| !value.is_empty())
    }

    /// When it last changed, in milliseconds on HubSpot's clock.
    pub fn changed_at(&self) -> Option<u64> {
        self.updated_at.as_deref().and_then(time::parse)
    }

    /// Adds a value that is worked out of others. Names of HubSpot are letters, digits
    /// and underscores, so any other name is free.
    pub fn derive(&mut self, name: &str, value: Option<String>) {
        self.properties.insert(name.to_owned(), value);
    }

    /// Its own id, then those of objects that were merged into it.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids = vec![self.id.as_str()];
        ids.extend(self.merged_ids());
        ids
    }

    /// Ids of objects that were merged into this one.
    pub fn merged_ids(&self) -> impl Iterator<Item = &str> {
        let ids = self.property(MERGED).unwrap_or_default();
        ids.split(';')
            .map(str::trim)
            .filter(|id| !id.is_empty() && *id != self.id)
    }

    /// The objects of a type that came with it, and whether the association is
    /// labelled so.
    pub fn associated(&self, object_type: &str, label: &str) -> Vec<(String, bool)> {
        let of_type = self.associations.get(object_type);
        of_type
            .into_iter()
            .flat_map(|associations| &associations.results)
            .map(|association| (association.id.clone(), association.label == label))
            .collect()
    }

    /// Whether not all objects of a type came with it.
    pub fn has_more(&self, object_type: &str) -> bool {
        let of_type = self.associations.get(object_type);
        of_type.is_some_and(|found| found.paging.as_ref().is_some_and(|p| p.after().is_some()))
    }

    /// One of which nothing but the id is known.
    pub fn bare(id: &str) -> Object {
        Object {
            id: id.to_owned(),
            ..Object::default()
        }
    }

    /// For tests.
    #[cfg(test)]
    pub fn with(id: &str, properties: &[(&str, &str)]) -> Object {
        Object {
            id: id.to_owned(),
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
                .collect(),
            ..Object::default()
        }
    }
}

/// A page of a list, of a search or of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Page {
    /// The objects. Of a batch, those that were found.
    #[serde(default)]
    pub results: Vec<Object>,
    /// How many a search found in all.
    #[serde(default)]
    pub total: Option<u64>,
    /// Of a batch (status 207): what is not among the results, and why.
    #[serde(default)]
    pub(super) errors: Vec<ItemError>,
    #[serde(default)]
    pub(super) paging: Option<Paging>,
}

/// Why some ids of a batch were not answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct ItemError {
    pub(super) category: String,
    pub(super) message: String,
    pub(super) errors: Vec<Detail>,
    pub(super) context: ItemContext,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct ItemContext {
    pub(super) ids: Vec<String>,
    #[serde(rename = "objectWriteTraceId")]
    pub(super) trace_ids: Vec<String>,
    #[serde(flatten)]
    pub(super) more: Context,
}

/// An id that a batch did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The id.
    pub id: String,
    /// HubSpot's reason; nothing when there is no such object.
    pub refused: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    next: Option<Next>,
}

impl Paging {
    /// Where the next page starts.
    pub(super) fn after(&self) -> Option<&str> {
        self.next.as_ref().map(|next| next.after.as_str())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Next {
    after: String,
}

impl Page {
    /// Where the next page starts; nothing on the last one.
    pub fn next(&self) -> Option<&str> {
        Some(self.paging.as_ref()?.next.as_ref()?.after.as_str())
    }

    /// Leaves each object once: by an id that was merged away HubSpot may answer the
    /// survivor, which may have been asked for itself.
    pub fn dedup(&mut self) {
        let mut seen = BTreeSet::new();
        self.results.retain(|object| seen.insert(object.id.clone()));
    }

    /// Why an object of a batch that writes is not among the results.
    pub fn why_not(&self, id: &str) -> Failure {
        let names = |ids: &[String]| ids.iter().any(|known| known == id);
        let error = self
            .errors
            .iter()
            .find(|error| names(&error.context.trace_ids) || names(&error.context.ids));
        let Some(error) = error else {
            return Failure::new("refused", "it did not answer what became of it.");
        };
        let code = match error.category.as_str() {
            "CONFLICT" => "exists",
            "OBJECT_NOT_FOUND" => "gone",
            _ => "refused",
        };
        let refusal = Refusal::of(&error.message, &error.errors, &error.context.more);
        refusal.noted(Failure::new(
            code,
            format!("{}.", refusal.text(&error.message)),
        ))
    }

    /// The ids of a batch that were not answered. Only what HubSpot calls not found
    /// is gone; anything else is there and could not be read this time.
    pub fn unanswered(&self, asked: &[String]) -> Vec<Unanswered> {
        let found: BTreeSet<&str> = self
            .results
            .iter()
            .map(|object| object.id.as_str())
            .collect();
        asked
            .iter()
            .filter(|id| !found.contains(id.as_str()))
            .map(|id| {
                let error = self.errors.iter().find(|error| {
                    error.category != "OBJECT_NOT_FOUND" && error.context.ids.contains(id)
                });
                Unanswered {
                    id: id.clone(),
                    refused: error.map(|error| error.message.clone()),
                }
            })
            .collect()
    }
}

/// `GET …/companies`: all that are not archived, in the order of ids. Unlike a
/// search it is not capped at 10,000, so it is what a first import uses.
pub fn list(
    version: &Version,
    object_type: &str,
    properties: &[&str],
    associations: &[&str],
    after: Option<&str>,
) -> Call {
    let limit = LIST_LIMIT.to_string();
    let properties = properties.join(",");
    let associations = associations.join(",");
    let mut query = vec![
        ("limit", limit.as_str()),
        ("properties", properties.as_str()),
    ];
    if !associations.is_empty() {
        query.push(("associations", associations.as_str()));
    }
    if let Some(after) = after {
        query.push(("after", after));
    }
    Call::get(format!("{}?{}", version.objects(object_type), form(&query)))
}

/// `GET …/companies/{id}`: one object; by an id that was merged away, the survivor.
pub fn get(version: &Version, object_type: &str, id: &str) -> Call {
    Call::get(format!("{}/{id}", version.objects(object_type)))
}

/// `POST …/companies/batch/read`: objects by id. Those that do not exist are left
/// out of the results (with status 207).
pub fn batch_read(
    version: &Version,
    object_type: &str,
    properties: &[&str],
    ids: &[String],
) -> Call {
    let inputs: Vec<_> = ids
        .iter()
        .map(|id| serde_json::json!({ "id": id }))
        .collect();
    Call::post(
        format!("{}/batch/read", version.objects(object_type)),
        &serde_json::json!({ "properties": properties, "inputs": inputs }),
    )
}

/// The same in the recycling bin, where deleted objects lie for 90 days.
pub fn batch_read_archived(
    version: &Version,
    object_type: &str,
    properties: &[&str],
    ids: &[String],
) -> Call {
    let mut call = batch_read(version, object_type, properties, ids);
    call.path.push_str("?archived=true");
    call
}

/// `POST …/companies/batch/update`: values of objects, each by its id. Each has a trace
/// id, so that a value which HubSpot refuses stops that object and not the batch.
pub fn batch_update(
    version: &Version,
    object_type: &str,
    updates: &[(&str, BTreeMap<&str, &str>)],
) -> Call {
    let inputs: Vec<_> = updates
        .iter()
        .map(|(id, properties)| {
            serde_json::json!({ "id": id, "objectWriteTraceId": id, "properties": properties })
        })
        .collect();
    Call::post(
        format!("{}/batch/update", version.objects(object_type)),
        &serde_json::json!({ "inputs": inputs }),
    )
}

/// `POST …/companies/batch/archive`: into the recycling bin; HubSpot's pages bring them
/// back within 90 days, no call does.
pub fn batch_archive(version: &Version, object_type: &str, ids: &[&str]) -> Call {
    let inputs: Vec<_> = ids
        .iter()
        .map(|id| serde_json::json!({ "id": id }))
        .collect();
    Call::post(
        format!("{}/batch/archive", version.objects(object_type)),
        &serde_json::json!({ "inputs": inputs }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_its_properties_and_where_it_goes_on() {
        let version = Version::named("2026-09").unwrap();
        let call = list(&version, "companies", &["name", "domain"], &[], Some("51"));
        assert_eq!(
            call.path,
            "/crm/objects/2026-09/companies?limit=100&properties=name%2Cdomain&after=51"
        );
    }

    #[test]
    fn merged_ids_are_read_and_never_its_own() {
        let object = Object::with("9", &[(MERGED, "51; 9;1551;")]);
        assert_eq!(object.merged_ids().collect::<Vec<_>>(), ["51", "1551"]);
        assert_eq!(object.ids(), ["9", "51", "1551"]);
    }

    #[test]
    fn associations_come_with_their_labels_and_may_be_absent() {
        let page: Page = serde_json::from_str(
            r#"{"results":[{"id":"1","associations":{"companies":{"results":[
                {"id":"7","type":"contact_to_company"},{"id":"8","type":"contact_to_company_unlabeled"}]}}},
                {"id":"2"}]}"#,
        )
        .unwrap();
        let of = |index: usize| page.results[index].associated("companies", "contact_to_company");
        assert_eq!(of(0), [("7".to_owned(), true), ("8".to_owned(), false)]);
        assert_eq!(of(1), []);
    }

    #[test]
    fn an_object_that_is_answered_twice_is_one() {
        let mut page: Page =
            serde_json::from_str(r#"{"results":[{"id":"9"},{"id":"1"},{"id":"9"}]}"#).unwrap();
        page.dedup();
        let ids: Vec<&str> = page.results.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["9", "1"]);
    }

    #[test]
    fn only_what_is_not_found_is_gone() {
        let page: Page = serde_json::from_str(
            r#"{"status":"COMPLETE","results":[{"id":"1"}],"numErrors":2,"errors":[
                {"status":"error","category":"OBJECT_NOT_FOUND","message":"gone","context":{"ids":["2"]}},
                {"status":"error","category":"INTERNAL_ERROR","message":"try later","context":{"ids":["3"]}}]}"#,
        )
        .unwrap();
        let asked = ["1", "2", "3", "4"].map(str::to_owned);
        let told: Vec<(String, Option<String>)> = page
            .unanswered(&asked)
            .into_iter()
            .map(|unanswered| (unanswered.id, unanswered.refused))
            .collect();
        assert_eq!(
            told,
            [
                ("2".to_owned(), None),
                ("3".to_owned(), Some("try later".to_owned())),
                ("4".to_owned(), None),
            ]
        );
    }

    #[test]
    fn null_absent_and_empty_are_all_empty() {
        let page: Page = serde_json::from_str(
            r#"{"results":[{"id":"1","properties":{"name":"Acme","a":null,"b":""}}],
                "paging":{"next":{"after":"2","link":"x"}}}"#,
        )
        .unwrap();
        let object = &page.results[0];
        assert_eq!(object.property("name"), Some("Acme"));
        assert_eq!(object.property("a"), None);
        assert_eq!(object.property("b"), None);
        assert_eq!(object.property("c"), None);
        assert_eq!(page.next(), Some("2"));
    }
}
