//! Several accounts and several apps in one host: they share the engine and nothing else.

use halo_host::clock::Clock;
use halo_host::connection::Begun;
use halo_host::model::Stored;
use halo_host::store::{InboxCounts, Scope, Store as _};
use halo_tests::hubspot_sim::{Sim, SimHandle, SimOptions};
use halo_tests::kit::{delivered, query_of};

use super::raw::post;
use super::*;

/// The second connector.
const OTHER: &str = "other";

/// Another account. A simulated app is known by its seed, so with that of the first one it
/// is an account of the same app, and its objects have the same ids.
async fn account(seed: u64) -> SimHandle {
    let options = SimOptions {
        seed,
        portal_id: 7_000_000 + seed,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    };
    Sim::start(options).await.unwrap()
}

/// A shop with a second connector for this account, both connected, with these switches.
async fn two(sim: &SimHandle, from: Option<&str>, switches: [&[&str]; 2]) -> (Workshop, Serving) {
    let shop = unconnected(0).await;
    let text = std::fs::read_to_string(shop.folder().join("halo.toml")).unwrap();
    let (_, connector) = text.split_once("[connector.hubspot]").unwrap();
    let connector = connector
        .replace("connector.hubspot", "connector.other")
        .replace("settings.json", "other.json")
        .replace("client-id.txt", "other-id.txt")
        .replace("client-secret.txt", "other-secret.txt");
    let host_of = |sim: &SimHandle| sim.base_url().trim_start_matches("http://").to_owned();
    let connector = connector.replace(&host_of(&shop.sim), &host_of(sim));
    let from = from.map_or_else(String::new, |from| format!("events-from = \"{from}\"\n"));
    shop.write(
        "halo.toml",
        &format!("{text}\n[connector.other]\n{from}{connector}"),
    )
    .unwrap();
    shop.write("other-id.txt", sim.client_id()).unwrap();
    shop.write("other-secret.txt", sim.client_secret()).unwrap();
    apply(&shop, switches[0], &json!({}));
    let path = if from.is_empty() { OTHER } else { NAME };
    apply_other(&shop, sim, path, switches[1]);
    let host = shop.host(Clock::default()).await.unwrap();
    shop.sign_in(&host).await.unwrap();
    let connection = host.connection(OTHER).await.unwrap();
    let redirect = halo_host::server::redirect_address(&host.config, OTHER);
    let Begun::Visit(address) = connection.begin(&redirect, false).await.unwrap() else {
        panic!("no sign-in");
    };
    let back = sim.consent(&address).unwrap();
    connection
        .complete(&query_of(&back).unwrap())
        .await
        .unwrap();
    drop(host);
    let subscribe = async |name: &str, sim: &SimHandle| {
        let arguments = ["action", name, "webhook-subscriptions"];
        let told = shop.result(&arguments).await.unwrap().remove(0);
        let target = told["target-url"].as_str().unwrap();
        sim.subscribe(target, &told["subscriptions"]).unwrap();
        sim.webhook_options(|options| options.retry_ms = 200);
    };
    subscribe(NAME, &shop.sim).await;
    subscribe(OTHER, sim).await;
    let serving = shop.serve().await.unwrap();
    (shop, serving)
}

/// Settings of the second connector, like those of the first.
fn apply_other(shop: &Workshop, sim: &SimHandle, path: &str, switches: &[&str]) {
    let text = std::fs::read_to_string(shop.folder().join("settings.json")).unwrap();
    let mut settings: Value =
        serde_json::from_str(&text.replace(shop.sim.base_url(), sim.base_url())).unwrap();
    let address = shop.address().unwrap();
    settings["webhooks"] = json!({ "public-url": format!("{address}/webhooks/{path}") });
    for switch in switches {
        settings["webhooks"][switch] = json!(true);
    }
    shop.write("other.json", &settings.to_string()).unwrap();
}

/// Waits until both accounts have delivered and both inboxes are done.
async fn caught_up(shop: &Workshop, sim: &SimHandle) -> [InboxCounts; 2] {
    let halo = shop.records().unwrap();
    delivered(sim).await.unwrap();
    let one = shop.caught_up().await.unwrap();
    let mut other = InboxCounts::default();
    until("the other inbox", async || {
        other = halo.store.inbox_counts(OTHER).await.unwrap();
        other.waiting + other.retry == 0
    })
    .await;
    [one, other]
}

/// Titles of the records that an object of this connector is.
async fn linked(shop: &Workshop, connection: &str, kind: &str, ids: &[String]) -> Vec<String> {
    let halo = shop.records().unwrap();
    let scope = Scope {
        connection: connection.to_owned(),
        layer: 0,
        run: None,
        cause: "test".to_owned(),
        lane: None,
    };
    let found = halo.store.resolve(&scope, kind, ids).await.unwrap();
    let title = |record: &Stored| record.fields["name"].display();
    found.iter().flatten().map(title).collect()
}

