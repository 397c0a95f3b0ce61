//! Quotes, products and line items.

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};

fn quote(portal: &mut Portal) -> String {
    portal.made(
        "quotes",
        json!({"hs_title": "Q", "hs_expiration_date": "2026-12-31"}),
    )
}

fn line(portal: &mut Portal, properties: Value, quote: &str) -> String {
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 68}]);
    let body =
        json!({"properties": properties, "associations": [{"to": {"id": quote}, "types": types}]});
    let (status, made) = portal.call("POST", "/crm/objects/2026-09/line_items", body);
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_line_item_takes_from_its_product_and_computes_its_amount() {
    let mut portal = Portal::new(unlimited());
    let product = portal.made(
        "products",
        json!({"name": "Laptop", "price": "999.90", "hs_sku": "L-1", "recurringbillingfrequency": "monthly"}),
    );
    let id = portal.made(
        "line_items",
        json!({"hs_product_id": product, "quantity": 3, "hs_sku": "own"}),
    );
    for (name, value) in [
        ("name", "Laptop"),
        ("price", "999.90"),
        ("amount", "2999.7"),
        ("hs_sku", "own"),
        ("recurringbillingfrequency", "monthly"),
    ] {
        assert_eq!(portal.value("line_items", &id, name), value);
    }
    let target = format!("/crm/objects/2026-09/line_items/{id}");
    let (_, body) = portal.call(
        "PATCH",
        &target,
        json!({"properties": {"hs_discount_percentage": "10"}}),
    );
    assert_eq!(body["properties"]["amount"], "2699.73");
    for (bad, code) in [
        (json!({"amount": "5"}), "READ_ONLY_VALUE"),
        (json!({"price": "-1"}), "INVALID_INTEGER"),
        (json!({"hs_product_id": "7"}), "INVALID_PRODUCT"),
        (
            json!({"recurringbillingfrequency": "Monthly"}),
            "INVALID_OPTION",
        ),
    ] {
        let (status, body) = portal.call("PATCH", &target, json!({ "properties": bad }));
        assert_eq!(
            (status, &body["errors"][0]["code"]),
            (400, &json!(code)),
            "{bad}"
        );
    }
    // A changed product changes no line item that was made of it.
    portal.call(
        "PATCH",
        &format!("/crm/v3/objects/products/{product}"),
        json!({"properties": {"price": "1"}}),
    );
    assert_eq!(portal.value("line_items", &id, "price"), "999.90");
}

#[test]
fn a_quote_shows_the_sum_of_its_lines_and_none_of_that_moves_its_stamp() {
    let mut portal = Portal::new(unlimited());
    let id = quote(&mut portal);
    let stamp = portal.value("quotes", &id, "hs_lastmodifieddate");
    portal.0.clock.advance(std::time::Duration::from_secs(5));
    let first = line(&mut portal, json!({"price": "10.05", "quantity": 2}), &id);
    line(&mut portal, json!({"price": 1, "quantity": 1}), &id);
    assert_eq!(portal.value("quotes", &id, "hs_quote_amount"), "21.1");
    let target = format!("/crm/v3/objects/line_items/{first}");
    portal.call("PATCH", &target, json!({"properties": {"quantity": 4}}));
    assert_eq!(portal.value("quotes", &id, "hs_quote_amount"), "41.2");
    portal.call("DELETE", &target, Value::Null);
    assert_eq!(portal.value("quotes", &id, "hs_quote_amount"), "1");
    assert_eq!(portal.value("quotes", &id, "hs_lastmodifieddate"), stamp);
    let refused = json!({"properties": {"hs_quote_amount": "5"}});
    let target = format!("/crm/v3/objects/quotes/{id}");
    assert_eq!(portal.call("PATCH", &target, refused).0, 400);
}

#[test]
fn deleting_a_quote_deletes_its_line_items_and_a_restore_brings_both_back() {
    let mut portal = Portal::new(unlimited());
    let id = quote(&mut portal);
    let deal = portal.made(
        "deals",
        json!({"dealname": "A", "dealstage": "contractsent"}),
    );
    let kept = portal.made("line_items", json!({"price": 1, "quantity": 1}));
    assert_eq!(portal.linked(("deals", &deal), ("line_items", &kept)), 200);
    let shared = line(&mut portal, json!({"price": 3, "quantity": 1}), &id);
    let early = line(&mut portal, json!({"price": 4, "quantity": 1}), &id);
    // Also a line item that is on a deal besides goes.
    assert_eq!(
        portal.linked(("deals", &deal), ("line_items", &shared)),
        200
    );
    portal.0.user_archive(5, &early).unwrap();
    portal.0.clock.advance(std::time::Duration::from_secs(1));
    portal.call(
        "DELETE",
        &format!("/crm/v3/objects/quotes/{id}"),
        Value::Null,
    );
    assert_eq!(
        ids(&portal.get("/crm/v3/objects/line_items").1),
        [kept.as_str()]
    );
    assert_eq!(
        portal.value("deals", &deal, "hs_num_of_associated_line_items"),
        "1"
    );
    portal.0.user_restore(4, &id).unwrap();
    assert_eq!(
        ids(&portal.get("/crm/v3/objects/line_items").1),
        [kept, shared]
    );
    assert_eq!(portal.value("quotes", &id, "hs_quote_amount"), "3");
}

