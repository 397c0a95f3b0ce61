//! What HubSpot must be told to send: exactly what the switches and the mapping rows
//! need. HubSpot wants a subscription for each property, knows quotes by its generic
//! subscription types only, and takes the whole list as a file of an app's project.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::object::ObjectType;
use crate::entity::{self, line_item};
use crate::failure::Failure;
use crate::hubspot::objects::MERGED;
use crate::settings::Settings;
use crate::settings::webhooks::Webhooks;
use crate::sync::section::Section;

/// Where the file lies in a project of HubSpot's command line.
const FILE: &str = "src/app/webhooks/webhooks-hsmeta.json";
/// HubSpot's default, and more than its least.
const CONCURRENT_REQUESTS: u64 = 10;
/// HubSpot's limit for one app.
const MAX_SUBSCRIPTIONS: usize = 1_000;

/// One subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Of these objects.
    pub of: ObjectType,
    /// `creation`, `propertyChange` and so on.
    pub event: &'static str,
    /// For `propertyChange`.
    pub property: Option<String>,
}

impl ObjectType {
    /// Whether HubSpot has subscription types that bear its name. It has them for line
    /// items, too; those go the way of their quotes.
    fn has_own_types(self) -> bool {
        !matches!(self, ObjectType::Quote | ObjectType::LineItem)
    }

    /// What is subscribed to besides properties.
    fn events(self) -> &'static [&'static str] {
        match self {
            ObjectType::Company => &["creation", "deletion", "restore", "merge"],
            ObjectType::Contact => &[
                "creation",
                "deletion",
                "restore",
                "merge",
                "privacyDeletion",
                "associationChange",
            ],
            // Products, quotes and line items cannot be merged.
            ObjectType::Product => &["creation", "deletion", "restore"],
            ObjectType::Deal => &[
                "creation",
                "deletion",
                "restore",
                "merge",
                "associationChange",
            ],
            ObjectType::Quote => &["creation", "deletion", "restore", "associationChange"],
            // Its quote tells of the link between both.
            ObjectType::LineItem => &["creation", "deletion", "restore"],
        }
    }

    /// The properties that an import reads.
    fn properties(self, settings: &Settings) -> Vec<String> {
        let names = |always: &[&str], fields: &[entity::Mapped]| {
            entity::properties(always, fields)
                .into_iter()
                .map(str::to_owned)
                .collect()
        };
        let Some(spec) = self.spec() else {
            return names(line_item::PROPERTIES, &line_item::fields());
        };
        match Section::of(settings, spec.objects) {
            Some(section) => names(
                section.properties(),
                &section.fields(section.rows(), &BTreeMap::new()),
            ),
            None => Vec::new(),
        }
    }

    /// HubSpot refuses a subscription to the time of the last change, and a merge has an
    /// event of its own.
    fn tells_of(self, property: &str) -> bool {
        let modified = self
            .spec()
            .map_or(line_item::MODIFIED, |spec| spec.modified);
        property != modified && property != MERGED
    }
}

/// All of them.
pub fn needed(settings: &Settings) -> Vec<Subscription> {
    let mut needed = Vec::new();
    let on = ObjectType::ALL
        .into_iter()
        .filter(|of| of.is_on(&settings.webhooks));
    for of in on {
        let events = of.events().iter().map(|event| Subscription {
            of,
            event,
            property: None,
        });
        needed.extend(events);
        let mut properties = of.properties(settings);
        properties.retain(|name| of.tells_of(name));
        properties.sort();
        let changes = properties.into_iter().map(|property| Subscription {
            of,
            event: "propertyChange",
            property: Some(property),
        });
        needed.extend(changes);
    }
    needed
}

/// What the action answers.
pub fn document(settings: &Settings) -> Result<Value, Failure> {
    let Some(target) = target(&settings.webhooks) else {
        return Err(Failure::setting(
            "/webhooks/public-url",
            "HubSpot must be told where to send events. Set public-url to the address of this connector's webhooks, with its path.",
        ));
    };
    let needed = needed(settings);
    if needed.len() > MAX_SUBSCRIPTIONS {
        return Err(Failure::setting(
            "/webhooks",
            format!(
                "These switches and mapping rows need {} subscriptions, and HubSpot allows {MAX_SUBSCRIPTIONS}; remove mapping rows.",
                needed.len()
            ),
        ));
    }
    let subscriptions: Vec<Value> = needed.iter().map(by_call).collect();
    Ok(json!({
        "target-url": target,
        "subscriptions": subscriptions,
        "project-file": {
            "path": FILE,
            "content": project_file(target, &needed),
        },
    }))
}

/// The address to call; without a path it is not a whole one.
fn target(switches: &Webhooks) -> Option<&str> {
    let url = switches.public_url.as_deref()?;
    let (_, rest) = url.split_once("://")?;
    rest.trim_end_matches('/')
        .contains(['/', '?'])
        .then_some(url)
}

/// As HubSpot's calls have it.
fn by_call(subscription: &Subscription) -> Value {
    let mut call = json!({ "subscriptionType": type_name(subscription) });
    if !subscription.of.has_own_types() {
        call["objectTypeId"] = json!(subscription.of.type_id());
    }
    if let Some(property) = &subscription.property {
        call["propertyName"] = json!(property);
    }
    call
}

fn type_name(subscription: &Subscription) -> String {
    let who = match subscription.of.has_own_types() {
        true => subscription.of.name(),
        false => "object",
    };
    format!("{who}.{}", subscription.event)
}