fn product(sim: &SimHandle, name: &str) -> String {
    sim.create("products", [("name", name)]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_one_app_have_one_address_and_nothing_else_in_common() {
    let sim = account(SimOptions::default().seed).await;
    let (shop, _serving) = two(&sim, Some(NAME), [&["items"], &["items"]]).await;
    assert_eq!(sim.client_secret(), shop.sim.client_secret());
    assert_ne!(sim.portal_id(), shop.sim.portal_id());
    let (ours, theirs) = (product(&shop.sim, "Chair"), product(&sim, "Table"));
    assert_eq!(ours, theirs, "the hard case: equal ids in both accounts");
    let counts = caught_up(&shop, &sim).await;
    assert_eq!(counts.each_ref().map(|counts| counts.rejected), [0, 0]);
    let ids = [ours.clone()];
    assert_eq!(linked(&shop, NAME, "item", &ids).await, ["Chair"]);
    assert_eq!(linked(&shop, OTHER, "item", &ids).await, ["Table"]);
    assert_eq!(count(&shop, "item").await, 2);
    // One account's trouble is not the other's.
    sim.edit("products", &theirs, [("name", "Desk")]).unwrap();
    let counts_before = counts[0];
    let counts = caught_up(&shop, &sim).await;
    assert_eq!(counts[0], counts_before);
    assert_eq!(linked(&shop, OTHER, "item", &ids).await, ["Desk"]);
    assert_eq!(linked(&shop, NAME, "item", &ids).await, ["Chair"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s62_the_switches_of_one_account_are_not_those_of_another() {
    let sim = account(SimOptions::default().seed).await;
    // The connector whose path it is wants no items, and the other one wants nothing else.
    let (shop, _serving) = two(&sim, Some(NAME), [&["deals"], &["items"]]).await;
    let chair = product(&sim, "Chair");
    let deal = [("dealname", "Offices"), ("dealstage", "qualifiedtobuy")];
    sim.create("deals", deal).unwrap();
    let counts = caught_up(&shop, &sim).await;
    assert_eq!(linked(&shop, OTHER, "item", &[chair]).await, ["Chair"]);
    assert_eq!(count(&shop, "ticket").await, 0);
    assert_eq!(counts[0], InboxCounts::default());
    // What came while it was off is not made up for when it is switched on.
    apply_other(&shop, &sim, NAME, &["deals"]);
    let table = product(&sim, "Table");
    caught_up(&shop, &sim).await;
    apply_other(&shop, &sim, NAME, &["items", "deals"]);
    let desk = product(&sim, "Desk");
    caught_up(&shop, &sim).await;
    assert_eq!(linked(&shop, OTHER, "item", &[table, desk]).await, ["Desk"]);
}

/// An event of a new product, as HubSpot would send it of this account.
fn told(sim: &SimHandle, id: &str) -> String {
    json!([{
        "portalId": sim.portal_id(), "occurredAt": sim.now_ms(), "objectId": id,
        "subscriptionType": "product.creation", "subscriptionId": 1,
    }])
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_cannot_tell_of_accounts_of_another_app() {
    let sim = account(99).await;
    for from in [None, Some(NAME)] {
        let (shop, _serving) = two(&sim, from, [&["items"], &["items"]]).await;
        assert_ne!(sim.client_secret(), shop.sim.client_secret());
        // Until the next one, that only this test tells of them.
        shop.sim.webhook_options(|options| options.paused = true);
        sim.webhook_options(|options| options.paused = true);
        let (ours, theirs) = (product(&shop.sim, "Chair"), product(&sim, "Table"));
        let address = shop.address().unwrap();
        // By whom it is signed, to whose path, of whose account; what comes of it.
        for (signer, path, of, status) in [
            (&shop.sim, NAME, &sim, 204),
            (&shop.sim, OTHER, &sim, 401),
            (&sim, NAME, &shop.sim, 401),
            (&sim, OTHER, &shop.sim, 204),
            (&shop.sim, OTHER, &shop.sim, 401),
        ] {
            // Where it takes from the first one, its own path is nobody's address.
            if from.is_some() && path == OTHER {
                continue;
            }
            let target = format!("{address}/webhooks/{path}");
            let body = told(
                of,
                if of.portal_id() == sim.portal_id() {
                    &theirs
                } else {
                    &ours
                },
            );
            let signed = signer.sign(&target, &body);
            let got = post(&shop, path, &signed, body.as_bytes()).await;
            assert_eq!(got.status, status, "{path}: {got:?}");
        }
        let halo = shop.records().unwrap();
        for name in [NAME, OTHER] {
            let counts = halo.store.inbox_counts(name).await.unwrap();
            assert_eq!(counts, InboxCounts::default(), "{name}");
        }
        shop.sim.webhook_options(|options| options.paused = false);
        shop.caught_up().await.unwrap();
        assert_eq!(linked(&shop, NAME, "item", &[ours]).await, ["Chair"]);
        if from.is_none() {
            sim.webhook_options(|options| options.paused = false);
            caught_up(&shop, &sim).await;
            assert_eq!(linked(&shop, OTHER, "item", &[theirs]).await, ["Table"]);
        }
        sim.unsubscribe();
        sim.reset_webhooks();
    }
}
