//! A pair of the mapping table may name a site (A25).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::customers;
use crate::shop::{connected, counts, empty, import, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_pair_may_name_a_site() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", "CFCity", "text")
        .await
        .unwrap();
    let acme = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let of = format!("customer:{acme}");
    let fields = [("name", "Branch"), ("client_id", of.as_str())];
    let site = halo.add("site", &fields).await.unwrap();
    let untouched = halo.fields("customer", acme).await.unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme Ghent"), ("phone", "555"), ("city", "Ghent")])
        .unwrap();
    let table = json!([{ "company": id, "site": site }]);
    let fields = json!([{ "property": "city", "field": "CFCity" }]);
    let settings = json!({ "customers": table, "fields": fields, "address": true });
    shop.apply(settings).unwrap();
    let checked = shop.halo(&["check", "hubspot", "--online"]).await.unwrap();
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let previewed = shop
        .halo(&["preview", "hubspot", "companies"])
        .await
        .unwrap();
    assert!(
        previewed.stdout.contains("phonenumber: (empty) → 555"),
        "{previewed:?}"
    );
    assert_eq!(counts(&import(&shop).await), "updated 1");

    assert_eq!(customers(&shop).await, ["Acme"], "none was made");
    assert_eq!(halo.fields("customer", acme).await.unwrap(), untouched);
    assert_eq!(halo.linked("site", &id).await.unwrap(), Some(site));
    assert_eq!(halo.linked("customer", &id).await.unwrap(), None);
    let value = async |name: &str| halo.field("site", site, name).await.unwrap();
    assert_eq!(value("name").await, "Branch", "its name is Halo's own");
    assert_eq!(value("phonenumber").await, "555");
    assert_eq!(value("delivery_address.line3").await, "Ghent");
    assert_eq!(halo.all("site").await.unwrap().len(), 1);

    // It follows HubSpot, and an edit in Halo stays.
    halo.edit("site", site, &[("delivery_address.line3", "Gent")])
        .await
        .unwrap();
    let changed = [("phone", "556"), ("city", "Bruges"), ("name", "New")];
    shop.sim.edit("companies", &id, changed).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(value("phonenumber").await, "556");
    assert_eq!(value("delivery_address.line3").await, "Gent");
    assert_eq!(value("name").await, "Branch");
    assert_eq!(counts(&import(&shop).await), "unchanged 1");

    let report = shop.result(&["report", "hubspot"]).await.unwrap().remove(0);
    let row = &report["rows"][0];
    assert_eq!(
        (&row["kind"], &row["record"]),
        (&json!("site"), &json!(site))
    );
    let told = shop
        .halo(&["why", "hubspot", "companies", &id])
        .await
        .unwrap()
        .stdout;
    let linked = format!("Linked to site {site} \"Branch\", by the key {id}");
    for expected in [&*linked, "phonenumber: 555 → 556"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("Linked to no"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_company_that_becomes_a_site_leaves_its_customer_and_goes_back_without_the_pair() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let of = format!("customer:{acme}");
    let fields = [("name", "Branch"), ("client_id", of.as_str())];
    let branch = halo.add("site", &fields).await.unwrap();
    let id = shop
        .sim
        .create_company([("name", "Acme Ghent"), ("phone", "1")])
        .unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    let first = halo.linked("site", &id).await.unwrap().unwrap();
    let untouched = halo.fields("customer", customer).await.unwrap();

    let table = json!([{ "company": id, "site": branch }]);
    shop.apply(json!({ "customers": table })).unwrap();
    shop.sim.edit("companies", &id, [("phone", "2")]).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(halo.linked("site", &id).await.unwrap(), Some(branch));
    assert_eq!(halo.linked("customer", &id).await.unwrap(), Some(customer));
    assert_eq!(halo.fields("customer", customer).await.unwrap(), untouched);
    let told = async || {
        let ended = shop.halo(&["why", "hubspot", "companies", &id]).await;
        ended.unwrap().stdout
    };
    let text = told().await;
    for expected in [
        format!("Customer {customer} \"Acme Ghent\", which it was before, stays as it is"),
        format!("Linked to site {branch}"),
        "phonenumber: (empty) → 2".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected}: {text}");
    }

    // Back: to its link, and to the site of that customer; the branch stays as it is.
    let of_branch = halo.fields("site", branch).await.unwrap();
    shop.apply(json!({})).unwrap();
    assert_eq!(counts(&import(&shop).await), "updated 1");
    assert_eq!(halo.linked("customer", &id).await.unwrap(), Some(customer));
    assert_eq!(halo.linked("site", &id).await.unwrap(), Some(first));
    assert_eq!(halo.fields("site", branch).await.unwrap(), of_branch);
    let phone = halo
        .field("customer", customer, "main_phonenumber")
        .await
        .unwrap();
    assert_eq!(phone, "2");
    assert_eq!(counts(&import(&shop).await), "unchanged 1");
    let text = told().await;
    assert!(
        text.contains(&format!("Linked to customer {customer}")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_without_its_pair_a_company_that_never_was_a_customer_becomes_one() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let of = format!("customer:{acme}");
    let fields = [("name", "Branch"), ("client_id", of.as_str())];
    let branch = halo.add("site", &fields).await.unwrap();
    let id = shop.sim.create_company([("name", "Acme Ghent")]).unwrap();
    let table = json!([{ "company": id, "site": branch }]);
    shop.apply(json!({ "customers": table })).unwrap();
    assert_eq!(counts(&import(&shop).await), "unchanged 1");
    let before = halo.fields("site", branch).await.unwrap();

    shop.apply(json!({})).unwrap();
    assert_eq!(counts(&import(&shop).await), "created 1");
    let customer = halo.linked("customer", &id).await.unwrap().unwrap();
    let site = halo.linked("site", &id).await.unwrap().unwrap();
    assert_ne!(site, branch);
    let of = halo.field("site", site, "client_id").await.unwrap();
    assert_eq!(of, format!("customer {customer}"));
    assert_eq!(halo.fields("site", branch).await.unwrap(), before);
    assert_eq!(counts(&import(&shop).await), "unchanged 1");
    assert_eq!(halo.all("site").await.unwrap().len(), 2);
    // And to and fro once more: no third site.
    let table = json!([{ "company": id, "site": branch }]);
    for (table, leads_to) in [(table, branch), (json!([]), site)] {
        shop.apply(json!({ "customers": table })).unwrap();
        import(&shop).await;
        assert_eq!(halo.linked("site", &id).await.unwrap(), Some(leads_to));
    }
    assert_eq!(halo.all("site").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_company_that_is_a_site_and_was_deleted_in_hubspot_is_told_once() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let of = format!("customer:{acme}");
    let fields = [("name", "Branch"), ("client_id", of.as_str())];
    let site = halo.add("site", &fields).await.unwrap();
    let id = shop.sim.create_company([("name", "Acme Ghent")]).unwrap();
    let table = json!([{ "company": id, "site": site }]);
    shop.apply(json!({ "customers": table })).unwrap();
    import(&shop).await;
    shop.sim.archive("companies", &id).unwrap();
    let full = async || {
        let full = ["import", "hubspot", "companies", "--full"];
        shop.result(&full).await.unwrap().remove(0)
    };
    let document = full().await;
    assert_eq!(counts(&document), "skipped 1");
    let told = reason(&document, &id);
    let stays = format!("site {site} stays as it is");
    assert!(told.contains(&stays), "{told}");
    assert_eq!(counts(&full().await), "");
    shop.sim.restore("companies", &id).unwrap();
    assert_eq!(counts(&full().await), "unchanged 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_wrong_pair_to_a_site_stops_its_row_and_no_other() {
    let shop = empty().await;
    let halo = shop.records().unwrap();
    let acme = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let of = format!("customer:{acme}");
    let mut sites = Vec::new();
    for name in ["One", "Two"] {
        let fields = [("name", name), ("client_id", of.as_str())];
        sites.push(halo.add("site", &fields).await.unwrap());
    }
    let companies: Vec<String> = (0..8)
        .map(|n| {
            let name = format!("Company {n}");
            shop.sim.create_company([("name", name.as_str())]).unwrap()
        })
        .collect();
    let table = json!([
        { "company": companies[0], "site": sites[0] },
        { "company": companies[1], "site": sites[0] },
        { "company": companies[2], "site": 999_999 },
        { "company": companies[3], "site": sites[1] },
        { "company": companies[3], "customer": acme },
    ]);
    shop.apply(json!({ "customers": table })).unwrap();
    let paths = async || -> Vec<String> {
        let ended = shop.halo(&["--json", "check", "hubspot"]).await.unwrap();
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let document = ended.json().unwrap().remove(0);
        let problems = document["problems"].as_array().unwrap().iter();
        problems
            // What nobody has set up yet is warned of.
            .filter(|problem| problem["severity"] == "error")
            .map(|problem| problem["path"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        paths().await,
        [
            "/companies/customers/1/site",
            "/companies/customers/4/company",
            "/companies/customers/2/site",
        ]
    );
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 4, conflict 4");
    for (company, expected) in [
        (0, format!("site {} for several companies", sites[0])),
        (2, "site 999999, which does not exist".to_owned()),
        (3, format!("for customer {acme} and site {}", sites[1])),
    ] {
        let told = reason(&document, &companies[company]);
        assert!(told.contains(&expected), "{told}");
    }

    // Both in one row, or neither: check names the row, and an import stops that one.
    let table = json!([
        { "company": companies[4], "customer": acme, "site": sites[0] },
        { "company": companies[5] },
        { "company": companies[6], "site": sites[1] },
    ]);
    shop.apply(json!({ "customers": table })).unwrap();
    assert_eq!(
        paths().await,
        ["/companies/customers/0", "/companies/customers/1"]
    );
    let document = import(&shop).await;
    assert_eq!(counts(&document), "created 4, unchanged 2, conflict 2");
    assert!(reason(&document, &companies[4]).contains("twice"));
    assert!(reason(&document, &companies[5]).contains("neither a customer nor a site"));
}

/// Makes what a table of `n` pairs needs: customers and sites by turns.
async fn long_table(shop: &halo_tests::kit::Workshop, companies: &[String], n: usize) -> Value {
    use halo_host::model::{RecordRef, Row, RowOptions, Value};
    use halo_host::store::{Scope, Store};
    let halo = shop.records().unwrap();
    let acme = halo.add("customer", &[("name", "Acme")]).await.unwrap();
    let person = Scope {
        connection: String::new(),
        layer: 0,
        run: None,
        cause: "edit".to_owned(),
        lane: None,
    };
    let rows: Vec<Row> = (0..n)
        .map(|index| {
            let name = Value::Text(format!("Record {index}"));
            let mut fields = BTreeMap::from([("name".to_owned(), name)]);
            let is_site = index % 2 == 1;
            if is_site {
                let of = Value::Reference {
                    kind: "customer".to_owned(),
                    to: RecordRef::Id(acme),
                };
                fields.insert("client_id".to_owned(), of);
            }
            Row {
                kind: if is_site { "site" } else { "customer" }.to_owned(),
                key: None,
                id: None,
                other_keys: Vec::new(),
                expected: None,
                fields,
                options: RowOptions {
                    may_create: true,
                    ..RowOptions::default()
                },
            }
        })
        .collect();
    let now = halo_host::clock::Clock::default().now();
    let mut pairs = Vec::with_capacity(n);
    for rows in rows.chunks(1_000) {
        let written = halo.store.upsert(&person, rows, now).await.unwrap();
        for (row, written) in rows.iter().zip(written) {
            // Most companies of a long table are not in this account any more.
            let company = match companies.get(pairs.len()) {
                Some(company) => company.clone(),
                None => (9_000_000_000 + pairs.len() as u64).to_string(),
            };
            let mut pair = json!({ "company": company });
            pair[&row.kind] = written.unwrap().id.into();
            pairs.push(pair);
        }
    }
    pairs.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_a_table_of_ten_thousand_pairs_is_checked_and_imported_quickly() {
    const PAIRS: usize = 10_000;
    let shop = connected(0).await;
    let companies: Vec<String> = (0..300)
        .map(|n| {
            let name = format!("Company {n}");
            let properties = [("name", name.as_str()), ("phone", "1")];
            shop.sim.create_company(properties).unwrap()
        })
        .collect();
    let mut table = long_table(&shop, &companies, PAIRS).await;
    shop.apply(json!({ "customers": table })).unwrap();
    let begun = Instant::now();
    let checked = shop.halo(&["check", "hubspot"]).await.unwrap();
    assert_eq!(checked.code, Some(0), "{checked:?}");
    println!("checked in {:?}", begun.elapsed());
    // Far above what it takes, far below what quadratic work would take.
    assert!(begun.elapsed() < Duration::from_secs(20));
    let begun = Instant::now();
    // Rows whose company HubSpot does not have are told, too.
    assert_eq!(counts(&import(&shop).await), "updated 300, skipped 9700");
    println!("imported in {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(40));

    // One wrong row at the very end is found, of either kind.
    table[PAIRS - 1]["site"] = json!(99_999_999);
    table[PAIRS - 2]["customer"] = json!(99_999_998);
    shop.apply(json!({ "customers": table })).unwrap();
    let checked = shop.halo(&["check", "hubspot"]).await.unwrap();
    assert_eq!(checked.code, Some(3), "{checked:?}");
    for path in ["9999/site", "9998/customer"] {
        assert!(checked.stdout.contains(path), "{path}: {checked:?}");
    }
}
