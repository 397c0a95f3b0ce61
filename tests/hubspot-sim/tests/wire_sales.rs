//! Over sockets: what is sold, the handle that sets it up, and how its calls are counted.

use serde_json::{Value, json};

use super::wire::http;
use crate::hubspot_sim::{PipelineEdit, Sim, SimHandle, SimOptions};

/// One API call of the private app.
async fn call(sim: &SimHandle, method: &str, target: &str, body: Value) -> (u16, Value) {
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let (base, token) = (sim.base_url(), sim.private_app_token());
    let (status, body) = http(base, method, target, token, &text).await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn calls_are_counted_by_the_types_that_they_are_about() {
    let sim = Sim::start(SimOptions {
        deals: 3,
        products: 2,
        quotes: 2,
        lines: 3,
        companies: 4,
        contacts: 9,
        ..SimOptions::default()
    })
    .await
    .unwrap();
    let quote = sim.snapshot("quotes").unwrap()[0]["id"].clone();
    let read = json!({"inputs": [{"id": quote}]});
    for (method, target, body, status) in [
        ("GET", "/crm/v3/objects/0-3", Value::Null, 200),
        ("GET", "/crm/objects/2026-09/quotes", Value::Null, 200),
        ("GET", "/crm/objects/2026-09/quote", Value::Null, 200),
        (
            "POST",
            "/crm/associations/2026-09/quotes/line_items/batch/read",
            read,
            200,
        ),
        (
            "POST",
            "/crm/v4/associations/0-14/0-8/batch/read",
            json!({"inputs": [{"id": "5"}]}),
            207,
        ),
        (
            "POST",
            "/crm/v3/objects/line_item/search",
            json!({"limit": 1}),
            200,
        ),
        (
            "POST",
            "/crm/objects/2026-09/products",
            json!({"properties": {"name": "New"}}),
            201,
        ),
    ] {
        let (got, answer) = call(&sim, method, target, body).await;
        assert_eq!(got, status, "{target} {answer}");
    }
    let links = format!(
        "/crm/objects/2026-09/quotes/{}/associations/deals",
        quote.as_str().unwrap()
    );
    assert_eq!(call(&sim, "GET", &links, Value::Null).await.0, 200);
    let stats = sim.stats();
    let of = |name: &str| {
        let counts = stats.objects[name];
        (counts.active, counts.reads, counts.writes)
    };
    assert_eq!(of("deals"), (3, 1, 0));
    assert_eq!(of("quotes"), (2, 3, 0));
    assert_eq!(of("line_items"), (6, 1, 0));
    assert_eq!(of("products"), (3, 0, 1));
    assert_eq!(of("companies"), (4, 0, 0));
    let routes = [
        (
            "POST",
            "/crm/associations/{version}/quotes/line_items/batch/read",
            2,
        ),
        (
            "GET",
            "/crm/objects/{version}/quotes/{id}/associations/deals",
            1,
        ),
    ];
    for (method, route, calls) in routes {
        assert_eq!(stats.calls_of(method, route), calls, "{route}");
    }
    sim.shutdown().await;
}

#[tokio::test]
async fn the_handle_does_to_what_is_sold_what_a_user_does() {
    let sim = Sim::start(SimOptions::default()).await.unwrap();
    let owner = sim.add_owner("Nia", "Okoro", "nia@x.example").unwrap();
    let pipeline = sim.add_pipeline("Projects").unwrap();
    let stage = sim.add_stage(&pipeline, "Signed", "0.7", false).unwrap();
    let company = sim.create_company([("name", "A")]).unwrap();
    let deal = [
        ("dealname", "D"),
        ("pipeline", pipeline.as_str()),
        ("dealstage", stage.as_str()),
        ("hubspot_owner_id", owner.as_str()),
    ];
    let deal = sim.create("deals", deal).unwrap();
    sim.link(("deals", &deal), ("companies", &company), true)
        .unwrap();
    let day = [("hs_title", "Q"), ("hs_expiration_date", "2026-12-31")];
    let quote = sim.create("quotes", day).unwrap();
    let line = sim
        .create("line_items", [("price", "2.50"), ("quantity", "2")])
        .unwrap();
    for (kind, id) in [("deals", &deal), ("line_items", &line)] {
        sim.link(("quotes", &quote), (kind, id), false).unwrap();
    }
    let (label, _) = sim
        .define_label("quotes", "companies", "Payer", "Pays")
        .unwrap();
    sim.link_as(("quotes", &quote), ("companies", &company), label)
        .unwrap();
    let shown = |kind: &str, id: &str, name: &str| {
        let rows = sim.snapshot(kind).unwrap();
        let row = rows.iter().find(|row| row["id"] == id).unwrap();
        row["properties"][name].clone()
    };
    assert_eq!(shown("quotes", &quote, "hs_quote_amount"), "5");
    assert_eq!(shown("quotes", &quote, "hubspot_owner_id"), owner);
    assert_eq!(
        shown("deals", &deal, "hs_primary_associated_company"),
        company
    );
    assert!(
        sim.edit("deals", &deal, [("dealstage", "closedwon")])
            .is_err()
    );
    sim.edit_stage(
        &pipeline,
        &PipelineEdit {
            id: Some(stage.clone()),
            archived: Some(true),
            ..PipelineEdit::default()
        },
    )
    .unwrap();
    sim.set_owner_archived(&owner, true).unwrap();
    assert_eq!(shown("deals", &deal, "dealstage"), stage);
    sim.archive("quotes", &quote).unwrap();
    assert_eq!(sim.stats().objects["line_items"].archived, 1);
    sim.restore("quotes", &quote).unwrap();
    assert_eq!(sim.stats().objects["line_items"].active, 1);
    assert_eq!(sim.stats().calls, 0);
    sim.unlink(("quotes", &quote), ("line_items", &line))
        .unwrap();
    assert_eq!(shown("quotes", &quote, "hs_quote_amount"), "0");
    sim.shutdown().await;
}
