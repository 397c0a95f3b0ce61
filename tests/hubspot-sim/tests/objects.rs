//! Single records: list, get, create, update, archive, merge, associations.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};
use crate::hubspot_sim::SimOptions;

#[test]
fn a_list_pages_through_every_record_once() {
    let mut portal = Portal::new(SimOptions {
        companies: 250,
        ..unlimited()
    });
    let mut seen = Vec::new();
    let mut target = "/crm/objects/2026-09/companies?limit=100&properties=name,city".to_owned();
    loop {
        let (status, body) = portal.get(&target);
        assert_eq!(status, 200);
        seen.extend(ids(&body));
        let Some(after) = body["paging"]["next"]["after"].as_str() else {
            break;
        };
        target = format!("/crm/objects/2026-09/companies?limit=100&after={after}");
    }
    assert_eq!(seen.len(), 250);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
    assert_eq!(portal.get("/crm/v3/objects/companies?limit=101").0, 400);
    assert_eq!(portal.get("/crm/v3/objects/companies?after=x").0, 400);
}

#[test]
fn a_record_shows_what_was_asked_for_as_text_or_null() {
    let mut portal = Portal::new(unlimited());
    let id = portal.company(json!({"name": "A", "numberofemployees": 12, "is_partner": true}));
    let (_, body) = portal.get(&format!("/crm/v3/objects/companies/{id}?properties=numberofemployees&properties=is_partner,city,nope"));
    let properties = body["properties"].as_object().unwrap();
    assert_eq!(properties["numberofemployees"], "12");
    assert_eq!(properties["is_partner"], "true");
    assert_eq!(properties["city"], Value::Null);
    assert!(!properties.contains_key("nope") && !properties.contains_key("name"));
    assert_eq!(properties["hs_object_id"], id);
    assert_eq!(body["archived"], false);
    let (_, body) = portal.get(&format!("/crm/v3/objects/0-2/{id}"));
    assert_eq!(body["properties"]["name"], "A");
    assert_eq!(portal.get("/crm/v3/objects/companies/7").0, 404);
    assert_eq!(
        portal
            .get(&format!(
                "/crm/v3/objects/companies/{id}?propertiesWithHistory=name"
            ))
            .0,
        400
    );
}

#[test]
fn only_a_real_change_moves_the_last_modified_stamp() {
    let mut portal = Portal::new(unlimited());
    let id = portal.company(json!({"name": "A"}));
    let target = format!("/crm/objects/2026-09/companies/{id}");
    let before = portal.get(&target).1["updatedAt"].clone();
    portal.0.clock.advance(Duration::from_secs(5));
    portal.call("PATCH", &target, json!({"properties": {"name": "A"}}));
    assert_eq!(portal.get(&target).1["updatedAt"], before);
    portal.call("PATCH", &target, json!({"properties": {"name": "B"}}));
    let after = portal.get(&target).1;
    assert_ne!(after["updatedAt"], before);
    assert_eq!(
        after["properties"]["hs_lastmodifieddate"],
        after["updatedAt"]
    );
}

#[test]
fn contacts_are_unique_by_email_and_companies_are_not_by_domain() {
    let mut portal = Portal::new(unlimited());
    let contact = json!({"properties": {"email": "a@b.example"}});
    let (status, body) = portal.call("POST", "/crm/v3/objects/contacts", contact.clone());
    assert_eq!(status, 201);
    let id = body["id"].as_str().unwrap().to_owned();
    let (status, body) = portal.call(
        "POST",
        "/crm/v3/objects/contacts",
        json!({"properties": {"email": "A@B.example "}}),
    );
    assert_eq!(
        (status, &body["message"]),
        (
            409,
            &json!(format!("Contact already exists. Existing ID: {id}"))
        )
    );
    assert_eq!(
        portal
            .get("/crm/v3/objects/contacts/a%40b.example?idProperty=email")
            .1["id"],
        id
    );
    portal.company(json!({"domain": "x.example"}));
    portal.company(json!({"domain": "x.example"}));
    // In the recycling bin the address is free again.
    portal.call(
        "DELETE",
        &format!("/crm/v3/objects/contacts/{id}"),
        Value::Null,
    );
    assert_eq!(
        portal.call("POST", "/crm/v3/objects/contacts", contact).0,
        201
    );
}

