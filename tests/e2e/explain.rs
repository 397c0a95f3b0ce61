//! What `report`, `why` and `status` say of what has happened.

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{counts, empty, import};

async fn why(shop: &Workshop, id: &str) -> Value {
    let mut documents = shop.result(&["why", NAME, "companies", id]).await.unwrap();
    documents.remove(0)
}

/// What a command prints for people.
async fn told(shop: &Workshop, arguments: &[&str]) -> String {
    let ended = shop.halo(arguments).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

async fn why_told(shop: &Workshop, id: &str) -> String {
    told(shop, &["why", NAME, "companies", id]).await
}

/// Runs a command that must fail; answers its one sentence.
async fn refused(shop: &Workshop, arguments: &[&str]) -> String {
    let ended = shop.halo(arguments).await.unwrap();
    assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
    let errors: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 1, "{ended:?}");
    errors[0].to_owned()
}

fn assert_all(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
}

/// An account where a first import skips one company, holds one back as a conflict,
/// and creates one.
struct Account {
    shop: Workshop,
    skipped: String,
    conflicting: String,
    created: String,
}

async fn account() -> Account {
    let shop = empty().await;
    shop.apply(json!({ "all-lifecycle-stages": false, "lifecycle-stages": ["customer"] }))
        .unwrap();
    let company = |name, stage| {
        shop.sim
            .create_company([("name", name), ("lifecyclestage", stage), ("phone", "1")])
            .unwrap()
    };
    let skipped = company("Looker", "lead");
    let conflicting = company("Twin", "customer");
    let created = company("Acme", "customer");
    let halo = shop.records().unwrap();
    for name in ["Twin", "twin"] {
        halo.add("customer", &[("name", name)]).await.unwrap();
    }
    assert_eq!(
        counts(&import(&shop).await),
        "created 1, skipped 1, conflict 1"
    );
    Account {
        shop,
        skipped,
        conflicting,
        created,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_which_record_a_created_company_is_and_what_was_written_for_it() {
    let Account { shop, created, .. } = account().await;
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &created).await.unwrap().unwrap();
    let site = halo.linked("site", &created).await.unwrap().unwrap();
    let known = why(&shop, &created).await;
    assert_eq!(
        (&known["title"], &known["key"], &known["was"]),
        (&json!("Acme"), &json!(created), &Value::Null)
    );
    assert_eq!(
        known["links"][0],
        json!({ "kind": "customer", "id": customer, "name": "Acme", "keys": [created] })
    );
    assert_eq!(known["links"][1]["id"], site);
    assert!(
        known["address"].as_str().unwrap().contains(&created),
        "{known}"
    );
    assert_eq!(known["reports"][0]["outcome"], "created");
    assert_eq!(known["last-sync"]["run"], known["reports"][0]["run"]);
    assert_eq!(known["last-written"]["effect"], "created");
    assert_eq!(known["written-by-others"], json!([]));

    let link = format!("Linked to customer {customer} \"Acme\", by the key {created}");
    let text = why_told(&shop, &created).await;
    assert_all(
        &text,
        &[
            &link,
            "import, ",
            ": created",
            "What was last written:",
            "main_phonenumber: (empty) → 1",
        ],
    );
    assert!(!text.contains("others wrote"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_from_what_to_what_a_company_was_updated_and_what_halo_changed_since() {
    let Account { shop, created, .. } = account().await;
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &created).await.unwrap().unwrap();
    shop.sim
        .edit("companies", &created, [("phone", "2")])
        .unwrap();
    import(&shop).await;
    halo.edit("customer", customer, &[("main_phonenumber", "3")])
        .await
        .unwrap();
    shop.result(&["import", NAME, "companies", "--full"])
        .await
        .unwrap();

    let known = why(&shop, &created).await;
    let outcomes: Vec<&str> = known["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| said["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["unchanged", "updated", "created"], "{known}");
    assert_eq!(known["last-sync"]["outcome"], "unchanged");
    let change = &known["last-written"]["changes"][0];
    assert_eq!(
        (&change["from"]["text"], &change["to"]["text"]),
        (&json!("1"), &json!("2"))
    );
    let by_others = known["written-by-others"].as_array().unwrap();
    assert_eq!(by_others.len(), 1, "{known}");

    assert_all(
        &why_told(&shop, &created).await,
        &[
            "main_phonenumber: 1 → 2",
            "What others wrote since then, newest first:",
            "updated by edit",
            "main_phonenumber: 2 → 3",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_the_reason_of_a_skipped_company_and_what_mends_it() {
    let Account { shop, skipped, .. } = account().await;
    let known = why(&shop, &skipped).await;
    assert_eq!(
        (&known["links"], &known["last-sync"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(known["reports"][0]["reason"]["code"], "stage-not-chosen");
    assert_all(
        &why_told(&shop, &skipped).await,
        &[
            "Linked to no customer",
            ": skipped",
            "Its lifecycle stage \"lead\" is not among those to include.",
            "Choose the stage in the settings",
        ],
    );

    // Imported, and then left out again: it stays linked, and both are told.
    shop.sim
        .edit("companies", &skipped, [("lifecyclestage", "customer")])
        .unwrap();
    import(&shop).await;
    shop.sim
        .edit("companies", &skipped, [("lifecyclestage", "lead")])
        .unwrap();
    import(&shop).await;
    let known = why(&shop, &skipped).await;
    assert_eq!(known["links"][0]["name"], "Looker");
    assert_eq!(known["reports"][0]["outcome"], "skipped");
    assert_eq!(known["last-sync"]["run"], known["reports"][1]["run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_between_which_customers_a_conflict_is_and_forgets_it_when_settled() {
    let Account {
        shop, conflicting, ..
    } = account().await;
    let halo = shop.records().unwrap();
    let twins: Vec<u64> = halo
        .all("customer")
        .await
        .unwrap()
        .iter()
        .filter(|record| record.fields["name"].display().eq_ignore_ascii_case("twin"))
        .map(|record| record.id)
        .collect();
    let text = why_told(&shop, &conflicting).await;
    assert_all(
        &text,
        &[
            "Linked to no customer",
            ": conflict",
            &format!("among them {} and {}", twins[0], twins[1]),
            "customer mapping table",
        ],
    );
    // A preview of the mended row is told as what would be.
    shop.apply(json!({ "customers": [{ "company": conflicting, "customer": twins[1] }] }))
        .unwrap();
    let select = ["preview", NAME, "companies", "--select", &conflicting];
    shop.result(&select).await.unwrap();
    assert_all(
        &why_told(&shop, &conflicting).await,
        &["Linked to no customer", "preview, ", "to be updated"],
    );
    import(&shop).await;
    let known = why(&shop, &conflicting).await;
    assert_eq!(known["links"][0]["id"], twins[1]);
    assert_eq!(known["last-sync"]["outcome"], "updated");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_that_the_customer_of_a_company_is_gone() {
    let Account { shop, created, .. } = account().await;
    let host = shop.host(halo_host::clock::Clock::default()).await.unwrap();
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &created).await.unwrap().unwrap();
    let row = halo_host::model::Row {
        kind: "customer".to_owned(),
        key: None,
        id: Some(customer),
        other_keys: Vec::new(),
        expected: None,
        fields: Default::default(),
        options: halo_host::model::RowOptions {
            remove: true,
            ..Default::default()
        },
    };
    let person = halo_host::store::Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "edit".to_owned(),
        lane: None,
    };
    let removed = halo.store.clone();
    halo_host::store::Store::upsert(&*removed, &person, &[row], host.clock.now())
        .await
        .unwrap();
    assert_all(
        &why_told(&shop, &created).await,
        &[
            &format!("it was customer {customer}, which is gone"),
            "removed by edit",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_the_last_run_or_an_earlier_one_adds_up_and_has_every_row() {
    let Account {
        shop,
        created,
        skipped,
        ..
    } = account().await;
    shop.sim
        .edit("companies", &created, [("phone", "2")])
        .unwrap();
    let select = ["import", NAME, "companies", "--select", &created];
    shop.result(&select).await.unwrap();
    let report = async |arguments: &[&str]| {
        let arguments = [&["report", NAME], arguments].concat();
        shop.result(&arguments).await.unwrap().remove(0)
    };
    let last = report(&[]).await;
    assert_eq!(counts(&last), "updated 1");
    assert_eq!(last["summary"]["run"], 2);
    assert_eq!(
        (&last["summary"]["state"], &last["summary"]["entity"]),
        (&json!("done"), &json!("companies"))
    );
    let first = report(&["1"]).await;
    assert_eq!(counts(&first), "created 1, skipped 1, conflict 1");
    for document in [&first, &last] {
        let rows = document["rows"].as_array().unwrap();
        assert_eq!(
            document["summary"]["counts"]["read"],
            rows.len(),
            "{document}"
        );
        assert_eq!(document["next"], Value::Null);
    }
    let some = report(&["1", "--outcome", "created,skipped", "--limit", "1"]).await;
    assert_eq!(some["rows"].as_array().unwrap().len(), 1, "{some}");
    let next = some["next"].as_str().unwrap();
    let rest = report(&["1", "--outcome", "created,skipped", "--after", next]).await;
    assert_eq!(rest["rows"].as_array().unwrap().len(), 1, "{rest}");
    assert_ne!(rest["rows"][0]["key"], some["rows"][0]["key"]);

    assert_all(
        &told(&shop, &["report", NAME]).await,
        &[
            &format!("Run 2 of hubspot: import of companies, only {created}\n"),
            "): done\n1 read: 1 updated.",
            "main_phonenumber: 1 → 2",
            "halo-host journal --run 2",
        ],
    );
    let text = told(&shop, &["report", NAME, "1", "--outcome", "skipped"]).await;
    assert_all(
        &text,
        &[
            "skipped (1 of 1):",
            &skipped,
            "Choose the stage in the settings to import it.",
            &format!("halo-host why hubspot companies {skipped}"),
        ],
    );
    assert!(!text.contains("Acme"), "{text}");
    let none = told(&shop, &["report", NAME, "--outcome", "waiting"]).await;
    assert_all(&none, &["The run has no such rows."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_report_says_how_to_see_its_next_page() {
    let shop = crate::shop::connected(45).await;
    import(&shop).await;
    let mut seen = 0;
    let mut arguments = vec!["report", NAME, "--outcome", "created", "--limit", "20"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    loop {
        let borrowed: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let text = told(&shop, &borrowed).await;
        let shown = text.split("created (").nth(1).unwrap();
        seen += shown.split(' ').next().unwrap().parse::<usize>().unwrap();
        assert!(shown.contains("of 45"), "{text}");
        let Some(more) = text.split("More: halo-host ").nth(1) else {
            break;
        };
        let more = more.lines().next().unwrap();
        arguments = more.split(' ').map(str::to_owned).collect();
    }
    assert_eq!(seen, 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_counts_what_each_run_did_and_names_its_report() {
    let Account { shop, .. } = account().await;
    let standing = shop.result(&["status", NAME]).await.unwrap().remove(0);
    assert_eq!(standing["runs"][0]["counts"]["created"], 1);
    assert_eq!(standing["runs"][0]["state"], "done");
    let text = told(&shop, &["status", NAME]).await;
    assert_all(
        &text,
        &[
            "run 1 import companies, started ",
            ", ended ",
            " UTC: done\n",
            "3 read: 1 created, 1 skipped, 1 conflict.",
            "halo-host report hubspot 1",
        ],
    );
    // What people did before the import, of which the connection wants to be told.
    let told_of = |many: usize| format!("outbox: {many} records changed in Halo and not sent yet");
    assert_all(&text, &[&told_of(2)]);
    let halo = shop.records().unwrap();
    halo.add("customer", &[("name", "New")]).await.unwrap();
    assert_all(&told(&shop, &["status", NAME]).await, &[&told_of(3)]);
    // Nothing of it leaves Halo unless sync back is switched on (S71).
    shop.result(&["push", NAME]).await.unwrap();
    let text = told(&shop, &["status", NAME]).await;
    assert!(!text.contains("outbox"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_said_in_one_sentence() {
    let shop = empty().await;
    let none = refused(&shop, &["report", NAME]).await;
    assert_all(&none, &["no run yet", "halo-host preview hubspot"]);
    import(&shop).await;
    let run = refused(&shop, &["report", NAME, "77"]).await;
    assert_all(
        &run,
        &["There is no run 77 of hubspot", "run 1", "halo-host status"],
    );
    let entity = refused(&shop, &["why", NAME, "company", "1"]).await;
    assert_all(&entity, &["it has companies"]);
    let id = refused(&shop, &["why", NAME, "companies", "404"]).await;
    assert_all(
        &id,
        &[
            "Nothing is known of companies 404",
            "halo-host preview hubspot companies --select 404",
        ],
    );
    let ended = shop
        .halo(&["report", NAME, "--outcome", "craeted"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