#[test]
fn a_line_item_has_one_parent() {
    let mut portal = Portal::new(unlimited());
    let (a, b) = (quote(&mut portal), quote(&mut portal));
    let id = line(&mut portal, json!({"price": 1, "quantity": 1}), &a);
    assert_eq!(portal.linked(("quotes", &b), ("line_items", &id)), 400);
    assert_eq!(portal.linked(("quotes", &a), ("line_items", &id)), 200);
    let pairs = json!({"inputs": [{"from": {"id": b}, "to": {"id": id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 67}]}]});
    let (status, body) = portal.call(
        "POST",
        "/crm/associations/2026-09/quotes/line_items/batch/create",
        pairs,
    );
    assert_eq!((status, &body["numErrors"]), (207, &json!(1)));
    portal.call(
        "DELETE",
        &format!("/crm/v3/objects/quotes/{a}"),
        Value::Null,
    );
    assert_eq!(portal.linked(("quotes", &b), ("line_items", &id)), 404);
}

#[test]
fn a_legacy_quote_is_published_by_its_status_and_locked_until_it_is_set_back() {
    let mut portal = Portal::new(unlimited());
    let id = quote(&mut portal);
    let target = format!("/crm/objects/2026-09/quotes/{id}");
    let patch = |portal: &mut Portal, properties: Value| {
        let body = json!({ "properties": properties });
        portal.call("PATCH", &target, body).0
    };
    let publish = json!({"hs_status": "APPROVAL_NOT_NEEDED"});
    assert_eq!(patch(&mut portal, publish.clone()), 400);
    let deal = portal.made(
        "deals",
        json!({"dealname": "A", "dealstage": "contractsent"}),
    );
    assert_eq!(portal.linked(("quotes", &id), ("deals", &deal)), 200);
    assert_eq!(patch(&mut portal, publish.clone()), 400);
    line(&mut portal, json!({"price": 1, "quantity": 1}), &id);
    assert_eq!(patch(&mut portal, publish), 200);
    assert_eq!(portal.value("quotes", &id, "hs_locked"), "true");
    assert!(portal.value("quotes", &id, "hs_quote_link").is_string());
    assert_eq!(patch(&mut portal, json!({"hs_terms": "cash"})), 400);
    assert_eq!(patch(&mut portal, json!({"hs_title": "Q"})), 200);
    assert_eq!(patch(&mut portal, json!({"hs_status": "DRAFT"})), 200);
    assert_eq!(portal.value("quotes", &id, "hs_locked"), "false");
    assert_eq!(patch(&mut portal, json!({"hs_terms": "cash"})), 200);
    assert_eq!(patch(&mut portal, json!({"hs_status": "Published"})), 400);
}

#[test]
fn a_cpq_quote_is_always_a_draft_through_the_api() {
    let mut portal = Portal::new(unlimited());
    let mut properties = json!({"hs_title": "Q", "hs_expiration_date": "2026-12-31", "hs_template_type": "CPQ_QUOTE", "hs_status": "APPROVED"});
    let id = portal.made("quotes", properties.clone());
    assert_eq!(portal.value("quotes", &id, "hs_status"), "DRAFT");
    assert_eq!(portal.value("quotes", &id, "hs_locked"), "false");
    let target = format!("/crm/objects/2026-09/quotes/{id}");
    let approve = json!({"properties": {"hs_status": "APPROVED"}});
    assert_eq!(portal.call("PATCH", &target, approve).0, 400);
    let approve = json!({"hs_status": "ACCEPTED"});
    let accepted = portal
        .0
        .user_edit(4, &id, approve.as_object().unwrap().clone());
    assert_eq!(accepted, Ok(true));
    assert_eq!(portal.value("quotes", &id, "hs_locked"), "true");
    properties["hs_esign_enabled"] = json!("true");
    let body = json!({ "properties": properties });
    assert_eq!(
        portal.call("POST", "/crm/objects/2026-09/quotes", body).0,
        400
    );
}

#[test]
fn a_quote_is_created_with_a_number_and_a_creation_property_of_its_own() {
    let mut portal = Portal::new(unlimited());
    let id = quote(&mut portal);
    let (_, body) = portal.get(&format!(
        "/crm/v3/objects/quotes/{id}?properties=hs_quote_number,hs_currency,createdate"
    ));
    let properties = body["properties"].as_object().unwrap();
    assert_eq!(properties["hs_createdate"], body["createdAt"]);
    assert!(!properties.contains_key("createdate"));
    assert!(properties["hs_quote_number"].is_string());
    assert_eq!(properties["hs_currency"], "USD");
    let missing = json!({"properties": {"hs_title": "Q"}});
    assert_eq!(
        portal.call("POST", "/crm/v3/objects/quotes", missing).0,
        400
    );
    let owned = json!({"properties": {"hubspot_owner_id": "77120413"}});
    let target = format!("/crm/v3/objects/quotes/{id}");
    assert_eq!(portal.call("PATCH", &target, owned).0, 400);
}

#[test]
fn products_are_linked_with_nothing() {
    let mut portal = Portal::new(unlimited());
    let product = portal.made("products", json!({"name": "P"}));
    let deal = portal.made(
        "deals",
        json!({"dealname": "A", "dealstage": "contractsent"}),
    );
    assert_eq!(portal.linked(("deals", &deal), ("products", &product)), 400);
    let (status, body) = portal.get("/crm/associations/2026-09/deals/products/labels");
    assert_eq!((status, &body["results"]), (200, &json!([])));
}
