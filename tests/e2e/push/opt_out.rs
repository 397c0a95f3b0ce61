//! Records and objects that are left alone, by a field in Halo or a property in HubSpot.

use super::*;
use crate::shop::reason;

/// HubSpot's property in these tests; a checkbox of HubSpot.
const PROPERTY: &str = "halo_alone";
/// Halo's own field for it.
const FIELD: &str = "hubspot_dont_sync";

/// A connected shop where both sides can opt out.
async fn shop(back: Value) -> Workshop {
    let shop = with(back.clone()).await;
    let halo = shop.records().unwrap();
    for kind in ["customer", "user"] {
        halo.custom_field(kind, FIELD, "checkbox").await.unwrap();
    }
    for (objects, group) in [
        ("companies", "companyinformation"),
        ("contacts", "contactinformation"),
    ] {
        let options =
            json!([{ "label": "Yes", "value": "true" }, { "label": "No", "value": "false" }]);
        let property = json!({ "name": PROPERTY, "label": "Leave alone", "type": "bool",
            "fieldType": "booleancheckbox", "groupName": group, "options": options });
        shop.sim.define_property(objects, &property).unwrap();
    }
    let mut settings: Value = serde_json::from_str(&text(&shop)).unwrap();
    settings["opt-out"] = json!({ "hubspot": PROPERTY });
    shop.write("settings.json", &settings.to_string()).unwrap();
    shop
}

fn text(shop: &Workshop) -> String {
    std::fs::read_to_string(shop.folder().join("settings.json")).unwrap()
}

/// HubSpot's value of the seats, then Halo's.
async fn seats(shop: &Workshop, company: &str, customer: u64) -> (String, String) {
    let halo = shop.records().unwrap();
    let hubspot = value(shop, "companies", company, "numberofemployees");
    let halo = halo.field("customer", customer, "CFSeats").await.unwrap();
    (hubspot, halo)
}

