//! Contacts that were deleted, restored or merged in HubSpot.

use halo_tests::kit::{NAME, Workshop};
use serde_json::Value;

use super::{company, contact, contacts, customer_of, import_of};
use crate::shop::{counts, empty, reason};

async fn full(shop: &Workshop) -> Value {
    let arguments = ["import", NAME, "contacts", "--full"];
    shop.result(&arguments).await.unwrap().remove(0)
}

/// A shop with a company whose contacts of these names are users.
async fn with(names: &[&str]) -> (Workshop, Vec<String>) {
    let shop = empty().await;
    let acme = company(&shop, "Acme");
    let people = { names.iter() }
        .map(|name| contact(&shop, &format!("{name}@acme.example"), &acme))
        .collect();
    import_of(&shop, "companies").await;
    contacts(&shop).await;
    (shop, people)
}

async fn phone(shop: &Workshop, contact: &str) -> String {
    let halo = shop.records().unwrap();
    let user = halo.linked("user", contact).await.unwrap().unwrap();
    halo.field("user", user, "phonenumber").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_contact_is_reported_once_its_user_stays_and_restored_it_is_followed() {
    let (shop, people) = with(&["ada", "bo"]).await;
    let halo = shop.records().unwrap();
    let before = halo.contents().await.unwrap();
    shop.sim.archive("contacts", &people[0]).unwrap();
    contacts(&shop).await;
    let document = full(&shop).await;
    assert_eq!(counts(&document), "unchanged 1, skipped 1");
    let user = halo.linked("user", &people[0]).await.unwrap().unwrap();
    let told = reason(&document, &people[0]);
    assert!(
        told.contains("The contact was deleted in HubSpot on 20")
            && told.contains(&format!("user {user}")),
        "{told}"
    );
    assert_eq!(halo.contents().await.unwrap(), before);
    assert_eq!(counts(&full(&shop).await), "unchanged 1");
    shop.sim.restore("contacts", &people[0]).unwrap();
    let change = [("phone", "555 7")];
    shop.sim.edit("contacts", &people[0], change).unwrap();
    assert!(counts(&contacts(&shop).await).starts_with("updated 1"));
    assert_eq!(phone(&shop, &people[0]).await, "555 7");
    // Deleted for good.
    shop.sim.archive("contacts", &people[1]).unwrap();
    shop.sim.purge("contacts", &people[1]).unwrap();
    let document = full(&shop).await;
    assert!(
        reason(&document, &people[1]).contains("not even in its recycling bin"),
        "{document}"
    );
    assert_eq!(halo.all("user").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_a_deleted_contact_goes_to_a_new_one_with_its_address() {
    let (shop, people) = with(&["ada"]).await;
    let halo = shop.records().unwrap();
    let user = halo.linked("user", &people[0]).await.unwrap();
    shop.sim.archive("contacts", &people[0]).unwrap();
    full(&shop).await;
    let acme = shop.sim.snapshot("companies").unwrap()[0]["id"].clone();
    let again = contact(&shop, "ada@acme.example", acme.as_str().unwrap());
    contacts(&shop).await;
    assert_eq!(halo.linked("user", &again).await.unwrap(), user);
    assert_eq!(halo.all("user").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_was_merged_into_another_goes_on_as_the_user_that_is_there() {
    let (shop, people) = with(&["ada"]).await;
    let halo = shop.records().unwrap();
    let user = halo.linked("user", &people[0]).await.unwrap();
    let at = customer_of(&shop, &people[0]).await;
    // The other one never was in Halo.
    let other = contact(&shop, "ada@home.example", "");
    let heir = shop.sim.merge("contacts", &people[0], &other).unwrap();
    shop.sim
        .edit("contacts", &heir, [("phone", "555 8")])
        .unwrap();
    let document = contacts(&shop).await;
    assert_eq!(halo.linked("user", &heir).await.unwrap(), user);
    assert_eq!(customer_of(&shop, &heir).await, at);
    assert_eq!(phone(&shop, &heir).await, "555 8");
    assert!(
        reason(&document, &people[0]).contains(&format!("merged into contact {heir}")),
        "{document}"
    );
    assert_eq!(halo.all("user").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_users_of_contacts_that_were_merged_are_named_and_neither_is_chosen() {
    let (shop, people) = with(&["ada", "bo"]).await;
    let heir = shop.sim.merge("contacts", &people[0], &people[1]).unwrap();
    let document = contacts(&shop).await;
    assert!(
        reason(&document, &heir).contains("Merge those in Halo"),
        "{document}"
    );
    for merged in &people {
        let told = reason(&document, merged);
        assert!(
            told.contains(&format!("merged into contact {heir}")),
            "{told}"
        );
    }
    assert_eq!(counts(&full(&shop).await), "conflict 1");
}
