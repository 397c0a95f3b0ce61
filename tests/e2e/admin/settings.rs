//! Settings changed at the page: shown, saved with their author, refused at their place.

use halo_tests::kit::{Answer, Serving, Visitor, Workshop};
use serde_json::{Value, json};

use super::{NAME, PASSWORD};
use crate::shop::{empty, import};

const COMPANIES: &str = "/admin/hubspot/settings/companies";
const TABLE: &str = "/admin/hubspot/table?at=/companies/customers";

/// A connected host whose settings are stored, and an administrator who is signed in.
pub(super) async fn served(companies: Value) -> (Workshop, Serving, Visitor) {
    let shop = empty().await;
    shop.records().unwrap();
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let own = text.replace("settings-file = \"settings.json\"\n", "");
    assert_ne!(own, text);
    shop.write("halo.toml", &own).unwrap();
    shop.apply(companies).unwrap();
    let apply = ["settings", "hubspot", "apply", "settings.json"];
    shop.result(&apply).await.unwrap();
    shop.administrator(NAME, PASSWORD).await.unwrap();
    let serving = shop.serve().await.unwrap();
    let visitor = signed_in(&shop).await;
    (shop, serving, visitor)
}

async fn signed_in(shop: &Workshop) -> Visitor {
    let mut visitor = Visitor::of(&shop.address().unwrap());
    let answer = visitor.sign_in(NAME, PASSWORD).await.unwrap();
    assert_eq!(answer.status, 303);
    visitor
}

/// The settings as they are kept.
pub(super) async fn kept(shop: &Workshop) -> Value {
    let shown = shop.result(&["settings", "hubspot", "show"]).await.unwrap();
    shown[0].clone()
}

