//! Associations in every form: labels, batches, pages, the primary company.

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};

const BATCH: &str = "/crm/associations/2026-09/contacts/companies/batch";

fn contact(portal: &mut Portal, email: &str) -> String {
    portal.made("contacts", json!({ "email": email }))
}

fn pair(from: &str, to: &str, types: &[u64]) -> Value {
    let types: Vec<Value> = types
        .iter()
        .map(|id| json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id}))
        .collect();
    json!({"from": {"id": from}, "to": {"id": to}, "types": types})
}

/// The type ids of the links of one record.
fn types(portal: &mut Portal, from: (&str, &str), to: &str) -> Vec<(String, Vec<u64>)> {
    let target = format!("/crm/v4/objects/{}/{}/associations/{to}", from.0, from.1);
    let (status, body) = portal.get(&target);
    assert_eq!(status, 200, "{body}");
    let row = |row: &Value| {
        let ids = row["associationTypes"].as_array().unwrap();
        let ids = ids.iter().map(|t| t["typeId"].as_u64().unwrap()).collect();
        (row["toObjectId"].to_string(), ids)
    };
    body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect()
}

#[test]
fn a_batch_of_links_replaces_labels_and_tells_what_was_wrong() {
    let mut portal = Portal::new(unlimited());
    let (a, b) = (
        portal.company(json!({"name": "A"})),
        portal.company(json!({"name": "B"})),
    );
    let person = contact(&mut portal, "a@b.example");
    let inputs = json!({"inputs": [
        pair(&person, &a, &[1]),
        pair(&person, &b, &[279]),
        pair(&person, "unknown_id_123456798", &[279]),
        pair(&person, "9", &[279]),
        pair(&person, &b, &[999]),
    ]});
    let (status, body) = portal.call("POST", &format!("{BATCH}/create"), inputs);
    assert_eq!((status, &body["numErrors"]), (207, &json!(3)));
    assert_eq!(body["results"][0]["labels"], json!(["Primary"]));
    assert_eq!(body["results"][1]["labels"], json!([]));
    assert_eq!(body["results"][0]["fromObjectId"].to_string(), person);
    assert_eq!(
        body["errors"][0]["subCategory"],
        "crm.associations.INVALID_IDENTIFIER"
    );
    assert_eq!(
        types(&mut portal, ("contacts", &person), "companies"),
        [(a.clone(), vec![1, 279]), (b, vec![279])]
    );
    let inputs = json!({"inputs": [pair(&person, &a, &[279])]});
    assert_eq!(
        portal.call("POST", &format!("{BATCH}/create"), inputs).0,
        201
    );
    assert_eq!(
        portal.value("contacts", &person, "associatedcompanyid"),
        Value::Null
    );
    let within = "/crm/associations/2026-09/contacts/contacts/batch/create";
    let (status, body) = portal.call(
        "POST",
        within,
        json!({"inputs": [pair(&person, &person, &[449])]}),
    );
    assert_eq!(status, 207);
    assert_eq!(
        body["errors"][0]["message"],
        format!("Object {person} cannot be associated to itself ({person})")
    );
    let many: Vec<Value> = (0..2001).map(|_| pair("1", "2", &[279])).collect();
    let body = json!({ "inputs": many });
    assert_eq!(portal.call("POST", &format!("{BATCH}/create"), body).0, 400);
}

#[test]
fn default_links_archives_and_label_archives_go_by_batch() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let person = contact(&mut portal, "a@b.example");
    let one = json!({"inputs": [{"from": {"id": person}, "to": {"id": company}}]});
    let (status, body) = portal.call("POST", &format!("{BATCH}/associate/default"), one);
    assert_eq!(
        (status, body["results"].as_array().unwrap().len()),
        (200, 2)
    );
    assert_eq!(
        body["results"][1]["associationSpec"]["associationTypeId"],
        280
    );
    let inputs = |types: &[u64]| json!({"inputs": [pair(&person, &company, types)]});
    portal.call("POST", &format!("{BATCH}/create"), inputs(&[1, 279]));
    assert_eq!(
        portal.value("contacts", &person, "associatedcompanyid"),
        company
    );
    let target = format!("{BATCH}/labels/archive");
    assert_eq!(portal.call("POST", &target, inputs(&[1])).0, 204);
    assert_eq!(
        types(&mut portal, ("contacts", &person), "companies"),
        [(company.clone(), vec![279])]
    );
    // Without the plain type nothing is left of the link.
    portal.call("POST", &format!("{BATCH}/create"), inputs(&[1]));
    assert_eq!(portal.call("POST", &target, inputs(&[279])).0, 204);
    assert!(types(&mut portal, ("contacts", &person), "companies").is_empty());
    portal.call("POST", &format!("{BATCH}/create"), inputs(&[1]));
    let gone = json!({"inputs": [{"from": {"id": person}, "to": [{"id": company}]}]});
    assert_eq!(
        portal.call("POST", &format!("{BATCH}/archive"), gone).0,
        204
    );
    assert!(types(&mut portal, ("companies", &company), "contacts").is_empty());
    assert_eq!(
        portal.value("companies", &company, "num_associated_contacts"),
        "0"
    );
}

