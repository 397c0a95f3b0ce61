//! Events as HubSpot sends them, and as it never should.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Captured by others and published; ids as there.
const CHANGED: &str = r#"[{"eventId":4101286121,"subscriptionId":7562680,"portalId":247187887,"appId":50780459,"occurredAt":1787843156000,"subscriptionType":"contact.propertyChange","attemptNumber":1,"objectId":541935488729,"propertyName":"email","propertyValue":"emailmaria+webhook-test-2@hubspot.com","changeSource":"INTEGRATION","sourceId":"50780459"}]"#;
const CREATED: &str = r#"[{"eventId":3400564480,"subscriptionId":3329277,"portalId":49547190,"appId":9393361,"occurredAt":1742077073905,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":106314056576,"changeFlag":"CREATED","changeSource":"INTEGRATION","sourceId":"9393361"}]"#;
const GENERIC: &str = r#"[{"eventId":1765889350,"subscriptionId":7662269,"portalId":247279312,"appId":51879189,"occurredAt":1788597072520,"subscriptionType":"object.propertyChange","attemptNumber":0,"objectId":546500061938,"objectTypeId":"0-1","propertyName":"email","propertyValue":"bhalli@hubspot.com","changeSource":"CRM_UI","sourceId":"userId:98499705","isSensitive":false}]"#;

fn one(body: &str) -> Event {
    let read = read(body.as_bytes()).unwrap();
    assert_eq!((read.foreign, read.broken, read.events.len()), (0, 0, 1));
    read.events.into_iter().next().unwrap()
}