/// As a project of HubSpot's command line has it, which knows three lists.
fn project_file(target: &str, needed: &[Subscription]) -> Value {
    let (mut generic, mut own, mut account) = (Vec::new(), Vec::new(), Vec::new());
    for subscription in needed {
        let mut entry = json!({ "subscriptionType": type_name(subscription), "active": true });
        if let Some(property) = &subscription.property {
            entry["propertyName"] = json!(property);
        }
        if !subscription.of.has_own_types() {
            entry["objectType"] = json!(subscription.of.name());
            generic.push(entry);
        } else if subscription.event == "privacyDeletion" {
            account.push(entry);
        } else {
            own.push(entry);
        }
    }
    json!({
        "uid": "webhooks",
        "type": "webhooks",
        "config": {
            "settings": { "targetUrl": target, "maxConcurrentRequests": CONCURRENT_REQUESTS },
            "subscriptions": {
                "crmObjects": generic,
                "legacyCrmObjects": own,
                "hubEvents": account,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(webhooks: &str, more: &str) -> Settings {
        let url = r#""public-url": "https://halo.example/webhooks/hubspot""#;
        Settings::parse(&format!(r#"{{"webhooks": {{{url}{webhooks}}}{more}}}"#)).unwrap()
    }

    fn types(settings: &Settings) -> Vec<String> {
        let shown = |subscription: &Subscription| {
            let of = match subscription.of.has_own_types() {
                true => String::new(),
                false => format!(" {}", subscription.of.type_id()),
            };
            let property = subscription.property.as_deref();
            let property = property.map(|name| format!(" {name}")).unwrap_or_default();
            format!("{}{of}{property}", type_name(subscription))
        };
        needed(settings).iter().map(shown).collect()
    }

    #[test]
    fn s62_nothing_is_needed_where_no_switch_is_on() {
        assert_eq!(types(&settings("", "")), Vec::<String>::new());
    }

    #[test]
    fn each_property_of_a_mapping_row_that_comes_to_halo_has_a_subscription() {
        let rows = r#", "products": {"item-group": 1, "fields": [
            {"property": "price", "field": "baseprice"},
            {"property": "hs_url", "field": "CFUrl", "direction": "halo-to-hubspot"}]}"#;
        assert_eq!(
            types(&settings(r#", "items": true"#, rows)),
            [
                "product.creation",
                "product.deletion",
                "product.restore",
                "product.propertyChange hs_sku",
                "product.propertyChange name",
                "product.propertyChange price",
            ]
        );
    }

    #[test]
    fn quotes_and_their_lines_are_subscribed_to_by_the_generic_types() {
        let all = types(&settings(r#", "quotations": true"#, ""));
        for wanted in [
            "object.creation 0-14",
            "object.associationChange 0-14",
            "object.propertyChange 0-14 hs_title",
            "object.propertyChange 0-14 hs_status",
            "object.creation 0-8",
            "object.deletion 0-8",
            "object.propertyChange 0-8 quantity",
        ] {
            assert!(all.iter().any(|found| found == wanted), "{wanted}: {all:?}");
        }
        assert!(all.iter().all(|found| found.starts_with("object.")));
    }

    #[test]
    fn what_hubspot_refuses_is_not_subscribed_to_and_nothing_is_twice() {
        let on = r#", "items": true, "quotations": true, "deals": true, "companies": true, "contacts": true"#;
        let rows = r#", "deals": {"fields": [{"property": "amount", "field": "CFAmount"}]}"#;
        let mut all = types(&settings(on, rows));
        for wanted in [
            "deal.propertyChange dealstage",
            "deal.merge",
            "deal.associationChange",
            "contact.privacyDeletion",
            "company.propertyChange lifecyclestage",
        ] {
            assert!(all.iter().any(|found| found == wanted), "{wanted}");
        }
        let refused = ["lastmodifieddate", "hs_merged_object_ids", "="];
        for name in refused {
            assert!(!all.iter().any(|found| found.contains(name)), "{name}");
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_answer_has_hubspots_calls_and_the_file_of_a_project() {
        let on = r#", "quotations": true, "contacts": true"#;
        let document = document(&settings(on, "")).unwrap();
        let target = "https://halo.example/webhooks/hubspot";
        assert_eq!(document["target-url"], target);
        let calls = document["subscriptions"].as_array().unwrap();
        assert!(
            calls.contains(&json!({"subscriptionType": "object.creation", "objectTypeId": "0-14"}))
        );
        assert!(calls.contains(
            &json!({"subscriptionType": "contact.propertyChange", "propertyName": "email"})
        ));
        let file = &document["project-file"]["content"];
        assert_eq!(file["type"], "webhooks");
        assert_eq!(file["config"]["settings"]["targetUrl"], target);
        let lists = &file["config"]["subscriptions"];
        let generic =
            json!({"subscriptionType": "object.creation", "objectType": "quote", "active": true});
        assert!(lists["crmObjects"].as_array().unwrap().contains(&generic));
        let own = json!({"subscriptionType": "contact.propertyChange", "propertyName": "email", "active": true});
        assert!(lists["legacyCrmObjects"].as_array().unwrap().contains(&own));
        assert_eq!(
            lists["hubEvents"],
            json!([{"subscriptionType": "contact.privacyDeletion", "active": true}])
        );
        let count: usize = ["crmObjects", "legacyCrmObjects", "hubEvents"]
            .iter()
            .map(|list| lists[list].as_array().unwrap().len())
            .sum();
        assert_eq!(count, calls.len());
    }

    #[test]
    fn without_a_whole_address_there_is_no_list() {
        for webhooks in ["{}", r#"{"public-url": "https://halo.example/"}"#] {
            let settings = Settings::parse(&format!(r#"{{"webhooks": {webhooks}}}"#)).unwrap();
            let failure = document(&settings).unwrap_err();
            assert_eq!(failure.attributes[0].value, "/webhooks/public-url");
        }
    }
}
