//! Batches and their 207 answers.

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};

#[test]
fn batch_reads_and_updates_answer_207_for_ids_that_do_not_exist() {
    let mut portal = Portal::new(unlimited());
    let a = portal.company(json!({"name": "A"}));
    let base = "/crm/objects/2026-09/companies/batch";
    let (status, body) = portal.call(
        "POST",
        &format!("{base}/read"),
        json!({"properties": ["name"], "inputs": [{"id": a}, {"id": "8"}]}),
    );
    assert_eq!((status, ids(&body)), (207, vec![a.clone()]));
    assert_eq!(body["errors"][0]["context"]["ids"], json!(["8"]));
    assert_eq!(
        body["errors"][0]["message"],
        "Could not get some COMPANY objects, they may be deleted or not exist. Check that ids are valid."
    );
    let (status, body) = portal.call(
        "POST",
        &format!("{base}/update"),
        json!({"inputs": [{"id": a, "properties": {"name": "B"}}, {"id": "x", "properties": {}}]}),
    );
    assert_eq!(
        (
            status,
            &body["numErrors"],
            &body["results"][0]["properties"]["name"]
        ),
        (207, &json!(1), &json!("B"))
    );
    let (status, body) = portal.call(
        "POST",
        &format!("{base}/read"),
        json!({"inputs": [{"id": a}, {"id": a}]}),
    );
    assert_eq!(
        (status, &body["message"]),
        (
            400,
            &json!(format!(
                "Duplicate IDs found in batch input: [{a}]. IDs must be unique"
            ))
        )
    );
    let many: Vec<Value> = (0..101).map(|id| json!({"id": id})).collect();
    assert_eq!(
        portal
            .call("POST", &format!("{base}/read"), json!({"inputs": many}))
            .0,
        400
    );
}

#[test]
fn a_batch_create_is_all_or_nothing_unless_every_input_is_traced() {
    let mut portal = Portal::new(unlimited());
    let target = "/crm/objects/2026-09/contacts/batch/create";
    portal.call(
        "POST",
        "/crm/v3/objects/contacts",
        json!({"properties": {"email": "a@b.example"}}),
    );
    let row = |email: &str| json!({"properties": {"email": email}});
    let (status, body) = portal.call(
        "POST",
        target,
        json!({"inputs": [row("n@b.example"), row("a@b.example")]}),
    );
    assert_eq!(
        (status, &body["message"]),
        (409, &json!("Contact already exists"))
    );
    assert_eq!(portal.0.stats().objects["contacts"].active, 1);
    let traced =
        |email: &str, id: &str| json!({"properties": {"email": email}, "objectWriteTraceId": id});
    let (status, body) = portal.call(
        "POST",
        target,
        json!({"inputs": [traced("n@b.example", "0"), traced("a@b.example", "1")]}),
    );
    assert_eq!(status, 207);
    assert_eq!(body["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        body["errors"][0]["context"]["objectWriteTraceId"],
        json!(["1"])
    );
    assert!(body["errors"][0]["context"]["existingId"][0].is_string());
}

#[test]
fn an_upsert_by_a_unique_property_makes_one_record_however_often_it_is_sent() {
    let mut portal = Portal::new(unlimited());
    let property = json!({"name": "halo_id", "label": "Halo id", "type": "string", "fieldType": "text", "groupName": "companyinformation", "hasUniqueValue": true});
    assert_eq!(
        portal
            .call("POST", "/crm/properties/2026-09/companies", property)
            .0,
        201
    );
    let upsert = json!({"inputs": [{"id": "inst-17", "idProperty": "halo_id", "properties": {"name": "A"}}]});
    let target = "/crm/objects/2026-09/companies/batch/upsert";
    let first = portal.call("POST", target, upsert.clone()).1;
    let second = portal.call("POST", target, upsert).1;
    assert_eq!(
        (&first["results"][0]["new"], &second["results"][0]["new"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(first["results"][0]["id"], second["results"][0]["id"]);
    let bad = json!({"inputs": [{"id": "x", "idProperty": "domain", "properties": {}}]});
    assert_eq!(portal.call("POST", target, bad).0, 400);
}
