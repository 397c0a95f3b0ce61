//! Search: operators, limits, order, index lag.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};
use crate::hubspot_sim::SimOptions;

#[test]
fn search_operators_follow_hubspots_rules() {
    let mut portal = Portal::new(unlimited());
    let a = portal.company(json!({"name": "Northwind Dental", "seat_count": "9", "support_tier": "gold", "services": "backup;network", "renewal_date": "2026-09-30"}));
    let b = portal
        .company(json!({"name": "Harbour Foods", "seat_count": "10", "support_tier": "silver"}));
    let c = portal.company(json!({"name": "Harbour Dental"}));
    let table = [
        (
            json!({"propertyName": "name", "operator": "EQ", "value": "northwind dental"}),
            vec![&a],
        ),
        (
            json!({"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "harb*"}),
            vec![&b, &c],
        ),
        (
            json!({"propertyName": "name", "operator": "NOT_CONTAINS_TOKEN", "value": "dental"}),
            vec![&b],
        ),
        (
            json!({"propertyName": "name", "operator": "IN", "values": ["harbour foods"]}),
            vec![&b],
        ),
        (
            json!({"propertyName": "name", "operator": "IN", "values": ["Harbour Foods"]}),
            vec![],
        ),
        (
            json!({"propertyName": "seat_count", "operator": "GT", "value": "9"}),
            vec![&b],
        ),
        (
            json!({"propertyName": "seat_count", "operator": "BETWEEN", "value": "9", "highValue": "10"}),
            vec![&a, &b],
        ),
        (
            json!({"propertyName": "seat_count", "operator": "NOT_HAS_PROPERTY"}),
            vec![&c],
        ),
        (
            json!({"propertyName": "support_tier", "operator": "EQ", "value": "Gold"}),
            vec![],
        ),
        (
            json!({"propertyName": "support_tier", "operator": "NOT_IN", "values": ["gold"]}),
            vec![&b],
        ),
        (
            json!({"propertyName": "services", "operator": "EQ", "value": "network"}),
            vec![&a],
        ),
        (
            json!({"propertyName": "renewal_date", "operator": "LTE", "value": "1790726400000"}),
            vec![&a],
        ),
        (
            json!({"propertyName": "hs_object_id", "operator": "GT", "value": a}),
            vec![&b, &c],
        ),
    ];
    for (filter, expected) in table {
        let found = portal.search("companies", json!([filter]));
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
    }
}

#[test]
fn the_wrong_modified_property_finds_nothing_and_says_nothing() {
    let mut portal = Portal::new(SimOptions {
        contacts: 5,
        ..unlimited()
    });
    let since = |name: &str| json!([{"propertyName": name, "operator": "GTE", "value": "0"}]);
    assert_eq!(
        portal.search("contacts", since("lastmodifieddate")).len(),
        5
    );
    assert_eq!(
        portal
            .search("contacts", since("hs_lastmodifieddate"))
            .len(),
        0
    );
    let (status, _) = portal.call(
        "POST",
        "/crm/v3/objects/contacts/search",
        json!({"filterGroups": [{"filters": since("nope")}]}),
    );
    assert_eq!(status, 400);
}

#[test]
fn search_stops_at_ten_thousand_rows_and_at_its_other_limits() {
    let mut portal = Portal::new(SimOptions {
        companies: 10_300,
        ..unlimited()
    });
    let target = "/crm/objects/2026-09/companies/search";
    let (_, body) = portal.call("POST", target, json!({"limit": 200, "after": "9800"}));
    assert_eq!(
        (&body["total"], &body["paging"]["next"]["after"]),
        (&json!(10_300), &json!("10000"))
    );
    assert_eq!(
        portal
            .call("POST", target, json!({"limit": 200, "after": "10000"}))
            .0,
        400
    );
    assert_eq!(portal.call("POST", target, json!({"limit": 201})).0, 400);
    let long = json!({"query": "x".repeat(3000)});
    assert_eq!(portal.call("POST", target, long).0, 400);
    let two_sorts = json!({"sorts": [{"propertyName": "name"}, {"propertyName": "city"}]});
    assert_eq!(portal.call("POST", target, two_sorts).0, 400);
    let filter = json!({"propertyName": "name", "operator": "HAS_PROPERTY"});
    let many = json!({"filterGroups": [{"filters": vec![filter; 7]}]});
    assert_eq!(portal.call("POST", target, many).0, 400);
}

#[test]
fn search_sorts_and_breaks_ties_by_id() {
    let mut portal = Portal::new(unlimited());
    let a = portal.company(json!({"name": "A", "seat_count": "10"}));
    let b = portal.company(json!({"name": "B", "seat_count": "9"}));
    let c = portal.company(json!({"name": "C", "seat_count": "10"}));
    let d = portal.company(json!({"name": "D"}));
    let mut sorted = |direction: &str| {
        let sorts = json!({"sorts": [{"propertyName": "seat_count", "direction": direction}]});
        ids(&portal
            .call("POST", "/crm/v3/objects/companies/search", sorts)
            .1)
    };
    assert_eq!(sorted("ASCENDING"), [&b, &a, &c, &d].map(String::as_str));
    assert_eq!(sorted("DESCENDING"), [&a, &c, &b, &d].map(String::as_str));
}

#[test]
fn search_sees_changes_only_after_the_index_lag() {
    let mut portal = Portal::new(SimOptions {
        search_lag: Duration::from_secs(30),
        ..unlimited()
    });
    let named = |name: &str| json!([{"propertyName": "name", "operator": "EQ", "value": name}]);
    let id = portal.company(json!({"name": "old"}));
    assert!(portal.search("companies", named("old")).is_empty());
    portal.0.clock.advance(Duration::from_secs(30));
    assert_eq!(portal.search("companies", named("old")), [id.as_str()]);
    portal
        .0
        .user_edit(0, &id, json!({"name": "new"}).as_object().unwrap().clone())
        .unwrap();
    assert_eq!(portal.search("companies", named("old")), [id.as_str()]);
    assert!(portal.search("companies", named("new")).is_empty());
    portal.0.clock.advance(Duration::from_secs(30));
    assert_eq!(portal.search("companies", named("new")), [id.as_str()]);
    portal.call(
        "DELETE",
        &format!("/crm/v3/objects/companies/{id}"),
        Value::Null,
    );
    assert_eq!(portal.search("companies", named("new")), [id.as_str()]);
    portal.0.clock.advance(Duration::from_secs(30));
    assert!(portal.search("companies", named("new")).is_empty());
}