/// The revision that a page was made from.
fn revision(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"revision\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn post(visitor: &mut Visitor, page: &Answer, fields: &[(&str, &str)]) -> Answer {
    let (token, revision) = (page.token().unwrap().to_owned(), revision(page));
    let mut all = vec![("token", token.as_str()), ("revision", &revision)];
    all.extend(fields);
    visitor.post(COMPANIES, &all).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_what_is_saved_at_the_page_rules_and_the_history_says_who_did_it() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFTown", "text")
        .await
        .unwrap();
    let page = visitor.get(COMPANIES).await.unwrap();
    assert_eq!(page.status, 200);
    for shown in [
        "Lifecycle stages to include",
        "Marketing Qualified Lead",
        "Sync back to Hubspot",
        "CFTown",
    ] {
        assert!(page.text.contains(shown), "{shown} is not in {}", page.text);
    }
    let fields = [
        ("/companies/lifecycle-stages", ""),
        ("/companies/lifecycle-stages", "customer"),
        ("/companies/lifecycle-stages", "lead"),
        ("/companies/all-lifecycle-stages", ""),
        ("/companies/first-site", "Head office"),
        ("/companies/fields", ""),
        ("/companies/fields/7/property", "city"),
        ("/companies/fields/7/field", "CFTown"),
        ("/companies/fields/7/sync-back", ""),
        ("/companies/fields/7/sync-back", "true"),
    ];
    let answer = post(&mut visitor, &page, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let now = kept(&shop).await;
    let companies = &now["settings"]["companies"];
    assert_eq!(companies["lifecycle-stages"], json!(["customer", "lead"]));
    assert_eq!(companies["first-site"], "Head office");
    let row = json!([{ "property": "city", "field": "CFTown", "sync-back": true }]);
    assert_eq!(companies["fields"], row);
    assert_eq!(companies["all-lifecycle-stages"], false);
    // What the tab does not show is as it was.
    assert_eq!(companies["top-level"], 1);
    let history = visitor.get("/admin/hubspot/history").await.unwrap();
    for told in [
        NAME,
        "Name of the first site of new customers",
        "Head office",
        "CFTown",
    ] {
        assert!(history.text.contains(told), "{told}: {}", history.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_its_place_and_nothing_is_half_saved() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let before = kept(&shop).await;
    let page = visitor.get(COMPANIES).await.unwrap();
    let fields = [
        ("/companies/top-level", "ten"),
        ("/companies/first-site", "Elsewhere"),
        ("/companies/fields", ""),
        ("/companies/fields/0/property", "city"),
        ("/companies/fields/0/field", ""),
    ];
    let answer = post(&mut visitor, &page, &fields).await;
    assert_eq!(answer.status, 422);
    for shown in [
        "Nothing was saved.",
        "&quot;ten&quot; is no whole number.",
        "href=\"#/companies/top-level\"",
        "aria-invalid=\"true\"",
        // What was typed is there still.
        "value=\"Elsewhere\"",
        "value=\"city\"",
    ] {
        assert!(
            answer.text.contains(shown),
            "{shown} is not in {}",
            answer.text
        );
    }
    assert_eq!(kept(&shop).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_save_the_same_tab_the_second_is_told_and_loses_nothing() {
    let (shop, _serving, mut first) = served(json!({})).await;
    let mut second = signed_in(&shop).await;
    let seen_first = first.get(COMPANIES).await.unwrap();
    let seen_second = second.get(COMPANIES).await.unwrap();
    let answer = post(&mut first, &seen_first, &[("/companies/first-site", "One")]).await;
    assert_eq!(answer.status, 303);
    let answer = post(
        &mut second,
        &seen_second,
        &[("/companies/first-site", "Two")],
    )
    .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("has changed these settings while you did"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("value=\"Two\""), "{}", answer.text);
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["first-site"],
        "One"
    );
    // Saving again is a decision.
    let answer = post(&mut second, &answer, &[("/companies/first-site", "Two")]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["first-site"],
        "Two"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_save_different_tabs_do_not_disturb_each_other() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let companies = visitor.get(COMPANIES).await.unwrap();
    let path = "/admin/hubspot/settings/contacts";
    let contacts = visitor.get(path).await.unwrap();
    let answer = post(
        &mut visitor,
        &companies,
        &[("/companies/first-site", "One")],
    )
    .await;
    assert_eq!(answer.status, 303);
    let (token, revision) = (contacts.token().unwrap(), revision(&contacts));
    let fields = [
        ("token", token),
        ("revision", &revision),
        ("/contacts/without-email", "true"),
    ];
    let answer = visitor.post(path, &fields).await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.text);
    let now = kept(&shop).await;
    assert_eq!(now["settings"]["companies"]["first-site"], "One");
    assert_eq!(now["settings"]["contacts"]["without-email"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_revision_is_made_the_settings_again_as_a_new_one() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let page = visitor.get(COMPANIES).await.unwrap();
    let before = kept(&shop).await;
    post(&mut visitor, &page, &[("/companies/first-site", "One")]).await;
    let now = (kept(&shop).await)["revision"].to_string();
    let (token, old) = (page.token().unwrap(), before["revision"].to_string());
    let fields = [("token", token), ("revision", &old), ("now", &now)];
    let answer = visitor
        .post("/admin/hubspot/history", &fields)
        .await
        .unwrap();
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(kept(&shop).await["settings"], before["settings"]);
    // From a page that is old by now.
    let answer = visitor
        .post("/admin/hubspot/history", &fields)
        .await
        .unwrap();
    assert_eq!(answer.status, 409, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_pairs_are_added_changed_and_taken_out_and_a_wrong_one_is_told() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let halo = shop.records().unwrap();
    let acme = halo
        .add("customer", &[("name", "<script>alert(1)</script>")])
        .await
        .unwrap();
    let other = halo.add("customer", &[("name", "Other")]).await.unwrap();
    let company = shop
        .sim
        .create("companies", [("name", "ACME Holdings Ltd")])
        .unwrap();
    let page = visitor.get(TABLE).await.unwrap();
    let token = page.token().unwrap().to_owned();
    let act = async |visitor: &mut Visitor, fields: &[(&str, &str)]| {
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        visitor.post(TABLE, &all).await.unwrap()
    };
    let id = acme.to_string();
    let pair = [
        ("do", "add"),
        ("/company", company.as_str()),
        ("/customer", &id),
    ];
    let answer = act(&mut visitor, &pair).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let expected = json!([{ "company": company, "customer": acme }]);
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["customers"],
        expected
    );
    let page = visitor.get(TABLE).await.unwrap();
    assert!(
        page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    // The same company again: the row is not taken, and what was typed is there.
    let id = other.to_string();
    let again = [
        ("do", "add"),
        ("/company", company.as_str()),
        ("/customer", &id),
    ];
    let answer = act(&mut visitor, &again).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text.contains("Nothing was saved."),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains(&format!("value=\"{company}\"")),
        "{}",
        answer.text
    );
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["customers"],
        expected
    );
    // In the place of the first one.
    let (_, rest) = page.text.split_once("name=\"row\" value=\"").unwrap();
    let mark = rest.split('"').next().unwrap();
    let instead = [again[0], again[1], again[2], ("instead-of", mark)];
    let answer = act(&mut visitor, &instead).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let expected = json!([{ "company": company, "customer": other }]);
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["customers"],
        expected
    );
    // From a page that is old by now: the row is not there twice.
    let answer = act(&mut visitor, &instead).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    // Out and in again as a file.
    let path = "/admin/hubspot/table.csv?at=/companies/customers";
    let csv = visitor.get(path).await.unwrap().text;
    assert!(
        csv.contains(&format!("{company},{other},")) && csv.contains("Other"),
        "{csv}"
    );
    let page = visitor.get(TABLE).await.unwrap();
    let (_, rest) = page.text.split_once("name=\"row\" value=\"").unwrap();
    let mark = rest.split('"').next().unwrap();
    act(&mut visitor, &[("do", "remove"), ("row", mark)]).await;
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["customers"],
        json!([])
    );
    let wrong = format!("company,customer\n{company},many\n");
    let answer = act(&mut visitor, &[("do", "append"), ("csv", &wrong)]).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text.contains("Line 2: customer"), "{}", answer.text);
    let answer = act(&mut visitor, &[("do", "append"), ("csv", &csv)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(
        kept(&shop).await["settings"]["companies"]["customers"],
        expected
    );
    import(&shop).await;
    let linked = halo.linked("customer", &company).await.unwrap();
    assert_eq!(linked, Some(other));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_file_are_shown_and_not_changed() {
    let shop = empty().await;
    shop.administrator(NAME, PASSWORD).await.unwrap();
    let _serving = shop.serve().await.unwrap();
    let mut visitor = signed_in(&shop).await;
    let page = visitor.get(COMPANIES).await.unwrap();
    assert!(page.text.contains("settings.json"), "{}", page.text);
    assert!(!page.text.contains(">Save<"), "{}", page.text);
    let before = std::fs::read_to_string(shop.folder().join("settings.json")).unwrap();
    let answer = post(&mut visitor, &page, &[("/companies/first-site", "One")]).await;
    assert_eq!(answer.status, 409);
    let after = std::fs::read_to_string(shop.folder().join("settings.json")).unwrap();
    assert_eq!(before, after);
}