#[test]
fn archived_records_leave_lists_and_search_and_come_back_with_their_id() {
    let mut portal = Portal::new(unlimited());
    let id = portal.company(json!({"name": "Gone"}));
    let target = format!("/crm/v3/objects/companies/{id}");
    assert_eq!(portal.call("DELETE", &target, Value::Null).0, 204);
    assert_eq!(portal.call("DELETE", &target, Value::Null).0, 204);
    assert_eq!(portal.get(&target).0, 404);
    assert!(ids(&portal.get("/crm/v3/objects/companies").1).is_empty());
    let bin = portal.get("/crm/v3/objects/companies?archived=true").1;
    assert_eq!(ids(&bin), [id.as_str()]);
    assert!(bin["results"][0]["archivedAt"].is_string());
    assert!(
        portal
            .search(
                "companies",
                json!([{"propertyName": "name", "operator": "EQ", "value": "gone"}])
            )
            .is_empty()
    );
    portal.0.user_restore(0, &id).unwrap();
    assert_eq!(portal.get(&target).0, 200);
}

#[test]
fn a_merge_makes_a_new_record_and_old_ids_answer_it() {
    let mut portal = Portal::new(unlimited());
    let a = portal.company(json!({"name": "A", "city": "Ghent"}));
    let b = portal.company(json!({"name": "B", "phone": "5"}));
    let (_, contact) = portal.call(
        "POST",
        "/crm/v3/objects/contacts",
        json!({"properties": {"email": "c@d.example", "associatedcompanyid": b}}),
    );
    let merge = json!({"primaryObjectId": a, "objectIdToMerge": b});
    let (status, body) = portal.call("POST", "/crm/objects/2026-09/companies/merge", merge);
    assert_eq!(status, 200);
    let survivor = body["id"].as_str().unwrap().to_owned();
    assert!(survivor != a && survivor != b);
    assert_eq!(body["properties"]["name"], "A");
    assert_eq!(body["properties"]["phone"], "5");
    assert_eq!(
        body["properties"]["hs_merged_object_ids"],
        format!("{a};{b}")
    );
    for old in [&a, &b] {
        let target = format!("/crm/objects/2026-09/companies/{old}");
        assert_eq!(portal.get(&target).1["id"], survivor);
        assert_eq!(
            portal
                .call("PATCH", &target, json!({"properties": {"city": "Lyon"}}))
                .1["id"],
            survivor
        );
        let batch = json!({"inputs": [{"id": old, "properties": {"city": "Bonn"}}]});
        assert_eq!(
            portal
                .call("POST", "/crm/objects/2026-09/companies/batch/update", batch)
                .0,
            207
        );
    }
    assert_eq!(
        ids(&portal.get("/crm/v3/objects/companies").1),
        [survivor.as_str()]
    );
    assert!(ids(&portal.get("/crm/v3/objects/companies?archived=true").1).is_empty());
    let contact = contact["id"].as_str().unwrap();
    let (_, contact) = portal.get(&format!(
        "/crm/v3/objects/contacts/{contact}?properties=associatedcompanyid"
    ));
    assert_eq!(contact["properties"]["associatedcompanyid"], survivor);
}

#[test]
fn associations_show_both_labels_and_none_is_a_207() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let primary = json!({"properties": {"email": "a@b.example"}, "associations": [{"to": {"id": company}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]}]});
    let contact = portal.call("POST", "/crm/v3/objects/contacts", primary).1["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, list) = portal.get("/crm/v3/objects/contacts?associations=companies");
    let rows = &list["results"][0]["associations"]["companies"]["results"];
    assert_eq!(
        rows,
        &json!([{"id": company, "type": "contact_to_company"}, {"id": company, "type": "contact_to_company_unlabeled"}])
    );
    let body = json!({"inputs": [{"id": contact}, {"id": "9"}]});
    let (status, body) = portal.call(
        "POST",
        "/crm/associations/2026-09/contacts/companies/batch/read",
        body,
    );
    assert_eq!(status, 207);
    assert_eq!(
        body["results"][0]["to"][0]["associationTypes"][0]["typeId"],
        1
    );
    assert_eq!(
        body["errors"][0]["subCategory"],
        "crm.associations.NO_ASSOCIATIONS_FOUND"
    );
    let (_, shown) = portal.get(&format!(
        "/crm/v3/objects/companies/{company}?properties=num_associated_contacts"
    ));
    assert_eq!(shown["properties"]["num_associated_contacts"], "1");
}

