//! Webhooks: the events of every change, over sockets to an app that listens.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::wire::http;
use crate::hubspot_sim::webhooks::signature;
use crate::hubspot_sim::{Sim, SimHandle, SimOptions};
use crate::kit::{Delivery, Listener, delivered};

async fn settled(sim: &SimHandle) {
    delivered(sim).await.unwrap();
}

fn events(deliveries: &[Delivery]) -> Vec<Value> {
    let lists = deliveries
        .iter()
        .map(|delivery| serde_json::from_slice::<Vec<Value>>(&delivery.body).unwrap());
    lists.flatten().collect()
}

/// Waits until all is delivered; answers the events.
async fn take(app: &Listener, sim: &SimHandle) -> Vec<Value> {
    settled(sim).await;
    events(&app.take())
}

async fn start() -> (SimHandle, Listener) {
    let sim = Sim::start(SimOptions::default()).await.unwrap();
    (sim, Listener::start("/webhooks?k=%20").await.unwrap())
}

/// The subscription types of events, sorted, with the property where there is one.
fn types(events: &[Value]) -> Vec<String> {
    let mut types: Vec<String> = events
        .iter()
        .map(|event| {
            let name = event["subscriptionType"].as_str().unwrap();
            match event["propertyName"].as_str() {
                Some(property) => format!("{name} {property}"),
                None => name.to_owned(),
            }
        })
        .collect();
    types.sort();
    types
}

fn all_of(who: &str, properties: &[&str]) -> Value {
    let mut all: Vec<Value> = [
        "creation",
        "deletion",
        "restore",
        "merge",
        "associationChange",
    ]
    .iter()
    .map(|event| json!({"subscriptionType": format!("{who}.{event}")}))
    .collect();
    let property = |name: &&str| json!({"subscriptionType": format!("{who}.propertyChange"), "propertyName": name});
    all.extend(properties.iter().map(property));
    Value::from(all)
}