fn pair(hubspot: &str, halo: &str) -> (String, String) {
    (hubspot.to_owned(), halo.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_opted_out_in_halo_is_left_alone_until_that_ends() {
    let shop = shop(json!({ "companies": "on-update" })).await;
    let (acme, own) = company(&shop, "Acme").await;
    let (bolt, other) = company(&shop, "Bolt").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", own, FIELD, "true").await;
    edit(&halo, "customer", own, "CFSeats", "20").await;
    edit(&halo, "customer", other, "CFSeats", "21").await;
    let document = push(&shop).await;
    assert_eq!(seats(&shop, &acme, own).await, pair("", "20"));
    assert_eq!(seats(&shop, &bolt, other).await, pair("21", "21"));
    let told = document.to_string();
    assert!(
        told.contains("left alone") && told.contains(FIELD),
        "{told}"
    );
    let about = [("description", "Theirs")];
    shop.sim.edit("companies", &acme, about).unwrap();
    let document = import(&shop, "companies").await;
    assert!(reason(&document, &acme).contains(FIELD), "{document}");
    let field = || async { halo.field("customer", own, "CFAbout").await.unwrap() };
    assert_eq!(field().await, "");
    // Both sides' changes of that time, once it ends.
    edit(&halo, "customer", own, FIELD, "false").await;
    push(&shop).await;
    import(&shop, "companies").await;
    assert_eq!(seats(&shop, &acme, own).await, pair("20", "20"));
    assert_eq!(field().await, "Theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_opted_out_in_hubspot_is_left_alone_until_that_ends() {
    let shop = shop(json!({ "companies": "both", "archive-inactive": true })).await;
    let (acme, own) = company(&shop, "Acme").await;
    let new = [
        ("name", "New"),
        ("domain", "new.example"),
        (PROPERTY, "true"),
    ];
    let new = shop.sim.create_company(new).unwrap();
    let out = [(PROPERTY, "true"), ("numberofemployees", "5")];
    shop.sim.edit("companies", &acme, out).unwrap();
    let document = import(&shop, "companies").await;
    for id in [&acme, &new] {
        assert!(reason(&document, id).contains(PROPERTY), "{document}");
    }
    let halo = shop.records().unwrap();
    assert_eq!(halo.all("customer").await.unwrap().len(), 1);
    edit(&halo, "customer", own, "CFSeats", "20").await;
    let top = ("toplevel_id", "top-level:1");
    let fields = [("name", "Mine"), ("domain", "new.example"), top];
    halo.add("customer", &fields).await.unwrap();
    shop.sim.reset_stats();
    let document = push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0, "{document}");
    assert_eq!(
        document.to_string().matches("left alone").count(),
        2,
        "{document}"
    );
    assert_eq!(halo.linked("customer", &new).await.unwrap(), None);
    edit(&halo, "customer", own, "inactive", "true").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 2, "nothing is archived");
    edit(&halo, "customer", own, "inactive", "false").await;
    push(&shop).await;
    // Everything is listed, and they are neither missing nor gone.
    shop.result(&["import", NAME, "companies", "--full"])
        .await
        .unwrap();
    assert_eq!(seats(&shop, &acme, own).await, pair("5", "20"));
    // HubSpot's change comes with the end; it wins what both have changed.
    for id in [&acme, &new] {
        shop.sim.edit("companies", id, [(PROPERTY, "")]).unwrap();
    }
    import(&shop, "companies").await;
    assert_eq!(seats(&shop, &acme, own).await, pair("5", "5"));
    assert!(halo.linked("customer", &new).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_opted_out_when_it_was_made_is_made_in_hubspot_once_that_ends() {
    let shop = shop(json!({ "companies": "on-creation", "contacts": "on-creation" })).await;
    let halo = shop.records().unwrap();
    let top = ("toplevel_id", "top-level:1");
    let fields = [("name", "Acme"), top, (FIELD, "true")];
    let own = halo.add("customer", &fields).await.unwrap();
    push(&shop).await;
    edit(&halo, "customer", own, "CFSeats", "20").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 0);
    edit(&halo, "customer", own, FIELD, "false").await;
    push(&shop).await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 1);
    // Each kind of change has its own setting, as ever.
    edit(&halo, "customer", own, "CFSeats", "30").await;
    edit(&halo, "customer", own, FIELD, "true").await;
    edit(&halo, "customer", own, FIELD, "false").await;
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_and_its_user_opt_out_like_companies() {
    let shop = shop(json!({ "contacts": "both" })).await;
    let (acme, _) = company(&shop, "Acme").await;
    let (ada, user) = contact(&shop, "ada@acme.example", &acme).await;
    let (bo, other) = contact(&shop, "bo@acme.example", &acme).await;
    let halo = shop.records().unwrap();
    edit(&halo, "user", user, FIELD, "true").await;
    shop.sim
        .edit("contacts", &bo, [(PROPERTY, "true")])
        .unwrap();
    for (id, name) in [(&ada, "Ada"), (&bo, "Bo")] {
        shop.sim
            .edit("contacts", id, [("firstname", name)])
            .unwrap();
    }
    for user in [user, other] {
        edit(&halo, "user", user, "CFJob", "Owner").await;
    }
    let document = import(&shop, "contacts").await;
    assert!(reason(&document, &ada).contains(FIELD), "{document}");
    assert!(reason(&document, &bo).contains(PROPERTY), "{document}");
    push(&shop).await;
    for (id, user) in [(&ada, user), (&bo, other)] {
        assert_eq!(value(&shop, "contacts", id, "jobtitle"), "");
        assert_eq!(halo.field("user", user, "firstname").await.unwrap(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_fields_and_properties_that_are_not_there_are_problems_of_the_settings() {
    let shop = shop(json!({ "companies": "both" })).await;
    let check = |halo: &str, hubspot: &str| {
        let mut settings: Value = serde_json::from_str(&text(&shop)).unwrap();
        settings["opt-out"] = json!({ "halo": halo, "hubspot": hubspot });
        shop.write("settings.json", &settings.to_string()).unwrap();
    };
    check("CFNowhere", "halo_alon");
    let told = shop.halo(&["--json", "check", "--online"]).await.unwrap();
    for part in [
        "/opt-out/halo",
        "CFNowhere",
        "/opt-out/hubspot",
        "did you mean",
        PROPERTY,
    ] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    check(FIELD, PROPERTY);
    let told = shop.halo(&["--json", "check", "--online"]).await.unwrap();
    assert!(!told.stdout.contains("/opt-out"), "{}", told.stdout);
}
