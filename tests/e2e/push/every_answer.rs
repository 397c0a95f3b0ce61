//! The answer to any call of a push is lost, or the process dies over it: HubSpot has
//! done the work and nobody knows. Whichever call it is, both sides end as without.

use std::collections::BTreeSet;
use std::sync::Arc;

use halo_host::store::Store as _;
use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::Records;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::*;

/// Worlds at a time: most of each is waiting.
const AT_A_TIME: usize = 4;
/// Pushes until nothing is left to send.
const PUSHES: usize = 5;

/// What a person sees of an object in HubSpot; the rest are times and counters.
const SEEN: [&str; 11] = [
    "name",
    "domain",
    "numberofemployees",
    "num_associated_contacts",
    "firstname",
    "lastname",
    "email",
    "jobtitle",
    "associatedcompanyid",
    "price",
    "halo_record",
];

/// An account that was imported, and what people in Halo have done since: companies,
/// contacts and products to be changed, made, linked and archived.
async fn world() -> Workshop {
    let shop = with(json!({})).await;
    let mut settings = shop.settings(json!({
        "fields": [{ "property": "numberofemployees", "field": "CFSeats", "sync-back": true }],
    }));
    settings["contacts"]["fields"] =
        json!([{ "property": "jobtitle", "field": "CFJob", "sync-back": true }]);
    settings["products"] = json!({ "item-group": 1, "fields": [
        { "property": "price", "field": "baseprice", "direction": "bidirectional" },
    ] });
    settings["sync-back"] = json!({
        "companies": "both", "contacts": "both", "products": "both", "archive-inactive": true,
    });
    shop.write("settings.json", &settings.to_string()).unwrap();
    // For what is written, other scopes are asked for.
    shop.connect().await.unwrap();
    let sim = &shop.sim;
    let company = |name| sim.create_company([("name", name)]).unwrap();
    let (acme, bolt, crow) = (company("Acme"), company("Bolt"), company("Crow"));
    let contact = |email, company: &str| {
        let id = sim.create("contacts", [("email", email)]).unwrap();
        let ends = (("contacts", id.as_str()), ("companies", company));
        sim.link(ends.0, ends.1, true).unwrap();
        id
    };
    let ada = contact("ada@acme.example", &acme);
    let bo = contact("bo@bolt.example", &bolt);
    let product = [("name", "Laptop"), ("price", "10")];
    let laptop = sim.create("products", product).unwrap();
    import(&shop, "all").await;
    // Not known in Halo, and somebody there makes the same.
    let known = [("email", "finn@crow.example")];
    sim.create("contacts", known).unwrap();
    sim.create_company([("name", "Gale"), ("domain", "gale.example")])
        .unwrap();

    let halo = shop.records().unwrap();
    let of = async |kind, id: &str| halo.linked(kind, id).await.unwrap().unwrap();
    for (kind, id, name, value) in [
        ("customer", &acme, "CFSeats", "20"),
        ("customer", &crow, "CFSeats", "30"),
        ("user", &ada, "CFJob", "Owner"),
        ("item", &laptop, "baseprice", "12.50"),
        ("user", &bo, "inactive", "true"),
        ("customer", &bolt, "inactive", "true"),
    ] {
        edit(&halo, kind, of(kind, id).await, name, value).await;
    }
    let mut sites = vec![format!("site:{}", of("site", &crow).await)];
    for (name, domain) in [
        ("Dune", "dune.example"),
        ("Elm", ""),
        ("Gale", "gale.example"),
    ] {
        let fields = [
            ("name", name),
            ("domain", domain),
            ("toplevel_id", "top-level:1"),
            ("CFSeats", "5"),
        ];
        let id = format!("customer:{}", halo.add("customer", &fields).await.unwrap());
        let fields = [("name", "Main"), ("client_id", id.as_str())];
        sites.push(format!("site:{}", halo.add("site", &fields).await.unwrap()));
    }
    for (site, name, email) in [
        (0, "Finn", "finn@crow.example"),
        (0, "Cleo", "cleo@crow.example"),
        (1, "Dana", "dana@dune.example"),
        (2, "Enid", ""),
    ] {
        let fields = [
            ("name", name),
            ("firstname", name),
            ("emailaddress", email),
            ("site_id", sites[site].as_str()),
            ("CFJob", "Owner"),
        ];
        halo.add("user", &fields).await.unwrap();
    }
    let fields = [
        ("name", "Dock"),
        ("baseprice", "90"),
        ("assetgroup_id", "item-group:1"),
    ];
    halo.add("item", &fields).await.unwrap();
    shop.sim.reset_stats();
    shop
}