#[tokio::test]
async fn every_change_of_an_object_has_its_event() {
    let (sim, app) = start().await;
    let before = sim.create_company([("name", "Before")]).unwrap();
    sim.subscribe(app.target(), &all_of("company", &["name", "city"]))
        .unwrap();
    let id = sim
        .create_company([("name", "Northwind"), ("phone", "1")])
        .unwrap();
    let events = take(&app, &sim).await;
    // What was there before has no event, and a property without a subscription neither.
    assert_eq!(
        types(&events),
        ["company.creation", "company.propertyChange name"]
    );
    for event in &events {
        assert_eq!(event["objectId"].to_string(), id);
        assert_eq!(event["portalId"], sim.portal_id());
        assert_eq!(event["appId"], sim.app_id());
        assert_eq!(event["changeSource"], "CRM_UI");
        assert_eq!(event["attemptNumber"], 0);
    }
    sim.edit("companies", &id, [("city", "Ghent"), ("name", "Northwind")])
        .unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(types(&events), ["company.propertyChange city"]);
    assert_eq!(events[0]["propertyValue"], "Ghent");
    sim.archive("companies", &id).unwrap();
    sim.restore("companies", &id).unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(types(&events), ["company.deletion", "company.restore"]);
    let survivor = sim.merge("companies", &id, &before).unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(types(&events), ["company.merge"]);
    assert_eq!(events[0]["newObjectId"].to_string(), survivor);
    assert_eq!(events[0]["primaryObjectId"].to_string(), id);
    assert_eq!(
        events[0]["mergedObjectIds"].to_string(),
        format!("[{before}]")
    );
    // Another type was not subscribed to, and after the end there is nothing.
    sim.create("contacts", [("email", "a@example.com")])
        .unwrap();
    sim.unsubscribe();
    sim.edit("companies", &survivor, [("city", "Bruges")])
        .unwrap();
    assert_eq!(take(&app, &sim).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_the_app_writes_says_so_and_what_follows_of_it_is_computed() {
    let (sim, app) = start().await;
    let company = sim.create_company([("name", "Northwind")]).unwrap();
    let contact = sim
        .create("contacts", [("email", "a@example.com")])
        .unwrap();
    let wanted = all_of("contact", &["firstname", "associatedcompanyid"]);
    sim.subscribe(app.target(), &wanted).unwrap();
    let body = json!({"properties": {"firstname": "Ada"}}).to_string();
    let target = format!("/crm/objects/2026-09/contacts/{contact}");
    let token = sim.private_app_token();
    let (status, _) = http(sim.base_url(), "PATCH", &target, token, &body)
        .await
        .unwrap();
    assert_eq!(status, 200);
    let events = take(&app, &sim).await;
    assert_eq!(types(&events), ["contact.propertyChange firstname"]);
    assert_eq!(events[0]["changeSource"], "INTEGRATION");
    assert_eq!(events[0]["sourceId"], sim.app_id().to_string());
    sim.link(("contacts", &contact), ("companies", &company), true)
        .unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(
        types(&events),
        [
            "contact.associationChange",
            "contact.propertyChange associatedcompanyid"
        ]
    );
    let computed = events
        .iter()
        .find(|event| event["propertyName"].is_string());
    assert_eq!(computed.unwrap()["changeSource"], "CALCULATED");
}

#[tokio::test]
async fn a_link_has_an_event_at_both_ends_and_its_end_too() {
    let (sim, app) = start().await;
    let company = sim.create_company([("name", "Northwind")]).unwrap();
    let contact = sim
        .create("contacts", [("email", "a@example.com")])
        .unwrap();
    let both = json!([
        {"subscriptionType": "contact.associationChange"},
        {"subscriptionType": "company.associationChange"},
        {"subscriptionType": "object.associationChange", "objectTypeId": "0-1"},
    ]);
    sim.subscribe(app.target(), &both).unwrap();
    let pair = [
        ("contacts", contact.as_str()),
        ("companies", company.as_str()),
    ];
    sim.link(pair[0], pair[1], true).unwrap();
    let events = take(&app, &sim).await;
    let of = |name: &str| {
        let mut found = events
            .iter()
            .filter(|event| event["subscriptionType"] == name);
        found.next().unwrap().clone()
    };
    let from_contact = of("contact.associationChange");
    assert_eq!(from_contact["associationType"], "CONTACT_TO_COMPANY");
    assert_eq!(from_contact["fromObjectId"].to_string(), contact);
    assert_eq!(from_contact["toObjectId"].to_string(), company);
    assert_eq!(from_contact["associationRemoved"], false);
    assert_eq!(from_contact["isPrimaryAssociation"], true);
    assert!(from_contact.get("objectId").is_none());
    let from_company = of("company.associationChange");
    assert_eq!(from_company["fromObjectId"].to_string(), company);
    let generic = of("object.associationChange");
    assert_eq!(generic["toObjectTypeId"], "0-2");
    assert_eq!(generic["associationTypeId"], 1);
    assert_eq!(events.len(), 3);
    sim.unlink(pair[0], pair[1]).unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(events.len(), 3);
    assert!(
        events
            .iter()
            .all(|event| event["associationRemoved"] == true)
    );
}

#[tokio::test]
async fn quotes_and_their_lines_are_told_of_by_the_generic_types() {
    let (sim, app) = start().await;
    let wanted = json!([
        {"subscriptionType": "object.creation", "objectTypeId": "0-14"},
        {"subscriptionType": "object.deletion", "objectTypeId": "0-8"},
        {"subscriptionType": "object.propertyChange", "objectTypeId": "0-8", "propertyName": "quantity"},
        {"subscriptionType": "object.associationChange", "objectTypeId": "0-14"},
    ]);
    sim.subscribe(app.target(), &wanted).unwrap();
    let line = sim
        .create(
            "line_items",
            [("name", "Cable"), ("quantity", "2"), ("price", "3")],
        )
        .unwrap();
    let quote = sim
        .create(
            "quotes",
            [("hs_title", "Offer"), ("hs_expiration_date", "2027-01-01")],
        )
        .unwrap();
    sim.link(("quotes", &quote), ("line_items", &line), false)
        .unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(
        types(&events),
        [
            "object.associationChange",
            "object.creation",
            "object.propertyChange quantity"
        ]
    );
    let created = events
        .iter()
        .find(|event| event["subscriptionType"] == "object.creation");
    let created = created.unwrap();
    assert_eq!(created["objectTypeId"], "0-14");
    assert_eq!(created["objectId"].to_string(), quote);
    // A quote takes its lines along.
    sim.archive("quotes", &quote).unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(types(&events), ["object.deletion"]);
    assert_eq!(events[0]["objectId"].to_string(), line);
}

#[tokio::test]
async fn a_person_who_is_forgotten_is_deleted_as_well() {
    let (sim, app) = start().await;
    let wanted = json!([
        {"subscriptionType": "contact.deletion"},
        {"subscriptionType": "contact.privacyDeletion"},
    ]);
    let contact = sim
        .create("contacts", [("email", "a@example.com")])
        .unwrap();
    sim.subscribe(app.target(), &wanted).unwrap();
    sim.forget("contacts", &contact).unwrap();
    let events = take(&app, &sim).await;
    assert_eq!(
        types(&events),
        ["contact.deletion", "contact.privacyDeletion"]
    );
    assert!(sim.restore("contacts", &contact).is_err());
    assert!(sim.forget("companies", "1").is_err());
}

#[tokio::test]
async fn every_delivery_is_signed_over_what_was_sent() {
    let (sim, app) = start().await;
    sim.subscribe(app.target(), &all_of("company", &[]))
        .unwrap();
    sim.create_company([("name", "Zoë \"Z\" Ltd")]).unwrap();
    settled(&sim).await;
    let delivery = app.take().remove(0);
    let body = &delivery.text();
    let header = |name: &str| delivery.header(name);
    let at: i64 = header("x-hubspot-request-timestamp").parse().unwrap();
    let secret = sim.client_secret();
    let v3 = signature::v3(secret, app.target(), body, at);
    assert_eq!(header("x-hubspot-signature-v3"), v3);
    assert_eq!(header("x-hubspot-signature"), signature::v1(secret, body));
    assert_eq!(header("x-hubspot-signature-version"), "v1");
    assert!((sim.now_ms() - at).abs() < 60_000);
}

#[tokio::test]
async fn what_is_refused_is_sent_again_and_the_clock_brings_the_next_time() {
    let (sim, app) = start().await;
    sim.subscribe(app.target(), &all_of("company", &[]))
        .unwrap();
    app.answer_with([503, 401, 302]);
    sim.create_company([("name", "Northwind")]).unwrap();
    for sent in 1..=3 {
        for _ in 0..3_000 {
            if sim.webhook_stats().requests == sent && sim.webhook_stats().in_flight == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let stats = sim.webhook_stats();
        assert_eq!((stats.requests, stats.waiting), (sent, 1));
        sim.advance_clock(Duration::from_secs(600));
    }
    settled(&sim).await;
    let stats = sim.webhook_stats();
    assert_eq!((stats.requests, stats.retried, stats.answered), (4, 3, 1));
    assert_eq!(
        stats.statuses,
        BTreeMap::from([(200, 1), (302, 1), (401, 1), (503, 1)])
    );
    let attempts: Vec<u64> = events(&app.take())
        .iter()
        .map(|event| event["attemptNumber"].as_u64().unwrap())
        .collect();
    assert_eq!(attempts, [0, 1, 2, 3]);
}

#[tokio::test]
async fn an_app_that_is_not_there_or_does_not_answer_is_tried_again() {
    let (sim, app) = start().await;
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    sim.webhook_options(|options| {
        options.retry_ms = 5;
        options.timeout_ms = 200;
    });
    sim.subscribe(&nobody, &all_of("company", &[])).unwrap();
    sim.create_company([("name", "Northwind")]).unwrap();
    settled(&sim).await;
    let stats = sim.webhook_stats();
    assert_eq!((stats.unanswered, stats.given_up), (11, 1));
    // One that takes the connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}/", silent.local_addr().unwrap());
    sim.subscribe(&target, &all_of("company", &[])).unwrap();
    sim.create_company([("name", "Southwind")]).unwrap();
    for _ in 0..3_000 {
        if sim.webhook_stats().unanswered > 11 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(sim.webhook_stats().unanswered > 11);
    // What waits goes to the new address.
    sim.subscribe(app.target(), &all_of("company", &[]))
        .unwrap();
    settled(&sim).await;
    assert_eq!(types(&events(&app.take())), ["company.creation"]);
}

#[tokio::test]
async fn no_more_than_ten_requests_of_a_hundred_events_are_under_way() {
    let (sim, app) = start().await;
    sim.webhook_options(|options| options.paused = true);
    sim.subscribe(app.target(), &all_of("company", &[]))
        .unwrap();
    for n in 0..1_550 {
        let name = format!("Company {n}");
        sim.create_company([("name", name.as_str())]).unwrap();
    }
    sim.webhook_options(|options| {
        (options.paused, options.shuffle, options.duplicates) = (false, true, 2);
    });
    let events = take(&app, &sim).await;
    let stats = sim.webhook_stats();
    assert_eq!(
        (stats.events, stats.requests, stats.answered),
        (1_550, 18, 18)
    );
    assert_eq!(stats.peak_in_flight, 10);
    let ids: Vec<String> = events
        .iter()
        .map(|event| event["objectId"].to_string())
        .collect();
    assert!(ids.len() > 1_550 && !ids.is_sorted());
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), 1_550);
}

#[tokio::test]
async fn the_control_calls_subscribe_and_show_how_it_stands() {
    let (sim, app) = start().await;
    let post = async |verb: &str, body: Value| {
        let target = format!("/_sim/{verb}");
        http(sim.base_url(), "POST", &target, "", &body.to_string())
            .await
            .unwrap()
    };
    let wanted = json!({"target_url": app.target(), "subscriptions": [{"subscriptionType": "company.creation"}]});
    assert_eq!(post("webhooks", wanted).await.0, 200);
    assert_eq!(post("webhook-options", json!({"batch": 1})).await.0, 200);
    assert_eq!(post("webhook-options", json!({"batches": 1})).await.0, 400);
    sim.create_company([("name", "Northwind")]).unwrap();
    settled(&sim).await;
    let (status, stats) = http(sim.base_url(), "GET", "/_sim/webhooks", "", "")
        .await
        .unwrap();
    let stats: Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(
        (status, &stats["events"], &stats["answered"]),
        (200, &json!(1), &json!(1))
    );
    for (wanted, why) in [
        (
            json!({"subscriptionType": "quote.creation"}),
            "no subscription type",
        ),
        (
            json!({"subscriptionType": "product.associationChange"}),
            "no subscription type",
        ),
        (
            json!({"subscriptionType": "company.privacyDeletion"}),
            "no subscription type",
        ),
        (
            json!({"subscriptionType": "deal.propertyChange"}),
            "needs a",
        ),
        (
            json!({"subscriptionType": "deal.propertyChange", "propertyName": "hs_lastmodifieddate"}),
            "no subscriptions to",
        ),
        (json!({"subscriptionType": "object.creation"}), "needs an"),
        (
            json!({"subscriptionType": "object.creation", "objectTypeId": "2-1"}),
            "no object type",
        ),
    ] {
        let body = json!({"target_url": app.target(), "subscriptions": [wanted]});
        let (status, text) = post("webhooks", body).await;
        assert!(status == 400 && text.contains(why), "{wanted}: {text}");
    }
    let secure = json!({"target_url": "https://halo.example/", "subscriptions": []});
    assert_eq!(post("webhooks", secure).await.0, 400);
    assert_eq!(post("webhooks", json!({})).await.0, 200);
}
