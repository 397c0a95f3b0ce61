//! What it says about itself, its settings, and connecting.

use halo_tests::kit::Browser;
use serde_json::json;

use super::desk::{Desk, NAME, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connector_describes_itself_and_offers_what_its_settings_choose_from() {
    let desk = Desk::connected().await;
    let said = desk.result(&["describe", NAME]).await;
    assert_eq!(said["name"], "Fernwhistle", "{said}");
    assert_eq!(said["entities"][0]["kind"], "customer");
    desk.crm.put(json!({ "id": "a1", "name": "Acme" }));
    let choices = desk.result(&["choices", NAME, "regions"]).await;
    assert_eq!(choices["choices"][1]["value"], "south", "{choices}");
    let choices = desk.result(&["choices", NAME, "accounts"]).await;
    assert_eq!(choices["choices"][0]["label"], "Acme", "{choices}");
    let fields = desk.result(&["fields", NAME, "accounts"]).await;
    let employees = fields["remote"].as_array().unwrap();
    assert!(employees.iter().any(|field| field["name"] == "employees"));
    assert_eq!(fields["fixed"][0]["halo"], "name", "{fields}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connector_names_every_problem_of_its_settings_with_its_place() {
    let desk = Desk::connected().await;
    desk.apply(json!({ "top-levl": 1, "existing-names": "drop", "top-level": "one" }));
    let shape = |path: &str| (path.to_owned(), "shape".to_owned());
    assert_eq!(
        desk.problems(&[]).await,
        [
            shape("/accounts/existing-names"),
            shape("/accounts/top-level"),
            shape("/accounts/top-levl")
        ]
    );
    desk.apply(json!({
        "top-level": 99,
        "customers": [{ "account": "a1", "customer": 98 }],
        "fields": [
            { "from": "remark", "to": "CFRemark" },
            { "from": "region", "to": "toplevel_id" },
            { "from": "regoin", "to": "notes" },
            { "from": "employees", "to": "inactive" },
        ],
    }));
    let named = |problems: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(path, code): &(&str, &str)| (format!("/accounts/{path}"), (*code).to_owned());
        problems.iter().map(owned).collect()
    };
    let of_halo = [
        ("top-level", "not-found"),
        ("customers/0/customer", "not-found"),
        ("fields/0/to", "unknown-field"),
        ("fields/1/to", "not-fillable"),
    ];
    assert_eq!(desk.problems(&[]).await, named(&of_halo));
    let of_both = [
        ("fields/1/from", "types"),
        ("fields/2/from", "unknown-field"),
        ("fields/3/from", "types"),
    ];
    let online = desk.problems(&["--online"]).await;
    assert_eq!(online, named(&[of_halo.as_slice(), &of_both].concat()));
    desk.apply(json!({ "fields": [{ "from": "region", "to": "notes" }] }));
    assert_eq!(desk.problems(&["--online"]).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connector_connects_with_a_token_and_stays_with_its_account() {
    let desk = Desk::alone().await;
    let refused = desk.shop.halo(&["import", NAME, "accounts"]).await.unwrap();
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("connect first"), "{refused:?}");
    desk.connect().await;
    desk.crm.requests();
    let status = desk.result(&["status", NAME]).await;
    assert_eq!(status["state"], "connected", "{status}");
    assert_eq!(desk.crm.requests(), [""; 0], "a status asks nobody");
    // Another workspace's accounts must not be taken for those that are linked.
    desk.crm.put(json!({ "id": "a1", "name": "Acme" }));
    desk.crm.become_workspace("ws-2", "Thicket");
    let strange = desk.shop.halo(&["import", NAME, "accounts"]).await.unwrap();
    assert_eq!(strange.code, Some(3), "{strange:?}");
    assert!(strange.stderr.contains("Thicket"), "{strange:?}");
    assert_eq!(desk.linked("a1").await, None);
    let strange = desk.shop.halo(&["connect", NAME]).await.unwrap();
    assert!(strange.stderr.contains("linked to Hedgerow"), "{strange:?}");
    let meant = ["connect", NAME, "--other-account"];
    assert_eq!(desk.shop.halo(&meant).await.unwrap().code, Some(0));
    assert_eq!(desk.counts().await, "created 1");
    desk.result(&["disconnect", NAME]).await;
    let status = desk.result(&["status", NAME]).await;
    assert_eq!(status["state"], "disconnected", "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_a_second_remote_does_not_take_any_more_is_told_and_never_shown() {
    let desk = Desk::connected().await;
    desk.crm.change_token("another");
    let refused = desk.shop.halo(&["import", NAME, "accounts"]).await.unwrap();
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("access token"), "{refused:?}");
    assert!(!format!("{refused:?}").contains(TOKEN), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_page_draws_a_connector_that_it_knows_nothing_of() {
    let desk = Desk::connected().await;
    let _serving = desk.shop.serve().await.unwrap();
    let address = format!("{}/admin/{NAME}", desk.shop.address().unwrap());
    let (status, page) = Browser::default().open(&address).await.unwrap();
    assert_eq!(status, 200, "{page}");
    let tab = |name: &str| format!("/admin/{NAME}/settings/{name}");
    for words in [
        "Fernwhistle",
        "Hedgerow",
        &tab("accounts"),
        &tab("connection"),
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let entity = r#"name="entity" value="accounts""#;
    assert!(page.contains(entity), "{entity} in {page}");
    assert!(!page.contains("HubSpot"), "{page}");
}