#[test]
fn links_come_in_pages_of_five_hundred_for_each_record() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let mut made = Vec::new();
    for n in 0..13 {
        let rows: Vec<Value> = (0..40)
            .map(|m| json!({"properties": {"email": format!("p{n}.{m}@x.example")}}))
            .collect();
        let body = json!({ "inputs": rows });
        made.extend(ids(&portal
            .call("POST", "/crm/v3/objects/contacts/batch/create", body)
            .1));
    }
    let rows: Vec<Value> = made.iter().map(|id| pair(id, &company, &[1])).collect();
    let body = json!({ "inputs": rows });
    assert_eq!(portal.call("POST", &format!("{BATCH}/create"), body).0, 201);
    let read = "/crm/associations/2026-09/companies/contacts/batch/read";
    let mut seen = Vec::new();
    let mut input = json!({"id": company});
    loop {
        let (status, body) = portal.call("POST", read, json!({"inputs": [input]}));
        assert_eq!(status, 200);
        let row = &body["results"][0];
        let page = row["to"].as_array().unwrap();
        assert!(page.len() <= 500);
        seen.extend(page.iter().map(|link| link["toObjectId"].to_string()));
        let Some(after) = row["paging"]["next"]["after"].as_str() else {
            break;
        };
        input = json!({"id": company, "after": after});
    }
    made.sort();
    assert_eq!(seen, made);
    let one = format!("/crm/objects/2026-03/companies/{company}/associations/contacts");
    let (_, page) = portal.get(&format!("{one}?limit=15"));
    assert_eq!(page["results"].as_array().unwrap().len(), 15);
    let after = page["paging"]["next"]["after"].as_str().unwrap();
    let (_, rest) = portal.get(&format!("{one}?after={after}"));
    assert_eq!(rest["results"].as_array().unwrap().len(), 500);
    assert_eq!(portal.get(&format!("{one}?limit=501")).0, 400);
}

#[test]
fn a_label_of_the_account_has_ids_of_its_own_and_shows_beside_the_plain_link() {
    let mut portal = Portal::new(unlimited());
    let ids = portal
        .0
        .user_label((1, 0), "Billing contact", Some("Billed company"));
    let (id, inverse) = ids.unwrap();
    let (_, body) = portal.get("/crm/v4/associations/contacts/companies/labels");
    let rows = body["results"].as_array().unwrap();
    assert!(
        rows.contains(
            &json!({"category": "USER_DEFINED", "typeId": id, "label": "Billing contact"})
        )
    );
    assert!(rows.contains(&json!({"category": "HUBSPOT_DEFINED", "typeId": 279, "label": null})));
    let company = portal.company(json!({"name": "A"}));
    let person = contact(&mut portal, "a@b.example");
    let inputs = json!({"inputs": [pair(&person, &company, &[1, id])]});
    portal.call("POST", &format!("{BATCH}/create"), inputs);
    assert_eq!(
        types(&mut portal, ("companies", &company), "contacts"),
        [(person.clone(), vec![2, inverse, 280])]
    );
    let (_, list) = portal.get("/crm/v3/objects/contacts?associations=companies,deals");
    let shown = &list["results"][0]["associations"];
    assert_eq!(
        shown["companies"]["results"],
        json!([
            {"id": company, "type": "contact_to_company"},
            {"id": company, "type": "billing_contact"},
            {"id": company, "type": "contact_to_company_unlabeled"},
        ])
    );
    assert!(shown.get("deals").is_none());
    let other = Portal::new(crate::hubspot_sim::SimOptions {
        portal_id: 99,
        ..unlimited()
    })
    .0
    .user_label((1, 0), "Billing contact", None);
    assert_ne!(other.unwrap().0, id);
}

#[test]
fn line_items_are_shown_under_a_key_with_a_space() {
    let mut portal = Portal::new(unlimited());
    let deal = portal.made(
        "deals",
        json!({"dealname": "A", "dealstage": "contractsent"}),
    );
    let line = portal.made("line_items", json!({"price": 1, "quantity": 1}));
    assert_eq!(portal.linked(("line_items", &line), ("deals", &deal)), 200);
    for asked in ["line_items", "line_item", "0-8", "line%20items"] {
        let target = format!("/crm/objects/2026-09/deals/{deal}?associations={asked}");
        let (_, body) = portal.get(&target);
        assert_eq!(
            body["associations"],
            json!({"line items": {"results": [{"id": line, "type": "deal_to_line_item"}]}}),
            "{asked}"
        );
    }
    assert_eq!(
        types(&mut portal, ("deals", &deal), "0-8"),
        [(line, vec![19])]
    );
}