/// Both sides as they are once everything is sent and imported again.
async fn end(shop: &Workshop) -> String {
    let halo = shop.records().unwrap();
    for _ in 0..PUSHES {
        // Nobody waits for the pause after a failure.
        halo.store.outbox_retry(NAME, None).await.unwrap();
        push(shop).await;
        if halo.outbox().await.unwrap().is_empty() {
            break;
        }
    }
    let left = halo.outbox().await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    shop.result(&["import", NAME, "all", "--full"])
        .await
        .unwrap();
    shop.sim.reset_stats();
    push(shop).await;
    assert_eq!(shop.sim.stats().writes, 0, "nothing echoes");
    let mut lines = vec![halo.contents().await.unwrap()];
    for kind in ["companies", "contacts", "products"] {
        for object in shop.sim.snapshot(kind).unwrap() {
            let properties = SEEN.map(|name| {
                let text = object["properties"][name].as_str().unwrap_or_default();
                // Each installation has a name of its own.
                match name {
                    "halo_record" => text.split_once('-').map_or("", |(_, record)| record),
                    _ => text,
                }
                .to_owned()
            });
            let (id, archived) = (&object["id"], &object["archived"]);
            lines.push(format!("{kind} {id} {archived} {properties:?}"));
        }
    }
    lines.join("\n")
}

/// Names the lines that only one side has.
fn assert_same(found: &str, expected: &str) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (found, expected) = (lines(found), lines(expected));
    let more: Vec<_> = found.difference(&expected).collect();
    let less: Vec<_> = expected.difference(&found).collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "{more:#?} in place of {less:#?}"
    );
}

/// How often each object was written for a record, by the journal.
async fn written(shop: &Workshop) -> Vec<String> {
    let filter = halo_host::store::JournalFilter {
        limit: u32::MAX,
        ..Default::default()
    };
    let halo = shop.records().unwrap();
    let entries = halo.store.journal(&filter).await.unwrap();
    let remote = entries.into_iter().filter_map(|entry| entry.remote);
    let mut lines: Vec<String> = remote
        .map(|remote| format!("{} {} {}", remote.entity, remote.key, remote.effect))
        .collect();
    lines.sort();
    lines
}

/// Plays a world for each of these numbers, disturbed by `disturb`; each must end as
/// the clean one, and no write is in the journal twice.
async fn each<F, D>(clean: Arc<(String, Vec<String>)>, numbers: Vec<u64>, disturb: D)
where
    D: Fn(Workshop, u64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Workshop> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut worlds = JoinSet::new();
    for number in numbers {
        let (clean, room, disturb) = (clean.clone(), room.clone(), disturb.clone());
        worlds.spawn(async move {
            let _place = room.acquire().await.unwrap();
            let played = tokio::spawn(async move {
                let mut shop = disturb(world().await, number).await;
                shop.sim.clear_faults();
                shop.work_over(crate::records());
                assert_same(&end(&shop).await, &clean.0);
                let mut once = written(&shop).await;
                let all = once.len();
                once.dedup();
                assert_eq!(once.len(), all, "written twice: {once:?}");
            });
            played
                .await
                .unwrap_or_else(|_| panic!("it was number {number}"));
        });
    }
    assert!(!worlds.join_all().await.is_empty());
}

/// The end of a clean run, and how many calls it took.
async fn clean() -> (Arc<(String, Vec<String>)>, u64) {
    let shop = world().await;
    push(&shop).await;
    let stats = shop.sim.stats();
    println!("{} calls, {} of them write", stats.calls, stats.writes);
    let ended = end(&shop).await;
    (Arc::new((ended, written(&shop).await)), stats.calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_the_answer_to_any_call_is_lost_and_both_sides_end_as_without() {
    let (clean, calls) = clean().await;
    assert!(calls > 12, "{calls}");
    each(clean, (1..=calls).collect(), async |shop: Workshop, nth| {
        shop.sim
            .fail(FaultRule::once(FaultKind::ResetAfter).nth(nth));
        push(&shop).await;
        assert_eq!(shop.sim.stats().faults, 1);
        shop
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_the_process_dies_over_any_call_and_both_sides_end_as_without() {
    let (clean, calls) = clean().await;
    each(clean, (1..=calls).collect(), async |shop: Workshop, nth| {
        dies(&shop, "", nth).await;
        shop
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_the_process_dies_between_sending_and_settling_and_nothing_is_sent_twice() {
    let (clean, _) = clean().await;
    // Customers, users and items are settled one after the other.
    each(
        clean,
        (0..6).collect(),
        async |mut shop: Workshop, number| {
            shop.work_over(Records::Dies {
                settling: number / 2 + 1,
                settled: number % 2 == 1,
            });
            let ended = shop.halo(&["push", NAME]).await.unwrap();
            assert_eq!(ended.code, Some(137), "{ended:?}");
            shop
        },
    )
    .await;
}
