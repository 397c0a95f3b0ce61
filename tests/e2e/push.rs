//! Halo's changes to HubSpot (S29 to S31, S66 to S71, A8, A18, A19).

use std::process::Stdio;
use std::time::{Duration, Instant};

use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Halo, NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::unconnected;

mod archive;
mod conflicts;
mod create;
mod every_answer;
mod items;
mod links;
mod opt_out;
mod refused;
mod unmarked;
mod unseen;
mod update;

/// Imports an entity; answers the document.
async fn import(shop: &Workshop, entity: &str) -> Value {
    let arguments = ["import", NAME, entity];
    shop.result(&arguments).await.unwrap().remove(0)
}

/// Sends what is due; answers the document.
async fn push(shop: &Workshop) -> Value {
    shop.result(&["push", NAME]).await.unwrap().remove(0)
}

/// Settings with these members of `sync-back`, and mapping rows of companies and contacts
/// with and without a tick.
fn apply(shop: &Workshop, back: Value) {
    let mut settings = shop.settings(json!({
        "fields": [
            { "property": "numberofemployees", "field": "CFSeats", "sync-back": true },
            { "property": "description", "field": "CFAbout" },
        ],
    }));
    settings["contacts"]["fields"] = json!([
        { "property": "jobtitle", "field": "CFJob", "sync-back": true },
    ]);
    settings["products"] = json!({ "item-group": 1 });
    settings["sync-back"] = back;
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// A connected shop with the fields of the rows and these members of `sync-back`.
async fn with(back: Value) -> Workshop {
    let shop = unconnected(0).await;
    let halo = shop.records().unwrap();
    for (kind, name, type_name) in [
        ("customer", "CFSeats", "integer"),
        ("customer", "CFAbout", "memo"),
        ("user", "CFJob", "text"),
    ] {
        halo.custom_field(kind, name, type_name).await.unwrap();
    }
    apply(&shop, back);
    // What is asked for at the sign-in depends on what goes back.
    shop.connect().await.unwrap();
    shop
}

/// A company that is a customer: HubSpot's and Halo's id.
async fn company(shop: &Workshop, name: &str) -> (String, u64) {
    let id = shop.sim.create_company([("name", name)]).unwrap();
    import(shop, "companies").await;
    let customer = shop.records().unwrap().linked("customer", &id).await;
    (id, customer.unwrap().unwrap())
}

/// A contact of a company that is a user: HubSpot's and Halo's id.
async fn contact(shop: &Workshop, email: &str, company: &str) -> (String, u64) {
    let id = shop.sim.create("contacts", [("email", email)]).unwrap();
    let (from, to) = (("contacts", id.as_str()), ("companies", company));
    shop.sim.link(from, to, true).unwrap();
    import(shop, "contacts").await;
    let user = shop.records().unwrap().linked("user", &id).await;
    (id, user.unwrap().unwrap())
}

/// A value in HubSpot.
fn value(shop: &Workshop, kind: &str, id: &str, property: &str) -> String {
    let all = shop.sim.snapshot(kind).unwrap();
    let row = all.iter().find(|row| row["id"] == id);
    let value = &row.unwrap_or_else(|| panic!("no {kind} {id}"))["properties"][property];
    value.as_str().unwrap_or_default().to_owned()
}

/// How many objects of a type there are outside of the recycling bin.
fn count(shop: &Workshop, kind: &str) -> usize {
    let all = shop.sim.snapshot(kind).unwrap();
    all.iter().filter(|row| row["archived"] != true).count()
}

/// Sends what is due in a process that is killed at its call of this number, of those
/// whose path has this part: HubSpot has done the work, and nobody has the answer.
async fn dies(shop: &Workshop, path: &str, nth: u64) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let rule = FaultRule::once(FaultKind::Latency(60_000)).nth(nth);
    shop.sim.fail(rule.on_path(path));
    let faults = shop.sim.stats().faults;
    let mut command = shop.command(&["push", NAME]);
    let mut pushing = command.stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while shop.sim.stats().faults == faults {
        assert!(begun.elapsed() < PATIENCE, "the call never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    pushing.kill().await.unwrap();
    shop.sim.clear_faults();
}

/// Edits a record as a person in Halo does.
async fn edit(halo: &Halo, kind: &str, id: u64, name: &str, value: &str) {
    halo.edit(kind, id, &[(name, value)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s71_nothing_leaves_halo_by_default() {
    let shop = with(json!({})).await;
    let (acme, customer) = company(&shop, "Acme").await;
    let (_, user) = contact(&shop, "ada@acme.example", &acme).await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", customer, "CFSeats", "20").await;
    edit(&halo, "user", user, "CFJob", "Owner").await;
    halo.add(
        "customer",
        &[("name", "Bolt"), ("toplevel_id", "top-level:1")],
    )
    .await
    .unwrap();
    edit(&halo, "customer", customer, "inactive", "true").await;
    let before = shop.sim.snapshot("companies").unwrap();
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(shop.sim.snapshot("companies").unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s66_each_setting_sends_just_its_events_for_customers_and_for_users() {
    for (when, creates, updates) in [
        ("disabled", false, false),
        ("on-creation", true, false),
        ("on-update", false, true),
        ("both", true, true),
    ] {
        for of_users in [false, true] {
            let back = match of_users {
                true => json!({ "contacts": when }),
                false => json!({ "companies": when }),
            };
            let shop = with(back).await;
            let (acme, customer) = company(&shop, "Acme").await;
            let (ada, user) = contact(&shop, "ada@acme.example", &acme).await;
            let halo = shop.records().unwrap();
            edit(&halo, "customer", customer, "CFSeats", "20").await;
            edit(&halo, "user", user, "CFJob", "Owner").await;
            halo.add(
                "customer",
                &[("name", "Bolt"), ("toplevel_id", "top-level:1")],
            )
            .await
            .unwrap();
            let site = halo.field("user", user, "site_id").await.unwrap();
            let site = format!("site:{}", site.rsplit([' ', ':']).next().unwrap());
            halo.add("user", &[("name", "Bo Li"), ("site_id", site.as_str())])
                .await
                .unwrap();
            push(&shop).await;
            let what = format!("{when}, users: {of_users}");
            let made = |is_wanted: bool| if is_wanted && creates { 2 } else { 1 };
            assert_eq!(count(&shop, "companies"), made(!of_users), "{what}");
            assert_eq!(count(&shop, "contacts"), made(of_users), "{what}");
            let sent = |is_wanted: bool, text: &str| match is_wanted && updates {
                true => text.to_owned(),
                false => String::new(),
            };
            let seats = value(&shop, "companies", &acme, "numberofemployees");
            assert_eq!(seats, sent(!of_users, "20"), "{what}");
            let job = value(&shop, "contacts", &ada, "jobtitle");
            assert_eq!(job, sent(of_users, "Owner"), "{what}");
            // Nothing is left to send.
            shop.sim.reset_stats();
            push(&shop).await;
            assert_eq!(shop.sim.stats().writes, 0, "{what}");
        }
    }
}
