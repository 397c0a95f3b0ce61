//! What an administrator sets up: pipelines, stages, owners.

use serde_json::{Value, json};

use super::{Portal, unlimited};
use crate::hubspot_sim::PipelineEdit;
use crate::hubspot_sim::control;
use crate::hubspot_sim::reply::Body;
use crate::hubspot_sim::request::Request;

/// A control call.
fn set_up(portal: &mut Portal, verb: &str, body: Value) -> Result<Value, String> {
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/_sim/{verb}"),
        body: body.to_string().into_bytes(),
        ..Request::default()
    };
    let reply = control::answer(&mut portal.0, &request);
    match reply.body {
        Body::Json(body) if reply.status == 200 => Ok(body),
        Body::Json(body) => Err(body["error"].to_string()),
        other => Err(format!("{other:?}")),
    }
}

fn id_of(made: Result<Value, String>) -> String {
    made.unwrap()["id"].as_str().unwrap().to_owned()
}

fn deal(portal: &mut Portal, pipeline: &str, stage: &str) -> String {
    let properties = json!({"dealname": "A", "pipeline": pipeline, "dealstage": stage});
    portal.made("deals", properties)
}

#[test]
fn a_new_pipeline_has_a_number_as_text_and_takes_deals_once_it_has_a_stage() {
    let mut portal = Portal::new(unlimited());
    let pipeline = id_of(set_up(
        &mut portal,
        "pipeline",
        json!({"label": "Projects"}),
    ));
    assert!(pipeline.parse::<u64>().is_ok());
    let stage = json!({"pipeline": pipeline, "label": "Signed", "probability": "0.7"});
    let stage = id_of(set_up(&mut portal, "stage", stage));
    assert!(stage.parse::<u64>().is_ok() && stage != pipeline);
    let id = deal(&mut portal, &pipeline, &stage);
    assert_eq!(
        portal.value("deals", &id, "hs_deal_stage_probability"),
        "0.7"
    );
    let base = format!("/crm/pipelines/2026-09/deals/{pipeline}");
    assert_eq!(portal.get(&base).1["label"], "Projects");
    for path in [
        format!("{base}/stages/{stage}"),
        format!("/crm/v3/pipelines/0-3/{pipeline}/stages/{stage}"),
    ] {
        let (status, shown) = portal.get(&path);
        assert_eq!(
            (status, &shown["metadata"]),
            (200, &json!({"isClosed": "false", "probability": "0.7"}))
        );
    }
    let (_, stages) = portal.get(&format!("{base}/stages"));
    assert_eq!(stages["results"].as_array().unwrap().len(), 1);
    assert_eq!(portal.get(&format!("{base}/stages/9")).0, 404);
    assert!(set_up(&mut portal, "pipeline", json!({})).is_err());
    assert!(set_up(&mut portal, "stage", json!({"pipeline": "9", "label": "x"})).is_err());
}

#[test]
fn deals_follow_a_changed_stage_and_keep_the_id_of_one_that_is_gone() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let id = deal(&mut portal, "168391250", "168391251");
    assert_eq!(portal.linked(("deals", &id), ("companies", &company)), 200);
    let edit = |probability: &str, closed: bool| PipelineEdit {
        id: Some("168391251".to_owned()),
        probability: Some(probability.to_owned()),
        closed: Some(closed),
        ..PipelineEdit::default()
    };
    portal
        .0
        .user_stage("168391250", &edit("1.0", true))
        .unwrap();
    assert_eq!(portal.value("deals", &id, "hs_is_closed_won"), "true");
    assert_eq!(
        portal.value("companies", &company, "hs_num_open_deals"),
        "0"
    );
    assert!(portal.0.user_stage("168391250", &edit("7", true)).is_err());
    let gone = json!({"pipeline": "168391250", "id": "168391251", "archived": true});
    set_up(&mut portal, "stage", gone).unwrap();
    assert_eq!(portal.value("deals", &id, "dealstage"), "168391251");
    let target = format!("/crm/objects/2026-09/deals/{id}");
    let patch = |portal: &mut Portal, properties: Value| {
        let body = json!({ "properties": properties });
        portal.call("PATCH", &target, body).0
    };
    assert_eq!(patch(&mut portal, json!({"dealname": "B"})), 200);
    assert_eq!(patch(&mut portal, json!({"dealstage": "168391252"})), 200);
    assert_eq!(patch(&mut portal, json!({"dealstage": "168391251"})), 400);
    let (_, all) = portal.get("/crm/v3/pipelines/deals");
    assert_eq!(all["results"][1]["stages"].as_array().unwrap().len(), 2);
    set_up(
        &mut portal,
        "pipeline",
        json!({"id": "168391250", "archived": true}),
    )
    .unwrap();
    let (_, all) = portal.get("/crm/v3/pipelines/deals");
    assert_eq!(all["results"].as_array().unwrap().len(), 1);
    assert_eq!(portal.value("deals", &id, "pipeline"), "168391250");
}

#[test]
fn an_owner_who_leaves_is_listed_as_archived_and_records_keep_the_id() {
    let mut portal = Portal::new(unlimited());
    let owner = json!({"first_name": "Nia", "last_name": "Okoro", "email": "Nia@Owners.example"});
    let id = id_of(set_up(&mut portal, "owner", owner));
    let by_email = "/crm/owners/2026-09?email=nia%40owners.example";
    let (_, found) = portal.get(by_email);
    assert_eq!(found["results"][0]["id"], id);
    assert!(found["results"][0]["userId"].is_u64());
    let company = portal.company(json!({"name": "A", "hubspot_owner_id": id}));
    set_up(&mut portal, "owner", json!({"id": id, "archived": true})).unwrap();
    assert_eq!(portal.get(by_email).1["results"], json!([]));
    let (_, found) = portal.get(&format!("{by_email}&archived=true"));
    let row = &found["results"][0];
    assert_eq!((&row["id"], &row["userId"]), (&json!(id), &Value::Null));
    assert!(row["userIdIncludingInactive"].is_u64());
    assert_eq!(portal.value("companies", &company, "hubspot_owner_id"), id);
    assert!(set_up(&mut portal, "owner", json!({"id": "9"})).is_err());
}

#[test]
fn links_and_labels_are_set_by_control_calls_too() {
    let mut portal = Portal::new(unlimited());
    let label = json!({"object_type": "deals", "to_type": "contacts", "label": "Decides", "inverse_label": "Decides on"});
    let ids = set_up(&mut portal, "label", label.clone()).unwrap();
    assert!(set_up(&mut portal, "label", label).is_err());
    let deal = deal(&mut portal, "default", "contractsent");
    let person = portal.made("contacts", json!({"email": "a@b.example"}));
    let mut link = json!({"object_type": "deals", "id": deal, "to_type": "contacts", "to_id": person, "type_id": ids["type_id"]});
    set_up(&mut portal, "link", link.clone()).unwrap();
    let (_, body) = portal.get(&format!(
        "/crm/objects/2026-09/contacts/{person}/associations/deals"
    ));
    assert_eq!(
        body["results"][0]["associationTypes"],
        json!([
            {"category": "USER_DEFINED", "typeId": ids["inverse_type_id"], "label": "Decides on"},
            {"category": "HUBSPOT_DEFINED", "typeId": 4, "label": null},
        ])
    );
    link["type_id"] = json!(999_999);
    assert!(set_up(&mut portal, "link", link).is_err());
}
