//! Deals: stages, what follows from them, currencies, merges.

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};

fn deal(portal: &mut Portal, stage: &str) -> String {
    portal.made("deals", json!({"dealname": "A", "dealstage": stage}))
}

#[test]
fn a_deal_goes_into_the_default_pipeline_and_its_stage_says_whether_it_is_closed() {
    let mut portal = Portal::new(unlimited());
    for (stage, closed, won, lost, probability) in [
        ("appointmentscheduled", "false", "false", "false", "0.2"),
        ("closedwon", "true", "true", "false", "1.0"),
        ("closedlost", "true", "false", "true", "0.0"),
    ] {
        let id = deal(&mut portal, stage);
        let target = format!(
            "/crm/v3/objects/deals/{id}?properties=pipeline,hs_is_closed,hs_is_closed_won,hs_is_closed_lost,hs_deal_stage_probability"
        );
        let shown = portal.get(&target).1["properties"].clone();
        assert_eq!(
            [
                &shown["pipeline"],
                &shown["hs_is_closed"],
                &shown["hs_is_closed_won"],
                &shown["hs_is_closed_lost"],
                &shown["hs_deal_stage_probability"]
            ],
            ["default", closed, won, lost, probability]
        );
    }
}

#[test]
fn a_stage_of_another_pipeline_is_refused() {
    let mut portal = Portal::new(unlimited());
    let id = deal(&mut portal, "qualifiedtobuy");
    let target = format!("/crm/objects/2026-09/deals/{id}");
    for (properties, status) in [
        (json!({"dealstage": "168391251"}), 400),
        (json!({"dealstage": "Closed Won"}), 400),
        (json!({"dealstage": ""}), 400),
        (json!({"pipeline": "168391250"}), 400),
        (json!({"pipeline": "nope"}), 400),
        (json!({"hs_is_closed": "true"}), 400),
        (json!({"amount": "much"}), 400),
        (json!({"dealtype": "New Business"}), 400),
        (json!({"deal_currency_code": "XXX"}), 400),
        (
            json!({"pipeline": "168391250", "dealstage": "168391252"}),
            200,
        ),
    ] {
        let (got, body) = portal.call("PATCH", &target, json!({ "properties": properties }));
        assert_eq!(got, status, "{properties} {body}");
    }
    assert_eq!(portal.value("deals", &id, "hs_is_closed_won"), "true");
    let (status, body) = portal.call(
        "POST",
        "/crm/v3/objects/deals",
        json!({"properties": {"dealname": "A", "dealstage": "168391251"}}),
    );
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (400, &json!("INVALID_OPTION"))
    );
    for missing in [json!({"dealname": "A"}), json!({"dealstage": "closedwon"})] {
        let (status, _) = portal.call(
            "POST",
            "/crm/v3/objects/deals",
            json!({ "properties": missing }),
        );
        assert_eq!(status, 400);
    }
}

#[test]
fn an_amount_in_another_currency_is_also_shown_in_the_accounts_own() {
    let mut portal = Portal::new(unlimited());
    let id = portal.made(
        "deals",
        json!({"dealname": "A", "dealstage": "contractsent", "amount": "200.10", "deal_currency_code": "EUR"}),
    );
    assert_eq!(
        portal.value("deals", &id, "amount_in_home_currency"),
        "220.11"
    );
    portal.call(
        "PATCH",
        &format!("/crm/v3/objects/deals/{id}"),
        json!({"properties": {"deal_currency_code": "USD"}}),
    );
    assert_eq!(
        portal.value("deals", &id, "amount_in_home_currency"),
        "200.1"
    );
    let plain = deal(&mut portal, "contractsent");
    assert_eq!(portal.value("deals", &plain, "deal_currency_code"), "USD");
}

#[test]
fn a_company_counts_its_open_deals_and_a_deal_names_its_primary_company() {
    let mut portal = Portal::new(unlimited());
    let company = portal.company(json!({"name": "A"}));
    let body = json!({"properties": {"dealname": "A", "dealstage": "contractsent"},
        "associations": [{"to": {"id": company}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]}]});
    let (status, made) = portal.call("POST", "/crm/objects/2026-09/deals", body);
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    let open = |portal: &mut Portal| portal.value("companies", &company, "hs_num_open_deals");
    assert_eq!(open(&mut portal), "1");
    assert_eq!(
        portal.value("deals", &id, "hs_primary_associated_company"),
        company
    );
    let target = format!("/crm/objects/2026-09/deals/{id}");
    let before = portal.get(&target).1["updatedAt"].clone();
    portal.0.clock.advance(std::time::Duration::from_secs(9));
    portal.call(
        "PATCH",
        &target,
        json!({"properties": {"dealstage": "closedlost"}}),
    );
    assert_eq!(open(&mut portal), "0");
    assert_ne!(portal.get(&target).1["updatedAt"], before);
}