#[test]
fn warnings_of_normalised_values_begin_with_2026_09() {
    let mut portal = Portal::new(unlimited());
    let body = json!({"properties": {"name": "A", "domain": "WWW.Example.com"}});
    assert!(
        portal
            .call("POST", "/crm/objects/2026-09/companies", body.clone())
            .1["warnings"]
            .is_array()
    );
    assert!(
        portal
            .call("POST", "/crm/objects/2026-03/companies", body)
            .1["warnings"]
            .is_null()
    );
}

#[test]
fn a_merged_contact_is_found_by_both_addresses() {
    let mut portal = Portal::new(unlimited());
    let mut contact = |email: &str| {
        let body = json!({"properties": {"email": email}});
        let made = portal.call("POST", "/crm/v3/objects/contacts", body).1;
        made["id"].as_str().unwrap().to_owned()
    };
    let (a, b) = (contact("a@b.example"), contact("b@b.example"));
    let merge = json!({"primaryObjectId": a, "objectIdToMerge": b});
    let (_, survivor) = portal.call("POST", "/crm/v3/objects/contacts/merge", merge);
    assert_eq!(survivor["properties"]["email"], "a@b.example");
    assert_eq!(
        survivor["properties"]["hs_additional_emails"],
        "b@b.example"
    );
    for email in ["a%40b.example", "b%40b.example"] {
        let target = format!("/crm/v3/objects/contacts/{email}?idProperty=email");
        assert_eq!(portal.get(&target).1["id"], survivor["id"], "{email}");
    }
    let again = json!({"properties": {"email": "b@b.example"}});
    assert_eq!(
        portal.call("POST", "/crm/v3/objects/contacts", again).0,
        409
    );
}

#[test]
fn a_restored_contact_does_not_take_its_address_back() {
    let mut portal = Portal::new(unlimited());
    let body = json!({"properties": {"email": "a@b.example"}});
    let mut contact = || {
        let (status, made) = portal.call("POST", "/crm/v3/objects/contacts", body.clone());
        assert_eq!(status, 201);
        let id = made["id"].as_str().unwrap().to_owned();
        portal.0.user_archive(1, &id).unwrap();
        id
    };
    let (old, new) = (contact(), contact());
    portal.0.user_restore(1, &new).unwrap();
    portal.0.user_restore(1, &old).unwrap();
    let by_email = "/crm/v3/objects/contacts/a%40b.example?idProperty=email";
    assert_eq!(portal.get(by_email).1["id"], new);
    portal.0.user_archive(1, &old).unwrap();
    assert_eq!(portal.get(by_email).1["id"], new);
}

#[test]
fn a_labelled_link_names_the_primary_company() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let body = json!({"properties": {"email": "a@b.example"}});
    let (_, contact) = portal.call("POST", "/crm/v3/objects/contacts", body);
    let contact = contact["id"].as_str().unwrap();
    let target =
        format!("/crm/objects/2026-09/contacts/{contact}/associations/companies/{company}");
    let label =
        |id: u32| json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id}]);
    assert_eq!(portal.call("PUT", &target, label(999)).0, 400);
    let (status, body) = portal.call("PUT", &target, label(1));
    assert_eq!((status, &body["labels"]), (201, &json!(["Primary"])));
    let shown = format!("/crm/v3/objects/contacts/{contact}?properties=associatedcompanyid");
    assert_eq!(
        portal.get(&shown).1["properties"]["associatedcompanyid"],
        company
    );
    assert_eq!(portal.call("DELETE", &target, Value::Null).0, 204);
    assert_eq!(
        portal.get(&shown).1["properties"]["associatedcompanyid"],
        Value::Null
    );
}
