//! What a mapping row says beside its two names (S15), and the address by a switch
//! (A23).

use halo_tests::kit::Workshop;
use serde_json::json;

use crate::shop::{counts, empty, import};

async fn checked(shop: &Workshop, path: &str) {
    let checked = shop.halo(&["check", "hubspot"]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(checked.stdout.contains(path), "{path}: {checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_new_records_only_and_never_update_fill_a_field_once() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    for field in ["CFNew", "CFOnce"] {
        halo.custom_field("customer", field, "text").await.unwrap();
    }
    let matched = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let own = [("name", "Bolt"), ("CFOnce", "own")];
    let with_own = halo.add("customer", &own).await.unwrap();
    let company = |name| {
        let properties = [("name", name), ("city", "Ghent"), ("zip", "9000")];
        shop.sim.create_company(properties).unwrap()
    };
    let (acme, bolt, zenith) = (company("Acme"), company("Bolt"), company("Zenith"));
    let rows = json!([
        { "property": "city", "field": "CFNew", "new-records-only": true },
        { "property": "zip", "field": "CFOnce", "never-update": true },
    ]);
    shop.apply(json!({ "fields": rows })).unwrap();
    assert_eq!(
        counts(&import(&shop).await),
        "created 1, updated 1, unchanged 1"
    );
    let made = halo.linked("customer", &zenith).await.unwrap().unwrap();
    let values = async |customer: u64| {
        let new = halo.field("customer", customer, "CFNew").await.unwrap();
        (
            new,
            halo.field("customer", customer, "CFOnce").await.unwrap(),
        )
    };
    let both = |new: &str, once: &str| (new.to_owned(), once.to_owned());
    assert_eq!(values(made).await, both("Ghent", "9000"));
    assert_eq!(values(matched).await, both("", "9000"));
    assert_eq!(values(with_own).await, both("", "own"));
    for id in [&acme, &bolt, &zenith] {
        let changed = [("city", "Bruges"), ("zip", "8000")];
        shop.sim.edit("companies", id, changed).unwrap();
    }
    assert_eq!(counts(&import(&shop).await), "unchanged 3");
    assert_eq!(values(made).await, both("Ghent", "9000"));
    assert_eq!(values(matched).await, both("", "9000"));
    // Without the option it is a row like any other, which was never compared here.
    let rows = json!([{ "property": "city", "field": "CFNew" }]);
    shop.apply(json!({ "fields": rows })).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 3");
    assert_eq!(values(made).await, both("Bruges", "9000"));
    assert_eq!(values(with_own).await, both("Bruges", "own"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_an_emptied_property_clears_halos_field_as_its_row_says() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let fields = ["CFUnset", "CFTrue", "CFFalse"];
    for field in fields {
        halo.custom_field("customer", field, "text").await.unwrap();
    }
    let rows = json!([
        { "property": "city", "field": "CFUnset" },
        { "property": "city", "field": "CFTrue", "empty-overwrites": true },
        { "property": "city", "field": "CFFalse", "empty-overwrites": false },
    ]);
    shop.apply(json!({ "fields": rows })).unwrap();
    let mut customers = Vec::new();
    for name in ["Ours", "Theirs"] {
        let company = shop
            .sim
            .create_company([("name", name), ("city", "Ghent")])
            .unwrap();
        import(&shop).await;
        let customer = halo.linked("customer", &company).await.unwrap().unwrap();
        customers.push((company, customer));
    }
    let edits = fields.map(|field| (field, "Halle"));
    halo.edit("customer", customers[1].1, &edits).await.unwrap();
    for (company, _) in &customers {
        shop.sim.edit("companies", company, [("city", "")]).unwrap();
    }
    assert_eq!(counts(&import(&shop).await), "updated 2");
    for ((_, customer), expected) in customers
        .iter()
        .zip([["", "", "Ghent"], ["Halle", "", "Halle"]])
    {
        for (field, expected) in fields.iter().zip(expected) {
            let value = halo.field("customer", *customer, field).await.unwrap();
            assert_eq!(value, expected, "{field} of {customer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_options_that_contradict_each_other_are_named_by_check() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCity", "text")
        .await
        .unwrap();
    for (options, path) in [
        (
            json!({ "new-records-only": true, "never-update": true }),
            "/companies/fields/0/never-update",
        ),
        (
            json!({ "new-records-only": true, "empty-overwrites": true }),
            "/companies/fields/0/empty-overwrites",
        ),
        (
            json!({ "never-update": true, "empty-overwrites": true }),
            "/companies/fields/0/empty-overwrites",
        ),
        (
            json!({ "never-update": "yes" }),
            "/companies/fields/0/never-update",
        ),
        (
            json!({ "never-updated": true }),
            "did you mean \"never-update\"",
        ),
    ] {
        let mut row = json!({ "property": "city", "field": "CFCity" });
        for (name, value) in options.as_object().unwrap() {
            row[name] = value.clone();
        }
        shop.apply(json!({ "fields": [row] })).unwrap();
        checked(&shop, path).await;
    }
    let row = json!({ "property": "city", "field": "CFCity", "never-update": true, "empty-overwrites": false });
    shop.apply(json!({ "fields": [row] })).unwrap();
    let ended = shop.halo(&["check", "hubspot"]).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The address of a site, line by line, then postcode and country.
async fn address(shop: &Workshop, site: u64) -> [String; 6] {
    let halo = shop.records().unwrap();
    let fields = halo.fields("site", site).await.unwrap();
    [
        "delivery_address.line1",
        "delivery_address.line2",
        "delivery_address.line3",
        "delivery_address.line4",
        "delivery_address.postcode",
        "country_code",
    ]
    .map(|name| {
        let mut fields = fields.iter();
        let found = fields.find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    })
}

const ADDRESS: [(&str, &str); 6] = [
    ("address", "Korenmarkt 1"),
    ("address2", "Box 2"),
    ("city", "Ghent"),
    ("state", "East Flanders"),
    ("zip", "9000"),
    ("country", "Belgium"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a23_the_address_comes_to_the_first_site_by_a_switch_and_follows_hubspot() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme")].into_iter().chain(ADDRESS))
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    let site = halo.linked("site", &id).await.unwrap().unwrap();
    assert_eq!(address(&shop, site).await.concat(), "", "off by default");
    // On: it comes for companies that did not change in HubSpot, too.
    shop.apply(json!({ "address": true })).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(address(&shop, site).await, ADDRESS.map(|(_, value)| value));
    let new = shop
        .sim
        .create_company([("name", "Zenith")].into_iter().chain(ADDRESS))
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1, unchanged 1");
    let of_new = halo.linked("site", &new).await.unwrap().unwrap();
    assert_eq!(
        address(&shop, of_new).await,
        ADDRESS.map(|(_, value)| value)
    );

    // An edit in Halo stays, also when HubSpot changes; the rest follows.
    let edit = [("delivery_address.line2", "First floor")];
    halo.edit("site", site, &edit).await.unwrap();
    let changed = [("city", "Bruges"), ("address2", ""), ("zip", "")];
    shop.sim.edit("companies", &id, changed).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "updated 1, unchanged 1");
    assert_eq!(
        address(&shop, site).await,
        [
            "Korenmarkt 1",
            "First floor",
            "Bruges",
            "East Flanders",
            "",
            "Belgium"
        ]
    );
    // The row's changes are told although its customer is as it was.
    let ended = shop.halo(&["report", "hubspot"]).await.unwrap();
    assert!(
        ended
            .stdout
            .contains("delivery_address.line3: Ghent → Bruges"),
        "{ended:?}"
    );
    let ended = shop
        .halo(&["why", "hubspot", "companies", &id])
        .await
        .unwrap();
    for expected in [
        "Linked to customer ",
        "Linked to site ",
        "delivery_address.line3: Ghent → Bruges",
    ] {
        assert!(ended.stdout.contains(expected), "{expected}: {ended:?}");
    }
    assert_eq!(counts(&import(&shop).await), "unchanged 2");
    // Off and on again: what came from HubSpot is still known as that.
    shop.apply(json!({ "address": false })).unwrap();
    shop.sim
        .edit("companies", &id, [("city", "Ghent")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "unchanged 2");
    shop.apply(json!({ "address": true })).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1, unchanged 1");
    assert_eq!(address(&shop, site).await[2], "Ghent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_the_address_of_a_matched_company_fills_what_is_empty_at_the_customers_first_site() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let customer = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let of = format!("customer:{customer}");
    let inactive = [("name", "Old"), ("client_id", &*of), ("inactive", "true")];
    let old = halo.add("site", &inactive).await.unwrap();
    let fields = [
        ("name", "Main"),
        ("client_id", &*of),
        ("delivery_address.line3", "Gent"),
    ];
    let site = halo.add("site", &fields).await.unwrap();
    halo.add("site", &[("name", "Other"), ("client_id", &*of)])
        .await
        .unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme")].into_iter().chain(ADDRESS))
        .unwrap();
    let long = "x".repeat(300);
    let refused = shop
        .sim
        .create_company([("name", "Long"), ("address", long.as_str())])
        .unwrap();
    shop.apply(json!({ "address": true })).unwrap();
    let document = import(&shop).await;
    assert_eq!(counts(&document), "updated 1, failed 1");
    assert!(
        crate::shop::reason(&document, &refused).contains("255"),
        "{document}"
    );
    assert_eq!(halo.linked("site", &id).await.unwrap(), Some(site));
    let mut expected = ADDRESS.map(|(_, value)| value);
    expected[2] = "Gent";
    assert_eq!(address(&shop, site).await, expected);
    assert_eq!(address(&shop, old).await.concat(), "");
    // Mended, and the customer gets the site that could not be made.
    shop.sim
        .edit("companies", &refused, [("address", "Short")])
        .unwrap();
    import(&shop).await;
    let site = halo.linked("site", &refused).await.unwrap().unwrap();
    assert_eq!(address(&shop, site).await[0], "Short");
}
