//! What HubSpot is told to send (S62), and that the connector knows what it sends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use halo_host::capability::Stop;
use halo_host::clock::Clock;
use halo_tests::kit::{Delivery, Listener, NAME, Workshop, delivered};
use hubspot_connector::webhook::events::{self, Events};
use hubspot_connector::webhook::signature::{self, Signed};
use hubspot_connector::webhook::told::What;
use serde_json::{Value, json};

use crate::shop::unconnected;

/// Settings with these webhooks and mapping rows of products.
fn apply(shop: &Workshop, webhooks: Value) {
    let mut settings = shop.settings(json!({}));
    settings["webhooks"] = webhooks;
    settings["products"] = json!({
        "item-group": 1,
        "fields": [{ "property": "price", "field": "baseprice" }],
    });
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// What the connector reads in a delivery, as its component does.
fn read(shop: &Workshop, app: &Listener, delivery: &Delivery, older: bool) -> Events {
    let uri = signature::address(app.target(), "/elsewhere");
    let signed = Signed {
        method: "POST",
        uri: &uri,
        headers: &delivery.headers,
        body: &delivery.body,
    };
    let now = u64::try_from(shop.sim.now_ms()).unwrap();
    let secret = shop.sim.client_secret();
    assert_eq!(signed.verify(secret, now, older), Ok(()));
    events::read(&delivery.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s62_hubspot_takes_the_subscriptions_and_the_connector_reads_their_events() {
    let shop = unconnected(0).await;
    let app = Listener::start("/hubspot/%2Ahooks?of=%24app")
        .await
        .unwrap();
    apply(
        &shop,
        json!({
            "public-url": app.target(), "items": true, "quotations": true, "deals": true,
            "companies": true, "contacts": true,
        }),
    );
    let told = shop.subscribe().await.unwrap();
    assert_eq!(told["project-file"]["content"]["type"], "webhooks");
    let sim = &shop.sim;
    let company = sim.create_company([("name", "Northwind")]).unwrap();
    let contact = sim
        .create("contacts", [("email", "a@example.com")])
        .unwrap();
    let product = sim.create("products", [("name", "Cable")]).unwrap();
    sim.edit(
        "products",
        &product,
        [("price", "3"), ("hs_url", "https://x.example")],
    )
    .unwrap();
    let deal = sim
        .create(
            "deals",
            [
                ("dealname", "Offices"),
                ("dealstage", "appointmentscheduled"),
            ],
        )
        .unwrap();
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
    sim.link(("contacts", &contact), ("companies", &company), true)
        .unwrap();
    sim.link(("quotes", &quote), ("line_items", &line), false)
        .unwrap();
    let other = sim.create_company([("name", "Southwind")]).unwrap();
    let survivor = sim.merge("companies", &company, &other).unwrap();
    sim.archive("deals", &deal).unwrap();
    sim.restore("deals", &deal).unwrap();
    sim.forget("contacts", &contact).unwrap();
    delivered(sim).await.unwrap();

    let mut seen = BTreeSet::new();
    for delivery in app.take() {
        let read = read(&shop, &app, &delivery, false);
        assert_eq!((read.broken, read.foreign), (0, 0), "{}", delivery.text());
        for event in read.events {
            assert_eq!(event.account, sim.portal_id().to_string());
            let what = match event.told.what {
                What::Changed { property } => format!("changed {property}"),
                What::Associated { with, .. } => format!("with {}", with.unwrap().key()),
                What::Merged { ids } => format!("merged {}", ids.len()),
                other => format!("{other:?}").to_lowercase(),
            };
            seen.insert(format!("{} {what}", event.told.object.key()));
        }
    }
    for wanted in [
        format!("company/{company} created"),
        format!("company/{survivor} merged 2"),
        format!("contact/{contact} changed email"),
        format!("contact/{contact} with company/{company}"),
        format!("contact/{contact} deleted"),
        format!("contact/{contact} forgotten"),
        format!("product/{product} changed price"),
        format!("deal/{deal} deleted"),
        format!("deal/{deal} restored"),
        format!("quote/{quote} created"),
        format!("quote/{quote} with line_item/{line}"),
        format!("line_item/{line} changed quantity"),
    ] {
        assert!(seen.contains(&wanted), "{wanted}: {seen:#?}");
    }
    // What no row maps is not subscribed to.
    assert!(!seen.contains(&format!("product/{product} changed hs_url")));
}

/// Sends a body to the host as anybody can; answers the status.
async fn post(target: &str, headers: &[(&str, String)], body: &str) -> u16 {
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut request = hyper::Request::post(target);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let body = http_body_util::Full::<Bytes>::from(body.to_owned());
    let request = request.body(body).unwrap();
    client.request(request).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_serves_takes_what_hubspot_has_signed_and_nothing_else() {
    let shop = unconnected(0).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/webhooks/{NAME}", listener.local_addr().unwrap());
    let settings = json!({ "public-url": target, "items": true });
    apply(&shop, settings.clone());
    shop.connect().await.unwrap();
    let host = Arc::new(shop.host(Clock::default()).await.unwrap());
    let stop = Stop::default();
    let router = halo_host::server::router(&host).unwrap();
    let serving = {
        let (host, stop) = (host.clone(), stop.clone());
        tokio::spawn(async move { halo_host::server::serve(host, router, listener, &stop).await })
    };
    shop.subscribe().await.unwrap();
    for n in 0..30 {
        let name = format!("Cable {n}");
        shop.sim
            .create("products", [("name", name.as_str())])
            .unwrap();
    }
    let stats = delivered(&shop.sim).await.unwrap();
    assert_eq!(stats.statuses, BTreeMap::from([(204, stats.requests)]));

    let body =
        r#"[{"portalId":1,"occurredAt":2,"subscriptionType":"product.creation","objectId":3}]"#;
    let signed = shop.sim.sign(&target, body);
    assert_eq!(post(&target, &signed, body).await, 204);
    assert_eq!(post(&target, &[], body).await, 401);
    assert_eq!(post(&target, &signed, &body.replace('3', "4")).await, 401);
    let elsewhere = shop.sim.sign("http://127.0.0.1:1/webhooks/hubspot", body);
    assert_eq!(post(&target, &elsewhere, body).await, 401);
    for (body, status) in [
        ("{}", 400),
        ("[1]", 400),
        ("", 400),
        ("[]", 204),
        ("[{}]", 204),
    ] {
        let signed = shop.sim.sign(&target, body);
        assert_eq!(post(&target, &signed, body).await, status, "{body}");
    }
    let many = format!("[{}{{}}]", "{},".repeat(1_000));
    let signed = shop.sim.sign(&target, &many);
    assert_eq!(post(&target, &signed, &many).await, 413);
    // The first signature alone counts only where the settings say so.
    let first: Vec<_> = shop.sim.sign(&target, body).drain(..2).collect();
    assert_eq!(post(&target, &first, body).await, 401);
    let mut with_first = settings;
    with_first["signature-v1"] = json!(true);
    apply(&shop, with_first);
    assert_eq!(post(&target, &first, body).await, 204);
    // Somebody else's clock, or what was kept and is sent again later.
    shop.sim.advance_clock(std::time::Duration::from_secs(301));
    let early = shop.sim.sign(&target, body);
    assert_eq!(post(&target, &early, body).await, 401);
    stop.ask();
    serving.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s62_only_what_is_switched_on_is_subscribed_to() {
    let shop = unconnected(0).await;
    let webhooks = json!({ "public-url": "http://127.0.0.1:1/webhooks", "deals": true });
    apply(&shop, webhooks);
    let told = shop.subscribe().await.unwrap();
    let subscriptions = told["subscriptions"].as_array().unwrap();
    assert!(!subscriptions.is_empty());
    for subscription in subscriptions {
        let name = subscription["subscriptionType"].as_str().unwrap();
        assert!(name.starts_with("deal."), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s62_a_switch_without_an_address_or_without_the_secret_is_a_problem() {
    let shop = unconnected(0).await;
    apply(&shop, json!({ "items": true }));
    let checked = shop.halo(&["check"]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(
        checked.stdout.contains("/webhooks/public-url"),
        "{checked:?}"
    );
    let asked = shop
        .halo(&["action", NAME, "webhook-subscriptions"])
        .await
        .unwrap();
    assert_eq!(asked.code, Some(3), "{asked:?}");
    apply(
        &shop,
        json!({ "items": true, "public-url": "https://halo.example/w" }),
    );
    let good = shop.halo(&["check"]).await.unwrap();
    assert!(!good.stdout.contains("/webhooks"), "{good:?}");
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let without = text.replace("client-secret = ", "# client-secret = ");
    shop.write("halo.toml", &without).unwrap();
    let checked = shop.halo(&["check"]).await.unwrap();
    assert!(checked.stdout.contains("client-secret"), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_are_listed_and_what_is_none_is_refused() {
    let shop = unconnected(0).await;
    let listed = shop.result(&["action", NAME]).await.unwrap();
    let actions = listed[0]["actions"].as_array().unwrap();
    assert_eq!(actions[0]["name"], "webhook-subscriptions");
    assert_eq!(actions[0]["read-only"], true);
    for (arguments, says) in [
        (vec!["action", NAME, "dance"], "webhook-subscriptions"),
        (
            vec!["action", NAME, "webhook-subscriptions", "{"],
            "no JSON",
        ),
        (
            vec!["action", NAME, "webhook-subscriptions", "{\"a\":1}"],
            "takes no input",
        ),
    ] {
        let refused = shop.halo(&arguments).await.unwrap();
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(says), "{refused:?}");
    }
}