#[test]
fn deals_merge_and_quotes_products_and_line_items_do_not() {
    let mut portal = Portal::new(unlimited());
    let (a, b) = (
        deal(&mut portal, "contractsent"),
        deal(&mut portal, "closedwon"),
    );
    let company = portal.company(json!({"name": "A"}));
    assert_eq!(portal.linked(("deals", &b), ("companies", &company)), 200);
    let merge = json!({"primaryObjectId": a, "objectIdToMerge": b});
    let (status, body) = portal.call("POST", "/crm/objects/2026-09/deals/merge", merge);
    assert_eq!(status, 200);
    let survivor = body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        portal.get(&format!("/crm/v3/objects/0-3/{b}")).1["id"],
        survivor
    );
    assert_eq!(body["properties"]["dealstage"], "contractsent");
    let (_, list) = portal.get("/crm/v3/objects/deals?associations=company");
    assert_eq!(
        list["results"][0]["associations"]["companies"]["results"][0]["id"],
        company
    );
    for kind in ["products", "quotes", "line_items"] {
        let merge = json!({"primaryObjectId": "1", "objectIdToMerge": "2"});
        let target = format!("/crm/objects/2026-09/{kind}/merge");
        assert_eq!(portal.call("POST", &target, merge).0, 404);
    }
}

#[test]
fn every_type_is_listed_searched_and_batched_under_each_of_its_names() {
    let mut portal = Portal::new(unlimited());
    let quote = json!({"hs_title": "Q", "hs_expiration_date": "2026-12-31"});
    for (names, properties, default) in [
        (
            ["deals", "deal", "0-3"],
            json!({"dealname": "x", "dealstage": "closedwon"}),
            "dealname",
        ),
        (
            ["products", "product", "0-7"],
            json!({"name": "x", "price": 5}),
            "price",
        ),
        (["quotes", "quote", "0-14"], quote, "hs_public_url_key"),
        (
            ["line_items", "line_item", "0-8"],
            json!({"name": "x", "price": 5, "quantity": 2}),
            "amount",
        ),
    ] {
        let id = portal.made(names[0], properties.clone());
        for name in names {
            for base in [
                format!("/crm/objects/2026-09/{name}"),
                format!("/crm/objects/2026-03/{name}"),
                format!("/crm/v3/objects/{name}"),
            ] {
                let (status, list) = portal.get(&base);
                assert_eq!((status, ids(&list)), (200, vec![id.clone()]), "{base}");
                assert!(
                    list["results"][0]["properties"][default].is_string(),
                    "{base}"
                );
                assert!(
                    list["results"][0]["createdAt"]
                        .as_str()
                        .unwrap()
                        .ends_with('Z')
                );
                let read = json!({"inputs": [{"id": id}], "properties": ["hs_object_id"]});
                let (status, body) = portal.call("POST", &format!("{base}/batch/read"), read);
                assert_eq!((status, ids(&body)), (200, vec![id.clone()]));
            }
            let by_id = json!([{"propertyName": "hs_object_id", "operator": "EQ", "value": id}]);
            assert_eq!(portal.search(name, by_id), [id.as_str()]);
        }
        let base = format!("/crm/objects/2026-09/{}", names[1]);
        let update = json!({"inputs": [{"id": id, "properties": properties}]});
        let (status, _) = portal.call("POST", &format!("{base}/batch/update"), update);
        assert_eq!(status, 200);
        let create = json!({"inputs": [{"properties": properties}]});
        let (status, body) = portal.call("POST", &format!("{base}/batch/create"), create);
        assert_eq!(status, 201, "{body}");
        let gone = json!({"inputs": [{"id": id}]});
        assert_eq!(
            portal
                .call("POST", &format!("{base}/batch/archive"), gone)
                .0,
            204
        );
        assert_eq!(
            ids(&portal.get(&format!("{base}?archived=true")).1),
            [id.as_str()]
        );
    }
}

#[test]
fn an_upsert_by_a_unique_property_works_for_every_type() {
    let mut portal = Portal::new(unlimited());
    for (kind, unique, mut properties) in [
        (
            "deals",
            "project_code",
            json!({"dealname": "x", "dealstage": "closedwon"}),
        ),
        ("products", "supplier_number", json!({"name": "x"})),
        ("line_items", "external_line", json!({"name": "x"})),
        (
            "quotes",
            "order_reference",
            json!({"hs_title": "x", "hs_expiration_date": "2026-12-31"}),
        ),
    ] {
        let target = format!("/crm/objects/2026-09/{kind}/batch/upsert");
        let mut upsert = |properties: &Value| {
            let body =
                json!({"inputs": [{"id": "K-1", "idProperty": unique, "properties": properties}]});
            portal.call("POST", &target, body).1["results"][0].clone()
        };
        let first = upsert(&properties);
        properties[unique] = json!("K-1");
        let second = upsert(&properties);
        assert_eq!(
            (&first["new"], &second["new"]),
            (&json!(true), &json!(false)),
            "{kind} {first}"
        );
        assert_eq!(first["id"], second["id"]);
    }
}
