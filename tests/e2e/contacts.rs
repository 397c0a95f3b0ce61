//! Contacts to users (S21 to S28).

use halo_tests::kit::{NAME, Workshop};
use serde_json::{Value, json};

use crate::shop::{counts, empty, reason, unconnected};

mod gone;

/// Imports an entity; answers the document.
async fn import_of(shop: &Workshop, entity: &str) -> Value {
    shop.result(&["import", NAME, entity])
        .await
        .unwrap()
        .remove(0)
}

async fn contacts(shop: &Workshop) -> Value {
    import_of(shop, "contacts").await
}

/// Settings with these members of `contacts`.
fn apply(shop: &Workshop, contacts: Value) {
    let mut settings = shop.settings(json!({}));
    settings["contacts"] = contacts;
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// A contact of a company; none for the empty id.
fn contact(shop: &Workshop, email: &str, company: &str) -> String {
    let name = email.split('@').next().unwrap();
    let id = shop
        .sim
        .create(
            "contacts",
            [("email", email), ("firstname", name), ("lastname", "Doe")],
        )
        .unwrap();
    if !company.is_empty() {
        shop.sim
            .link(("contacts", &id), ("companies", company), true)
            .unwrap();
    }
    id
}

fn company(shop: &Workshop, name: &str) -> String {
    shop.sim.create_company([("name", name)]).unwrap()
}

/// The customer at whose site a contact's user sits.
async fn customer_of(shop: &Workshop, contact: &str) -> Option<u64> {
    let halo = shop.records().unwrap();
    let user = halo.linked("user", contact).await.unwrap()?;
    let number = |text: String| {
        text.rsplit([' ', ':'])
            .next()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let site = number(halo.field("user", user, "site_id").await.unwrap());
    Some(number(halo.field("site", site, "client_id").await.unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_import_all_brings_companies_first_so_that_contacts_find_their_customers() {
    let shop = empty().await;
    let acme = company(&shop, "Acme");
    let ada = contact(&shop, "ada@acme.example", &acme);
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "item-group": 1 });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let documents = shop.result(&["import", NAME, "all"]).await.unwrap();
    let imports = documents[0]["imports"].as_array().unwrap();
    let order: Vec<&str> = imports
        .iter()
        .map(|document| document["summary"]["entity"].as_str().unwrap())
        .collect();
    assert_eq!(
        order,
        ["companies", "contacts", "products", "deals", "quotes"]
    );
    assert_eq!(counts(&imports[1]), "created 1");
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &acme).await.unwrap();
    assert!(customer.is_some());
    assert_eq!(customer_of(&shop, &ada).await, customer);
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_a_contact_becomes_a_user_with_names_address_and_numbers_without_a_mapping_row() {
    let shop = empty().await;
    let acme = company(&shop, "Acme");
    let ada = contact(&shop, "ada@acme.example", &acme);
    let more = [("phone", "555 1"), ("mobilephone", "555 2")];
    shop.sim.edit("contacts", &ada, more).unwrap();
    shop.result(&["import", NAME, "all"]).await.unwrap();
    let halo = shop.records().unwrap();
    let user = halo.linked("user", &ada).await.unwrap().unwrap();
    for (field, value) in [
        ("name", "ada Doe"),
        ("firstname", "ada"),
        ("surname", "Doe"),
        ("emailaddress", "ada@acme.example"),
        ("phonenumber", "555 1"),
        ("mobilenumber", "555 2"),
    ] {
        assert_eq!(halo.field("user", user, field).await.unwrap(), value);
    }
    // Again: nothing is written; changed: that is.
    assert_eq!(counts(&contacts(&shop).await), "unchanged 1");
    shop.sim
        .edit("contacts", &ada, [("phone", "555 3")])
        .unwrap();
    assert_eq!(counts(&contacts(&shop).await), "updated 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a5_the_primary_company_decides_where_a_user_sits() {
    let shop = empty().await;
    let (acme, bolt) = (company(&shop, "Acme"), company(&shop, "Bolt"));
    let ada = contact(&shop, "ada@acme.example", &acme);
    shop.sim
        .link(("contacts", &ada), ("companies", &bolt), false)
        .unwrap();
    shop.result(&["import", NAME, "all"]).await.unwrap();
    let halo = shop.records().unwrap();
    let at = async |company: &str| halo.linked("customer", company).await.unwrap();
    assert_eq!(customer_of(&shop, &ada).await, at(&acme).await);
    // Another company becomes the primary one. HubSpot does not date that, so a list
    // of everything finds it.
    shop.sim
        .link(("contacts", &ada), ("companies", &bolt), true)
        .unwrap();
    shop.result(&["import", NAME, "contacts", "--full"])
        .await
        .unwrap();
    assert_eq!(customer_of(&shop, &ada).await, at(&bolt).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a25_contacts_of_a_company_that_is_a_site_sit_at_that_site() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let customer = halo.add("customer", &[("name", "Group")]).await.unwrap();
    let of = format!("customer:{customer}");
    halo.add("site", &[("name", "Main"), ("client_id", &of)])
        .await
        .unwrap();
    let branch = halo
        .add("site", &[("name", "Branch"), ("client_id", &of)])
        .await
        .unwrap();
    let acme = company(&shop, "Acme");
    let ada = contact(&shop, "ada@acme.example", &acme);
    shop.apply(json!({ "customers": [{ "company": acme, "site": branch }] }))
        .unwrap();
    shop.result(&["import", NAME, "all"]).await.unwrap();
    let user = halo.linked("user", &ada).await.unwrap().unwrap();
    let site = halo.field("user", user, "site_id").await.unwrap();
    assert!(site.ends_with(&branch.to_string()), "{site}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_s24_properties_of_contacts_fill_fields_of_users_of_the_same_type() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("user", "CFJob", "text").await.unwrap();
    halo.custom_field("user", "CFVip", "checkbox")
        .await
        .unwrap();
    let acme = company(&shop, "Acme");
    let ada = contact(&shop, "ada@acme.example", &acme);
    shop.sim
        .edit("contacts", &ada, [("jobtitle", "Countess")])
        .unwrap();
    apply(
        &shop,
        json!({ "fields": [{ "property": "jobtitle", "field": "cfjob" }] }),
    );
    shop.result(&["import", NAME, "all"]).await.unwrap();
    let user = halo.linked("user", &ada).await.unwrap().unwrap();
    assert_eq!(halo.field("user", user, "CFJob").await.unwrap(), "Countess");
    apply(
        &shop,
        json!({ "fields": [
            { "property": "jobtitle", "field": "CFVip" },
            { "property": "no_such_thing", "field": "CFJob" },
            { "property": "email", "field": "site_id" },
        ] }),
    );
    let checked = shop
        .halo(&["--json", "check", NAME, "--online"])
        .await
        .unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    for place in [
        "/contacts/fields/0/property",
        "/contacts/fields/1/property",
        "/contacts/fields/2/field",
    ] {
        assert!(checked.stdout.contains(place), "{place}: {checked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_a_contact_without_an_imported_company_goes_to_the_default_site() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let other = halo.add("customer", &[("name", "Others")]).await.unwrap();
    let of = format!("customer:{other}");
    let site = halo
        .add("site", &[("name", "Default"), ("client_id", &of)])
        .await
        .unwrap();
    apply(&shop, json!({ "default-site": site }));
    let (acme, bolt) = (company(&shop, "Acme"), company(&shop, "Bolt"));
    shop.result(&["import", NAME, "companies", "--select", &acme])
        .await
        .unwrap();
    let linked = contact(&shop, "ada@acme.example", &acme);
    let unlinked = contact(&shop, "bob@bolt.example", &bolt);
    let alone = contact(&shop, "carl@example.com", "");
    assert_eq!(counts(&contacts(&shop).await), "created 3");
    let customer = halo.linked("customer", &acme).await.unwrap();
    assert_eq!(customer_of(&shop, &linked).await, customer);
    assert_eq!(customer_of(&shop, &unlinked).await, Some(other));
    assert_eq!(customer_of(&shop, &alone).await, Some(other));
    // An existing user never moves there.
    shop.sim
        .unlink(("contacts", &linked), ("companies", &acme))
        .unwrap();
    shop.result(&["import", NAME, "contacts", "--full"])
        .await
        .unwrap();
    assert_eq!(customer_of(&shop, &linked).await, customer);
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_without_a_default_site_a_contact_waits_and_goes_in_by_itself() {
    let shop = empty().await;
    let acme = company(&shop, "Acme");
    let ada = contact(&shop, "ada@acme.example", &acme);
    let alone = contact(&shop, "carl@example.com", "");
    let document = contacts(&shop).await;
    assert_eq!(counts(&document), "skipped 1, waiting 1");
    assert!(
        reason(&document, &ada).contains(&format!("company {acme} is not in Halo yet")),
        "{document}"
    );
    assert!(reason(&document, &alone).contains("no company in HubSpot"));
    // As long as its company is not there, it costs nothing to ask again.
    shop.sim.reset_stats();
    contacts(&shop).await;
    assert_eq!(shop.sim.stats().calls_of("POST", "/contacts/batch/read"), 0);
    // Its company arrives; the contact itself has not changed.
    import_of(&shop, "companies").await;
    contacts(&shop).await;
    let halo = shop.records().unwrap();
    let customer = halo.linked("customer", &acme).await.unwrap();
    assert_eq!(customer_of(&shop, &ada).await, customer);
}

#[tokio::test(flavor = "multi_thread")]
async fn s27_a_user_with_that_address_at_that_customer_is_linked_and_none_is_made() {
    let shop = empty().await;
    let acme = company(&shop, "Acme");
    import_of(&shop, "companies").await;
    let halo = shop.records().unwrap();
    let site = halo.linked("site", &acme).await.unwrap().unwrap();
    let at = format!("site:{site}");
    let user = async |name: &str, email: &str| {
        halo.add(
            "user",
            &[("name", name), ("emailaddress", email), ("site_id", &at)],
        )
        .await
        .unwrap()
    };
    let known = user("Ada", "ADA@acme.example ").await;
    for name in ["Twin", "Other twin"] {
        user(name, "twin@acme.example").await;
    }
    let ada = contact(&shop, "ada@acme.example", &acme);
    let twin = contact(&shop, "twin@acme.example", &acme);
    let document = contacts(&shop).await;
    assert_eq!(counts(&document), "updated 1, conflict 1");
    assert_eq!(halo.linked("user", &ada).await.unwrap(), Some(known));
    assert!(
        reason(&document, &twin).contains("Give one of them another address"),
        "{document}"
    );
    assert_eq!(halo.all("user").await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_a_user_at_the_default_site_moves_to_its_company_and_one_that_was_moved_stays() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let customer = async |name: &str| {
        let customer = halo.add("customer", &[("name", name)]).await.unwrap();
        let of = format!("customer:{customer}");
        let site = halo
            .add("site", &[("name", "Main"), ("client_id", &of)])
            .await
            .unwrap();
        (customer, site)
    };
    let (_, default) = customer("Others").await;
    let (elsewhere, chosen) = customer("Elsewhere").await;
    apply(&shop, json!({ "default-site": default }));
    let acme = company(&shop, "Acme");
    let (ada, bob) = (
        contact(&shop, "ada@acme.example", &acme),
        contact(&shop, "bob@acme.example", &acme),
    );
    contacts(&shop).await;
    let moved = halo.linked("user", &bob).await.unwrap().unwrap();
    let to = format!("site:{chosen}");
    halo.edit("user", moved, &[("site_id", &to)]).await.unwrap();
    import_of(&shop, "companies").await;
    contacts(&shop).await;
    let customer = halo.linked("customer", &acme).await.unwrap();
    assert_eq!(customer_of(&shop, &ada).await, customer);
    assert_eq!(customer_of(&shop, &bob).await, Some(elsewhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_calls_a_thousand_contacts_and_all_users_at_the_right_customer() {
    // The promise is about 20,000: `HALO_CONTACTS=20000 cargo test … ten_calls`.
    let contacts_count: usize = std::env::var("HALO_CONTACTS")
        .ok()
        .map_or(2_000, |count| count.parse().unwrap());
    let options = halo_tests::hubspot_sim::SimOptions {
        companies: contacts_count / 13,
        contacts: contacts_count,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..Default::default()
    };
    let shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.connect().await.unwrap();
    import_of(&shop, "companies").await;
    shop.sim.reset_stats();
    contacts(&shop).await;
    let stats = shop.sim.stats();
    let pages = contacts_count.div_ceil(100) as u64;
    assert_eq!(stats.calls_of("GET", "/contacts"), pages, "{stats:?}");
    assert!(stats.calls <= pages + 4, "{stats:?}");
    println!("{contacts_count} contacts: {} calls", stats.calls);
    let halo = shop.records().unwrap();
    for row in shop.sim.snapshot("contacts").unwrap() {
        let id = row["id"].as_str().unwrap();
        // Without a company it is skipped, as there is no default site.
        let expected = match row["properties"]["associatedcompanyid"].as_str() {
            Some(company) => halo.linked("customer", company).await.unwrap(),
            None => None,
        };
        assert_eq!(customer_of(&shop, id).await, expected, "{row}");
    }
    assert!(halo.all("user").await.unwrap().len() > contacts_count / 2);
    // And again: nothing is written, and little is asked.
    let contents = halo.contents().await.unwrap();
    shop.sim.reset_stats();
    contacts(&shop).await;
    assert_eq!(halo.contents().await.unwrap(), contents);
    let stats = shop.sim.stats();
    println!("again: {} calls", stats.calls);
    assert!(stats.calls <= 30, "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_contacts_is_what_the_import_does() {
    let shop = unconnected(30).await;
    shop.connect().await.unwrap();
    import_of(&shop, "companies").await;
    for (number, company) in shop.sim.snapshot("companies").unwrap().iter().enumerate() {
        let company = company["id"].as_str().unwrap();
        contact(&shop, &format!("p{number}@example.com"), company);
    }
    let shown = shop
        .result(&["preview", NAME, "contacts"])
        .await
        .unwrap()
        .remove(0);
    let halo = shop.records().unwrap();
    assert_eq!(halo.all("user").await.unwrap().len(), 0);
    let run = shown["summary"]["run"].to_string();
    let done = shop
        .result(&["import", NAME, "contacts", "--preview", &run])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(counts(&done), counts(&shown));
    assert_eq!(done["deviations"], json!([]));
}

/// An account with contacts of companies.
async fn account() -> Workshop {
    let options = halo_tests::hubspot_sim::SimOptions {
        companies: 60,
        contacts: 700,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..Default::default()
    };
    let mut shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.work_over(crate::records());
    shop.connect().await.unwrap();
    shop
}

/// Every user with its address and the name of its customer.
async fn seated(shop: &Workshop) -> Vec<(String, String)> {
    let halo = shop.records().unwrap();
    let mut seated = Vec::new();
    for row in shop.sim.snapshot("contacts").unwrap() {
        let Some(customer) = customer_of(shop, row["id"].as_str().unwrap()).await else {
            continue;
        };
        let name = halo.field("customer", customer, "name").await.unwrap();
        let email = row["properties"]["email"].as_str().unwrap_or_default();
        seated.push((email.to_owned(), name));
    }
    assert_eq!(seated.len(), halo.all("user").await.unwrap().len());
    seated.sort();
    seated
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_in_any_order_and_killed_at_any_moment_all_end_at_the_same_customers() {
    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};

    let seed = std::env::var("HALO_KILL_SEED")
        .ok()
        .map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    println!("HALO_KILL_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let clean = account().await;
    let begun = std::time::Instant::now();
    for entity in ["companies", "contacts"] {
        import_of(&clean, entity).await;
    }
    let each = begun.elapsed().div_f64(2.0);
    let shop = account().await;
    for entity in ["contacts", "companies", "contacts", "companies", "contacts"] {
        let mut import = shop.command(&["import", NAME, entity]).spawn().unwrap();
        tokio::time::sleep(each.mul_f64(rng.random_range(0.0..1.2))).await;
        import.kill().await.unwrap();
    }
    for entity in ["contacts", "companies", "contacts"] {
        import_of(&shop, entity).await;
    }
    let expected = seated(&clean).await;
    assert!(expected.len() > 300, "{}", expected.len());
    assert_eq!(seated(&shop).await, expected);
    assert_eq!(counts(&import_of(&shop, "contacts").await), "");
}