fn with(subscription: &str, members: Value) -> Value {
    let mut event = json!({
        "eventId": 1, "subscriptionId": 12, "portalId": 62515, "appId": 7,
        "occurredAt": 1_564_113_600_000_u64, "subscriptionType": subscription,
        "attemptNumber": 0,
    });
    for (name, value) in members.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn told(subscription: &str, members: Value) -> (String, What) {
    let event = one(&json!([with(subscription, members)]).to_string());
    (event.told.object.key(), event.told.what)
}

/// Left out: how many as foreign, how many as broken.
fn left(event: Value) -> (usize, usize) {
    let read = read(json!([event]).to_string().as_bytes()).unwrap();
    assert_eq!(read.events, []);
    (read.foreign, read.broken)
}

#[test]
fn captured_events_are_read() {
    let event = one(CHANGED);
    assert_eq!(event.account, "247187887");
    assert_eq!(event.told.object.key(), "contact/541935488729");
    let property = "email".to_owned();
    assert_eq!(event.told.what, What::Changed { property });
    assert_eq!(event.told.occurred_at, 1_787_843_156_000);
    assert_eq!(event.told.source.as_deref(), Some("INTEGRATION"));
    assert_eq!(event.told.source_id.as_deref(), Some("50780459"));
    // No value of people's data is kept.
    let kept = String::from_utf8(event.told.to_bytes()).unwrap();
    assert!(!kept.contains("emailmaria"), "{kept}");

    assert_eq!(one(CREATED).told.what, What::Created);
    let generic = one(GENERIC);
    assert_eq!(generic.told.object.key(), "contact/546500061938");
}

#[test]
fn an_object_has_one_key_whichever_subscription_tells_of_it() {
    let id = json!({"objectId": 5});
    for kind in ["creation", "deletion", "restore"] {
        let (key, _) = told(&format!("deal.{kind}"), id.clone());
        assert_eq!(key, "deal/5");
        let generic = json!({"objectId": 5, "objectTypeId": "0-3"});
        assert_eq!(told(&format!("object.{kind}"), generic).0, "deal/5");
    }
    let quote = json!({"objectId": 5, "objectTypeId": "0-14"});
    assert_eq!(told("object.deletion", quote).0, "quote/5");
    let line = json!({"objectId": 5, "objectTypeId": "0-8"});
    assert_eq!(told("object.creation", line).0, "line_item/5");
    assert_eq!(told("line_item.creation", id.clone()).0, "line_item/5");
    let forgotten = told("contact.privacyDeletion", id);
    assert_eq!(forgotten, ("contact/5".to_owned(), What::Forgotten));
    // As HubSpot's documentation has it.
    let mut event = with("", json!({"objectId": 5, "eventType": "product.creation"}));
    event.as_object_mut().unwrap().remove("subscriptionType");
    let event = one(&json!([event]).to_string());
    assert_eq!(event.told.object.key(), "product/5");
}

#[test]
fn a_merge_concerns_the_survivor_and_names_the_others() {
    let merged = |ids: &[&str]| What::Merged {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let members = json!({
        "objectId": 1, "primaryObjectId": 1, "mergedObjectIds": [2, 1], "newObjectId": 3,
        "numberOfPropertiesMoved": 9,
    });
    let (key, what) = told("company.merge", members);
    assert_eq!((key.as_str(), what), ("company/3", merged(&["1", "2"])));
    // Where the first one stays.
    let members = json!({
        "objectId": 1, "primaryObjectId": 1, "mergedObjectIds": [2], "newObjectId": null,
    });
    let (key, what) = told("deal.merge", members);
    assert_eq!((key.as_str(), what), ("deal/1", merged(&["2"])));
}

#[test]
fn a_link_concerns_the_end_that_depends_on_it_and_the_other_end_is_left_out() {
    let ends = |name: &str| json!({"associationType": name, "fromObjectId": 1, "toObjectId": 2, "associationRemoved": true});
    let associated = |of| What::Associated {
        with: Some(Object {
            of,
            id: "2".to_owned(),
        }),
        removed: true,
    };
    let (key, what) = told("contact.associationChange", ends("CONTACT_TO_COMPANY"));
    assert_eq!(key, "contact/1");
    assert_eq!(what, associated(ObjectType::Company));
    for name in ["COMPANY_TO_CONTACT", "CONTACT_TO_DEAL", "CONTACT_TO_TICKET"] {
        let event = with("contact.associationChange", ends(name));
        assert_eq!(left(event), (1, 0), "{name}");
    }
    let generic = json!({
        "fromObjectTypeId": "0-14", "toObjectTypeId": "0-8", "fromObjectId": 1,
        "toObjectId": 2, "associationTypeId": 67, "associationCategory": "HUBSPOT_DEFINED",
        "associationRemoved": true,
    });
    let (key, what) = told("object.associationChange", generic);
    assert_eq!(key, "quote/1");
    assert_eq!(what, associated(ObjectType::LineItem));
    let bare = json!({"fromObjectId": 1, "toObjectId": 2});
    let (key, what) = told("deal.associationChange", bare);
    assert_eq!(key, "deal/1");
    let (with, removed) = (None, false);
    assert_eq!(what, What::Associated { with, removed });
}

#[test]
fn ids_beyond_what_a_double_can_hold_stay_exact() {
    for id in [9_007_199_254_740_993_u64, u64::MAX] {
        let (key, _) = told("deal.creation", json!({"objectId": id}));
        assert_eq!(key, format!("deal/{id}"));
    }
    let text = json!({"objectId": "9007199254740993"});
    assert_eq!(told("deal.creation", text).0, "deal/9007199254740993");
}

#[test]
fn an_event_is_the_same_when_it_is_sent_again_and_no_other_is() {
    let base = with(
        "deal.propertyChange",
        json!({"objectId": 5, "propertyName": "amount", "propertyValue": "1"}),
    );
    let dedupe = |event: &Value| one(&json!([event]).to_string()).dedupe;
    let first = dedupe(&base);
    let changed = |name: &str, value: Value| {
        let mut event = base.clone();
        event[name] = value;
        dedupe(&event)
    };
    for (name, value) in [("attemptNumber", json!(3)), ("eventId", json!(99))] {
        assert_eq!(changed(name, value), first, "{name}");
    }
    for (name, value) in [
        ("portalId", json!(1)),
        ("subscriptionId", json!(1)),
        ("subscriptionType", json!("deal.creation")),
        ("objectId", json!(6)),
        ("propertyName", json!("dealname")),
        ("propertyValue", json!("2")),
        ("occurredAt", json!(1)),
    ] {
        assert_ne!(changed(name, value), first, "{name}");
    }
    let link = |removed: bool, to: u64| {
        dedupe(&with(
            "deal.associationChange",
            json!({"associationType": "DEAL_TO_COMPANY", "fromObjectId": 1, "toObjectId": to, "associationRemoved": removed}),
        ))
    };
    assert_ne!(link(true, 2), link(false, 2));
    assert_ne!(link(true, 2), link(true, 3));
}

#[test]
fn a_broken_event_is_left_out_and_its_neighbours_are_kept() {
    let good = with("deal.creation", json!({"objectId": 5}));
    let mut broken = Vec::new();
    for name in ["portalId", "occurredAt", "subscriptionType", "objectId"] {
        for value in [
            None,
            Some(json!(null)),
            Some(json!({"a": [1]})),
            Some(json!(-1.5)),
        ] {
            let mut event = good.clone();
            match value {
                Some(value) => event[name] = value,
                None => drop(event.as_object_mut().unwrap().remove(name)),
            }
            broken.push(event);
        }
    }
    let no_property = with("deal.propertyChange", json!({"objectId": 5}));
    let long = with(
        "deal.propertyChange",
        json!({"objectId": 5, "propertyName": "x".repeat(256)}),
    );
    let no_type = with("object.creation", json!({"objectId": 5}));
    let half_a_link = with("deal.associationChange", json!({"fromObjectId": 5}));
    broken.extend([no_property, long, no_type, half_a_link, json!({})]);
    let count = broken.len();
    let mut all = vec![good.clone()];
    all.extend(broken);
    all.push(good);
    let read = read(json!(all).to_string().as_bytes()).unwrap();
    assert_eq!(
        (read.events.len(), read.broken, read.foreign),
        (2, count, 0)
    );
}

#[test]
fn what_is_not_synced_is_passed_over() {
    let id = json!({"objectId": 5, "objectTypeId": "2-1234567"});
    for subscription in [
        "ticket.creation",
        "object.creation",
        "conversation.newMessage",
        "contact.somethingNew",
        "nonsense",
    ] {
        let event = with(subscription, id.clone());
        assert_eq!(left(event), (1, 0), "{subscription}");
    }
}

#[test]
fn a_body_that_is_no_list_of_events_is_refused() {
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    for body in [
        "",
        "{}",
        "null",
        "1",
        "[1]",
        "[[]]",
        "[null]",
        "[{}",
        "[{}] x",
        "\u{feff}[]",
        &deep,
    ] {
        let refused = read(body.as_bytes()).unwrap_err();
        assert!(matches!(refused, Refusal::Unreadable(_)), "{body:.20}");
    }
    assert_eq!(read(b"[]").unwrap(), Events::default());
}

#[test]
fn a_member_that_is_nested_without_end_spoils_its_own_event_at_most() {
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    let good = with("deal.creation", json!({"objectId": 5})).to_string();
    for (member, kept) in [("note", 2), ("objectId", 1), ("mergedObjectIds", 2)] {
        let (start, _) = good.rsplit_once('}').unwrap();
        let body = format!("[{start},\"{member}\":{deep}}},{good}]");
        let read = read(body.as_bytes()).unwrap();
        assert_eq!(read.events.len(), kept, "{member}");
    }
}

#[test]
fn more_than_a_thousand_events_and_a_body_too_large_are_refused() {
    let event = with("deal.creation", json!({"objectId": 5}));
    let full = vec![event.clone(); MAX_EVENTS];
    let full = read(json!(full).to_string().as_bytes()).unwrap();
    assert_eq!(full.events.len(), MAX_EVENTS);
    let over = vec![event; MAX_EVENTS + 1];
    let refused = read(json!(over).to_string().as_bytes()).unwrap_err();
    assert!(matches!(refused, Refusal::TooMuch(_)));
    let large = vec![b' '; MAX_BODY + 1];
    assert!(matches!(read(&large), Err(Refusal::TooMuch(_))));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "deal\\.(creation|merge|associationChange|propertyChange)".prop_map(Value::from),
        "[0-9]{1,22}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let member = prop::sample::select(vec![
            "subscriptionType",
            "portalId",
            "occurredAt",
            "objectId",
            "objectTypeId",
            "propertyName",
            "mergedObjectIds",
            "newObjectId",
            "primaryObjectId",
            "fromObjectId",
            "toObjectId",
            "associationType",
            "other",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((member, inner), 0..8).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_end_in_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&body);
    }

    #[test]
    fn no_document_ends_in_a_panic_and_every_event_is_counted(
        items in prop::collection::vec(any_json(), 0..6)
    ) {
        let all_events = items.iter().all(Value::is_object);
        let count = items.len();
        let read = read(Value::from(items).to_string().as_bytes());
        prop_assert_eq!(read.is_ok(), all_events);
        if let Ok(read) = read {
            prop_assert_eq!(read.events.len() + read.foreign + read.broken, count);
        }
    }
}
