//! What was sent by a process that died over it: HubSpot has it and nobody knows. It is
//! Halo's all the same, and no edit of people in HubSpot.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s67_the_edit_after_one_that_was_sent_unseen_is_not_taken_for_a_conflict() {
    for winner in ["hubspot", "halo"] {
        for import_first in [false, true] {
            let shop = with(json!({ "companies": "both", "conflicts": winner })).await;
            let (acme, customer) = company(&shop, "Acme").await;
            let halo = shop.records().unwrap();
            edit(&halo, "customer", customer, "CFSeats", "20").await;
            dies(&shop, "/batch/update", 1).await;
            let seats = || value(&shop, "companies", &acme, "numberofemployees");
            assert_eq!(seats(), "20");
            edit(&halo, "customer", customer, "CFSeats", "30").await;
            if import_first {
                import(&shop, "companies").await;
            }
            push(&shop).await;
            import(&shop, "companies").await;
            let what = format!("{winner} wins, import first: {import_first}");
            assert_eq!(seats(), "30", "{what}");
            let own = halo.field("customer", customer, "CFSeats").await.unwrap();
            assert_eq!(own, "30", "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_what_was_made_unseen_is_its_records_whatever_that_is_called_by_now() {
    for import_first in [false, true] {
        let shop = with(json!({ "companies": "both", "contacts": "both" })).await;
        let (other, _) = company(&shop, "Others").await;
        let site = shop.records().unwrap().linked("site", &other).await;
        let site = site.unwrap().unwrap();
        let mut settings = shop.settings(json!({
            "fields": [{ "property": "numberofemployees", "field": "CFSeats", "sync-back": true }],
        }));
        settings["contacts"] = json!({ "without-email": true, "default-site": site });
        settings["sync-back"] = json!({ "companies": "both", "contacts": "both" });
        shop.write("settings.json", &settings.to_string()).unwrap();
        let halo = shop.records().unwrap();
        let at = format!("site:{site}");
        let fields = [("name", "Ada"), ("site_id", at.as_str())];
        let user = halo.add("user", &fields).await.unwrap();
        dies(&shop, "/contacts/batch/upsert", 1).await;
        let fields = [
            ("name", "Acme"),
            ("domain", "acme.example"),
            ("CFSeats", "5"),
            ("toplevel_id", "top-level:1"),
        ];
        let customer = halo.add("customer", &fields).await.unwrap();
        // Customers go first, so nobody has looked after the contact yet.
        dies(&shop, "/companies/batch/upsert", 1).await;
        let made = (count(&shop, "companies"), count(&shop, "contacts"));
        assert_eq!(made, (2, 1));
        edit(&halo, "customer", customer, "name", "Acme Inc").await;
        edit(&halo, "customer", customer, "CFSeats", "6").await;
        if import_first {
            for entity in ["companies", "contacts"] {
                import(&shop, entity).await;
            }
        }
        push(&shop).await;
        for entity in ["companies", "contacts"] {
            import(&shop, entity).await;
        }
        let what = format!("import first: {import_first}");
        let made = (count(&shop, "companies"), count(&shop, "contacts"));
        assert_eq!(made, (2, 1), "{what}");
        assert_eq!(halo.all("customer").await.unwrap().len(), 2, "{what}");
        assert_eq!(halo.all("user").await.unwrap().len(), 1, "{what}");
        let acme = halo.key("customer", customer).await.unwrap().unwrap();
        let ada = halo.key("user", user).await.unwrap().unwrap();
        let seats = value(&shop, "companies", &acme, "numberofemployees");
        assert_eq!(seats, "6", "{what}");
        let seats = halo.field("customer", customer, "CFSeats").await.unwrap();
        assert_eq!(seats, "6", "{what}");
        let of = value(&shop, "contacts", &ada, "associatedcompanyid");
        assert_eq!(of, other, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_an_edit_in_hubspot_of_what_was_made_unseen_stays() {
    let shop = with(json!({ "companies": "both" })).await;
    let halo = shop.records().unwrap();
    let fields = [
        ("name", "Acme"),
        ("CFSeats", "5"),
        ("toplevel_id", "top-level:1"),
    ];
    let customer = halo.add("customer", &fields).await.unwrap();
    dies(&shop, "/batch/upsert", 1).await;
    let acme = shop.sim.snapshot("companies").unwrap()[0]["id"].clone();
    let acme = acme.as_str().unwrap();
    let theirs = [("numberofemployees", "7")];
    shop.sim.edit("companies", acme, theirs).unwrap();
    push(&shop).await;
    assert_eq!(value(&shop, "companies", acme, "numberofemployees"), "7");
    import(&shop, "companies").await;
    let seats = halo.field("customer", customer, "CFSeats").await.unwrap();
    assert_eq!(seats, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn s69_a_record_that_goes_out_of_use_before_it_is_known_to_be_made_is_archived() {
    let shop = with(json!({ "companies": "both", "archive-inactive": true })).await;
    let halo = shop.records().unwrap();
    let fields = [("name", "Acme"), ("toplevel_id", "top-level:1")];
    let customer = halo.add("customer", &fields).await.unwrap();
    dies(&shop, "/batch/upsert", 1).await;
    assert_eq!(count(&shop, "companies"), 1);
    edit(&halo, "customer", customer, "inactive", "true").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 0);
}