#[test]
fn the_primary_company_of_a_contact_follows_links_archives_and_merges() {
    let mut portal = Portal::new(unlimited());
    let (a, b) = (
        portal.company(json!({"name": "A"})),
        portal.company(json!({"name": "B"})),
    );
    let person = contact(&mut portal, "a@b.example");
    let target = format!("/crm/objects/2026-09/contacts/{person}");
    let shown = |portal: &mut Portal| portal.value("contacts", &person, "associatedcompanyid");
    let inputs = |company: &str, id: u64| json!({"inputs": [pair(&person, company, &[id])]});
    portal.call("POST", &format!("{BATCH}/create"), inputs(&a, 1));
    let stamp = portal.get(&target).1["updatedAt"].clone();
    portal.0.clock.advance(std::time::Duration::from_secs(5));
    portal.call("POST", &format!("{BATCH}/create"), inputs(&b, 1));
    assert_eq!(shown(&mut portal), b);
    assert_eq!(
        types(&mut portal, ("contacts", &person), "companies"),
        [(a.clone(), vec![279]), (b.clone(), vec![1, 279])]
    );
    portal.0.user_archive(0, &b).unwrap();
    assert_eq!(shown(&mut portal), Value::Null);
    portal.0.user_restore(0, &b).unwrap();
    assert_eq!(shown(&mut portal), b);
    let merged = portal.0.user_merge(0, &a, &b, false).unwrap().to_string();
    assert_eq!(shown(&mut portal), merged);
    // None of this is an edit of the contact.
    assert_eq!(portal.get(&target).1["updatedAt"], stamp);
    let set = |value: &str| json!({"properties": {"associatedcompanyid": value}});
    portal.call("PATCH", &target, set("12345"));
    assert_eq!(shown(&mut portal), merged);
    portal.call("PATCH", &target, set(""));
    assert_eq!(shown(&mut portal), Value::Null);
    assert!(types(&mut portal, ("contacts", &person), "companies").is_empty());
    portal.call("PATCH", &target, set(&a));
    assert_eq!(shown(&mut portal), merged);
    let other = contact(&mut portal, "b@b.example");
    let survivor = portal
        .0
        .user_merge(1, &other, &person, false)
        .unwrap()
        .to_string();
    assert_eq!(
        portal.value("contacts", &survivor, "associatedcompanyid"),
        merged
    );
    assert_eq!(
        portal.value("companies", &merged, "num_associated_contacts"),
        "1"
    );
}

#[test]
fn a_child_company_names_its_parent() {
    let mut portal = Portal::new(unlimited());
    let (child, parent) = (
        portal.company(json!({"name": "A"})),
        portal.company(json!({"name": "B"})),
    );
    let target = format!("/crm/objects/2026-09/companies/{child}/associations/companies/{parent}");
    let label = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}]);
    assert_eq!(portal.call("PUT", &target, label).0, 201);
    assert_eq!(
        portal.value("companies", &child, "hs_parent_company_id"),
        parent
    );
    assert_eq!(
        portal.value("companies", &parent, "hs_parent_company_id"),
        Value::Null
    );
    assert_eq!(
        types(&mut portal, ("companies", &parent), "companies"),
        [(child, vec![13, 450])]
    );
}

#[test]
fn a_create_names_its_links_and_a_wrong_one_stores_nothing() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let body = |to: &str, id: u64| {
        json!({"properties": {"dealname": "A", "dealstage": "closedwon"},
            "associations": [{"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id}]}]})
    };
    for (to, id) in [(company.as_str(), 279), ("77", 341)] {
        let (status, _) = portal.call("POST", "/crm/objects/2026-09/deals", body(to, id));
        assert_eq!(status, 400);
    }
    assert!(ids(&portal.get("/crm/v3/objects/deals").1).is_empty());
    let (status, made) = portal.call("POST", "/crm/objects/2026-09/deals", body(&company, 341));
    assert_eq!(status, 201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        types(&mut portal, ("deals", id), "companies"),
        [(company.clone(), vec![341])]
    );
    let linked =
        json!([{"propertyName": "associations.company", "operator": "EQ", "value": company}]);
    assert_eq!(portal.search("deals", linked), [id.to_owned()]);
}

#[test]
fn associations_have_a_window_of_their_own() {
    let mut portal = Portal::new(crate::hubspot_sim::SimOptions {
        limit_per_10s: Some(5),
        ..crate::hubspot_sim::SimOptions::default()
    });
    let company = portal.company(json!({"name": "A"}));
    let read = json!({"inputs": [{"id": company}]});
    for _ in 0..150 {
        let target = format!("{BATCH}/read").replace("contacts/companies", "companies/contacts");
        assert_eq!(portal.call("POST", &target, read.clone()).0, 207);
    }
    let labels = "/crm/associations/2026-09/contacts/companies/labels";
    assert_eq!(portal.get(labels).0, 429);
    assert_eq!(portal.get("/crm/v3/objects/companies").0, 200);
}
