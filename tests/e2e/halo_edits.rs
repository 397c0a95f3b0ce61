//! Changes that people make in Halo's records on the command line: what they did is
//! in the journal under their name, every connection that listens is told, and no
//! connector takes them for its own.

use halo_host::store::Store as _;
use halo_tests::kit::{Halo, Workshop};
use serde_json::{Value, json};

use crate::shop::unconnected;

/// Another connection, which wants to be told of customers and sites.
const LISTENER: &str = "listener";

/// A workshop with somebody who listens.
async fn with_listener() -> (Workshop, Halo) {
    let shop = unconnected(0).await;
    shop.result(&["records", "customer"]).await.unwrap();
    let halo = shop.records().unwrap();
    let kinds = ["customer".to_owned(), "site".to_owned()];
    halo.store
        .register_connection(LISTENER, &kinds)
        .await
        .unwrap();
    (shop, halo)
}

/// Runs a command that must fail; answers its one sentence.
async fn refused(shop: &Workshop, arguments: &[&str]) -> String {
    let ended = shop.halo(arguments).await.unwrap();
    assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
    let lines = ended.stderr.lines();
    let errors: Vec<&str> = lines.filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{ended:?}");
    errors[0].to_owned()
}

/// What the listener was told, as `kind id what fields`, sorted.
async fn told(halo: &Halo) -> Vec<String> {
    let rows = halo.store.outbox(LISTENER, 100).await.unwrap();
    let mut told: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {}",
                row.kind,
                row.record,
                row.what,
                row.fields.join(",")
            )
        })
        .collect();
    told.sort();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_edits_are_journalled_by_name_and_told_to_every_connection() {
    let (shop, halo) = with_listener().await;
    let made = shop
        .result(&[
            "create",
            "customer",
            "name=Acme Ltd",
            "main_phonenumber=1=2",
        ])
        .await
        .unwrap();
    assert_eq!(made.len(), 2, "the customer and its first site: {made:?}");
    assert_eq!(made[0]["effect"], "created");
    let id = made[0]["id"].as_u64().unwrap();
    assert_eq!(
        halo.fields("customer", id).await.unwrap(),
        [
            ("main_phonenumber".to_owned(), "1=2".to_owned()),
            ("name".to_owned(), "Acme Ltd".to_owned()),
            ("toplevel_id".to_owned(), "top-level 1".to_owned()),
        ]
    );
    let site = made[1]["id"].as_u64().unwrap();
    assert_eq!(
        halo.field("site", site, "client_id").await.unwrap(),
        format!("customer {id}")
    );

    let id = id.to_string();
    let mut edit = shop.command(&[
        "edit",
        "customer",
        &id,
        "main_phonenumber=",
        "Website=acme.example",
    ]);
    let edited = edit.env("USER", "ada").output().await.unwrap();
    let text = String::from_utf8(edited.stdout).unwrap();
    assert!(text.contains("main_phonenumber: 1=2 → (empty)"), "{text}");
    assert!(text.contains("website: (empty) → acme.example"), "{text}");
    shop.result(&["deactivate", "customer", &id]).await.unwrap();
    assert_eq!(
        told(&halo).await,
        [
            format!("customer {id} created inactive,main_phonenumber,name,toplevel_id,website"),
            format!("site {site} created client_id,name"),
        ]
    );

    let record = format!("customer:{id}");
    let journal = shop
        .result(&["journal", "--record", &record])
        .await
        .unwrap();
    let entries = journal[0].as_array().unwrap();
    assert_eq!(entries.len(), 3, "{entries:?}");
    assert_eq!(entries[1]["cause"], "ada on the command line");
    assert!(
        entries
            .iter()
            .all(|entry| entry["connection"] == "" && entry["run"] == Value::Null)
    );
    let shown = shop.halo(&["journal", "--record", &record]).await.unwrap();
    assert!(
        shown.stdout.contains("updated by ada on the command line"),
        "{shown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_goes_out_of_use_and_into_it_again_once() {
    let (shop, halo) = with_listener().await;
    let id = halo
        .add("customer", &[("name", "Acme")])
        .await
        .unwrap()
        .to_string();
    // Told already, as far as this test goes.
    let switch = async |verb: &str| {
        shop.result(&[verb, "customer", &id])
            .await
            .unwrap()
            .remove(0)
    };
    let done = switch("deactivate").await;
    assert_eq!(done["effect"], "updated");
    assert_eq!(
        done["changes"],
        json!([{ "field": "inactive", "from": "none", "to": { "text": "true" } }])
    );
    assert_eq!(switch("deactivate").await["effect"], "unchanged");
    assert_eq!(switch("activate").await["effect"], "updated");
    let again = shop.halo(&["activate", "customer", &id]).await.unwrap();
    assert!(again.stdout.contains("nothing was written"), "{again:?}");
    assert_eq!(again.code, Some(0));
    let revision = shop.result(&["records", "customer", &id]).await.unwrap()[0]["revision"].clone();
    assert_eq!(revision, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_one_sentence_and_nothing_is_written() {
    let (shop, halo) = with_listener().await;
    let id = halo
        .add("customer", &[("name", "Acme")])
        .await
        .unwrap()
        .to_string();
    let choices = [("1", "North"), ("2", "South")];
    halo.choice_field("customer", "CFRegion", "choice", &choices)
        .await
        .unwrap();
    let before = halo.journal_length().await.unwrap();
    for (arguments, sentence) in [
        (
            &["edit", "customer", &id, "phone=1"][..],
            "Did you mean main_phonenumber?",
        ),
        (
            &["edit", "customer", &id, "CFRegion=West"],
            "it has North, South",
        ),
        (
            &["edit", "customer", &id, "name="],
            "Name must not be empty",
        ),
        (
            &["edit", "customer", &id, "inactive=maybe"],
            "true or false",
        ),
        (&["edit", "customer", &id, "phone"], "write FIELD=VALUE"),
        (
            &["edit", "customer", &id, "toplevel_id=99"],
            "the top-level 99, which is not there",
        ),
        (
            &["edit", "customer", "99", "name=x"],
            "There is no customer 99",
        ),
        (
            &["edit", "customers", "1", "name=x"],
            "Halo has no kind \"customers\"; it has",
        ),
        (
            &["create", "user", "name=Ada"],
            "needs site_id, the id of a site",
        ),
        (
            &["create", "user", "name=Ada", "site_id=Main"],
            "the id of a site, such as 12",
        ),
        (&["deactivate", "ticket", "1"], "these can: agent, customer"),
        (&["activate", "customer", "99"], "There is no customer 99"),
    ] {
        let told = refused(&shop, arguments).await;
        assert!(told.contains(sentence), "{arguments:?}: {told}");
    }
    let usage = shop.halo(&["edit", "customer", &id]).await.unwrap();
    assert_eq!(usage.code, Some(2), "{usage:?}");
    assert_eq!(halo.journal_length().await.unwrap(), before);
    shop.result(&["edit", "customer", &id, "cfregion=south"])
        .await
        .unwrap();
    let number = id.parse().unwrap();
    assert_eq!(
        halo.field("customer", number, "CFRegion").await.unwrap(),
        "2"
    );
}
