//! Signatures of webhooks: HubSpot's clients find the simulator's good, and the connector
//! finds those good that HubSpot's clients make.

use halo_tests::hubspot_sim::{Sim, SimOptions};
use halo_tests::kit::{Delivery, Listener, delivered};
use hubspot_connector::webhook::signature::{OLDER, Signed, TIMESTAMP, V3, VERSION};
use serde_json::{Value, json};

use crate::install::{self, Installed};
use crate::told_by;

/// What each client proves.
const PROVEN: [&str; 3] = [
    "the third signature of every delivery",
    "the first signature of every delivery",
    "a changed body, address or secret is found out",
];

/// No character of it is one that HubSpot signs in clear: its clients leave that out.
const PATH: &str = "/webhooks/hubspot?app=1&note=%20%C3%A9";

/// Bodies for the clients to sign.
const BODIES: [&str; 4] = [
    "[]",
    "",
    "[{\"name\": \"Zoë \\\"Z\\\"\"}]",
    "{'single': 'quotes'}\r\n",
];

async fn signatures_are_the_same(client: &Installed, script: &str) {
    let sim = Sim::start(SimOptions::default()).await.unwrap();
    let app = Listener::start(PATH).await.unwrap();
    let wanted = json!([
        {"subscriptionType": "company.creation"},
        {"subscriptionType": "company.propertyChange", "propertyName": "name"},
    ]);
    sim.webhook_options(|options| options.batch = 1);
    sim.subscribe(app.target(), &wanted).unwrap();
    sim.create_company([("name", "Zoë \"Z\" & Sons \\ <Ghent>")])
        .unwrap();
    delivered(&sim).await.unwrap();
    let deliveries = app.take();
    assert_eq!(deliveries.len(), 2);

    let now = u64::try_from(sim.now_ms()).unwrap();
    let shown = |delivery: &Delivery| {
        json!({
            "body": delivery.text(),
            "v1": delivery.header(OLDER),
            "v3": delivery.header(V3),
            "timestamp": delivery.header(TIMESTAMP),
        })
    };
    let argument = json!({
        "secret": sim.client_secret(),
        "target": app.target(),
        "deliveries": deliveries.iter().map(shown).collect::<Vec<Value>>(),
        "to_sign": BODIES,
        "timestamp": now.to_string(),
    });
    let mut told = told_by(client, script, &argument.to_string()).await;
    let signed = told.pop().unwrap_or_default();
    assert_eq!(told, PROVEN);
    let signed = signed.strip_prefix("signed ").expect("nothing was signed");
    let signed: Vec<[String; 2]> = serde_json::from_str(signed).unwrap();
    assert_eq!(signed.len(), BODIES.len());
    for (body, [v1, v3]) in BODIES.iter().zip(&signed) {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        for (headers, older) in [
            (
                vec![header(V3, v3), header(TIMESTAMP, &now.to_string())],
                false,
            ),
            (vec![header(OLDER, v1), header(VERSION, "v1")], true),
        ] {
            let signed = Signed {
                method: "POST",
                uri: app.target(),
                headers: &headers,
                body: body.as_bytes(),
            };
            assert_eq!(
                signed.verify(sim.client_secret(), now, older),
                Ok(()),
                "{body:?}"
            );
            assert!(signed.verify("another secret", now, older).is_err());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hubspots_client_for_node_signs_webhooks_as_the_simulator_and_the_connector_do() {
    let client = install::node().unwrap_or_else(|sentence| panic!("{sentence}"));
    signatures_are_the_same(&client, "webhooks.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hubspots_client_for_python_signs_webhooks_as_the_simulator_and_the_connector_do() {
    let client = install::python().unwrap_or_else(|sentence| panic!("{sentence}"));
    signatures_are_the_same(&client, "webhooks.py").await;
}
