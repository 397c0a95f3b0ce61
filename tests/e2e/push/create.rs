//! Records that were made in Halo.

use super::*;

/// A customer as a person in Halo makes it, with its site.
pub(super) async fn customer(halo: &Halo, name: &str, domain: &str) -> (u64, String) {
    let top = "top-level:1";
    let fields = [
        ("name", name),
        ("domain", domain),
        ("toplevel_id", top),
        ("CFSeats", "5"),
    ];
    let id = halo.add("customer", &fields).await.unwrap();
    let of = format!("customer:{id}");
    let fields = [("name", "Main"), ("client_id", of.as_str())];
    let site = halo.add("site", &fields).await.unwrap();
    (id, format!("site:{site}"))
}

pub(super) async fn user(halo: &Halo, first: &str, email: &str, site: &str) -> u64 {
    let fields = [
        ("name", first),
        ("firstname", first),
        ("emailaddress", email),
        ("site_id", site),
        ("CFJob", "Owner"),
    ];
    halo.add("user", &fields).await.unwrap()
}

/// The ids of all objects of a type.
pub(super) fn ids(shop: &Workshop, kind: &str) -> Vec<String> {
    let all = shop.sim.snapshot(kind).unwrap();
    let ids = all.iter().map(|row| row["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_a_new_customer_is_one_company_and_its_user_one_contact_of_it() {
    let back = json!({ "companies": "on-creation", "contacts": "on-creation", "new-company-stage": "lead" });
    let shop = with(back).await;
    let halo = shop.records().unwrap();
    let (own, site) = customer(&halo, "Acme", "acme.example").await;
    let ada = user(&halo, "Ada", "ada@acme.example", &site).await;
    user(&halo, "General User", "", &site).await;
    push(&shop).await;
    let companies = ids(&shop, "companies");
    let contacts = ids(&shop, "contacts");
    assert_eq!((companies.len(), contacts.len()), (1, 1));
    for (property, expected) in [
        ("name", "Acme"),
        ("domain", "acme.example"),
        ("numberofemployees", "5"),
        ("lifecyclestage", "lead"),
    ] {
        assert_eq!(value(&shop, "companies", &companies[0], property), expected);
    }
    for (property, expected) in [
        ("firstname", "Ada"),
        ("email", "ada@acme.example"),
        ("jobtitle", "Owner"),
        ("associatedcompanyid", companies[0].as_str()),
    ] {
        assert_eq!(value(&shop, "contacts", &contacts[0], property), expected);
    }
    assert_eq!(
        halo.linked("customer", &companies[0]).await.unwrap(),
        Some(own)
    );
    assert_eq!(halo.linked("user", &contacts[0]).await.unwrap(), Some(ada));
    // No import makes a second one, and nothing goes back and forth.
    let contents = halo.contents().await.unwrap();
    shop.sim.reset_stats();
    for entity in ["companies", "contacts"] {
        import(&shop, entity).await;
    }
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0);
    assert_eq!(halo.all("customer").await.unwrap().len(), 1);
    assert_eq!(halo.contents().await.unwrap().len(), contents.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_what_is_there_already_is_linked_and_not_doubled() {
    let shop = with(json!({ "companies": "both", "contacts": "both" })).await;
    let acme = [("name", "Acme Inc"), ("domain", "acme.example")];
    let acme = shop.sim.create_company(acme).unwrap();
    let ada = shop
        .sim
        .create("contacts", [("email", "ada@acme.example")])
        .unwrap();
    let halo = shop.records().unwrap();
    let (own, site) = customer(&halo, "Acme", "ACME.example").await;
    let user = user(&halo, "Ada", "Ada@acme.example", &site).await;
    push(&shop).await;
    assert_eq!(
        (count(&shop, "companies"), count(&shop, "contacts")),
        (1, 1)
    );
    assert_eq!(halo.linked("customer", &acme).await.unwrap(), Some(own));
    assert_eq!(halo.linked("user", &ada).await.unwrap(), Some(user));
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_a_ticked_field_of_what_is_linked_goes_where_it_is_empty_and_else_is_the_winners() {
    for (winner, both) in [("hubspot", "50"), ("halo", "5")] {
        let shop = with(json!({ "companies": "on-creation", "conflicts": winner })).await;
        let halo = shop.records().unwrap();
        let mut pairs = Vec::new();
        for (name, domain, theirs) in [("Acme", "acme.example", ""), ("Bolt", "bolt.example", "50")]
        {
            let fields = [
                ("name", name),
                ("domain", domain),
                ("numberofemployees", theirs),
            ];
            let id = shop.sim.create_company(fields).unwrap();
            pairs.push((id, customer(&halo, name, domain).await.0));
        }
        push(&shop).await;
        import(&shop, "companies").await;
        for ((id, own), expected) in pairs.iter().zip(["5", both]) {
            assert_eq!(halo.linked("customer", id).await.unwrap(), Some(*own));
            let seats = halo.field("customer", *own, "CFSeats").await.unwrap();
            assert_eq!(seats, expected, "{winner}");
            let seats = value(&shop, "companies", id, "numberofemployees");
            assert_eq!(seats, expected, "{winner}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s68_with_update_only_a_customer_that_was_never_linked_makes_no_company() {
    let shop = with(json!({ "companies": "on-update" })).await;
    let halo = shop.records().unwrap();
    let (own, _) = customer(&halo, "Acme", "acme.example").await;
    push(&shop).await;
    edit(&halo, "customer", own, "CFSeats", "6").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 0);
}
