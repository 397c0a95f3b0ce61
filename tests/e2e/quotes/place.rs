//! Whose a quotation is, and what it waits for.

use super::*;

/// Settings under which open deals come, or come not, without a person.
pub(super) fn deals_come(shop: &Workshop, create: bool) {
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "item-group": 1 });
    settings["deals"]["create"] = json!(create);
    shop.write("settings.json", &settings.to_string()).unwrap();
}

pub(super) fn deal(shop: &Workshop, name: &str, stage: &str) -> String {
    let properties = [("dealname", name), ("dealstage", stage)];
    shop.sim.create("deals", properties).unwrap()
}

pub(super) fn link(shop: &Workshop, from: (&str, &str), to: (&str, &str)) {
    shop.sim.link(from, to, to.0 == "companies").unwrap();
}

pub(super) async fn linked(shop: &Workshop, kind: &str, id: &str) -> Option<u64> {
    shop.records().unwrap().linked(kind, id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s49_customer_and_user_come_from_the_quotes_company_and_contact() {
    let (shop, acme) = with_acme().await;
    let ada = [("email", "ada@acme.example"), ("firstname", "Ada")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    link(&shop, ("contacts", &ada), ("companies", &acme));
    import(&shop, "contacts").await;
    let both = quote_of(&shop, &acme, "Both");
    link(&shop, ("quotes", &both), ("contacts", &ada));
    let contact_only = quote(&shop, "Contact only", &[]);
    link(&shop, ("quotes", &contact_only), ("contacts", &ada));
    let company_only = quote_of(&shop, &acme, "Company only");
    assert_eq!(news(&quotes(&shop).await), "created 3");
    let customer = linked(&shop, "customer", &acme).await;
    let user = linked(&shop, "user", &ada).await;
    for (quote, expected) in [(&both, user), (&contact_only, user), (&company_only, None)] {
        assert_eq!(record(&shop, quote, "client_id").await, customer);
        assert_eq!(record(&shop, quote, "user_id").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s49_without_its_own_they_come_from_its_deal() {
    let (shop, acme) = with_acme().await;
    deals_come(&shop, true);
    // One whose deal is a ticket, one whose deal nobody imports as it is closed.
    let open = deal(&shop, "Open", "qualifiedtobuy");
    let lost = deal(&shop, "Lost", "closedlost");
    for deal in [&open, &lost] {
        link(&shop, ("deals", deal), ("companies", &acme));
    }
    import(&shop, "deals").await;
    let first = quote(&shop, "First", &[]);
    let second = quote(&shop, "Second", &[]);
    link(&shop, ("quotes", &first), ("deals", &open));
    link(&shop, ("quotes", &second), ("deals", &lost));
    assert_eq!(news(&quotes(&shop).await), "created 2");
    let customer = linked(&shop, "customer", &acme).await;
    let ticket = linked(&shop, "ticket", &open).await;
    assert!(customer.is_some() && ticket.is_some());
    assert_eq!(record(&shop, &first, "client_id").await, customer);
    assert_eq!(record(&shop, &first, "ticket_id").await, ticket);
    assert_eq!(record(&shop, &second, "client_id").await, customer);
    assert_eq!(record(&shop, &second, "ticket_id").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn s49_a12_a_quote_of_nobody_is_skipped_with_its_reason_and_goes_in_once_it_has_a_company() {
    let (shop, acme) = with_acme().await;
    let lost = quote(&shop, "Lost", &[]);
    let document = quotes(&shop).await;
    assert_eq!(counts(&document), "skipped 1");
    let (outcome, code, message) = stopped(&document, &lost);
    assert_eq!(
        (outcome.as_str(), code.as_str()),
        ("skipped", "no-customer")
    );
    assert!(
        message.contains("Give it a company in HubSpot"),
        "{message}"
    );
    // That moves no stamp in HubSpot.
    link(&shop, ("quotes", &lost), ("companies", &acme));
    assert_eq!(news(&quotes(&shop).await), "created 1");
    assert_eq!(news(&quotes(&shop).await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_waits_for_its_company_and_goes_in_by_itself() {
    let (shop, _) = with_acme().await;
    let bolt = shop.sim.create_company([("name", "Bolt")]).unwrap();
    let fleet = quote_of(&shop, &bolt, "Fleet");
    line(
        &shop,
        &fleet,
        &[("name", "Cable"), ("price", "5"), ("quantity", "1")],
    );
    let document = quotes(&shop).await;
    assert_eq!(counts(&document), "waiting 1");
    let (_, code, message) = stopped(&document, &fleet);
    assert_eq!(code, "waiting");
    assert!(message.contains(&format!("company {bolt}")), "{message}");
    // Asked again, as it was changed a moment ago, it still waits.
    assert_eq!(news(&quotes(&shop).await), "waiting 1");
    import(&shop, "companies").await;
    assert_eq!(news(&quotes(&shop).await), "created 1");
    assert_eq!(lines_of(&shop, &fleet, &["name"]).await, ["Cable"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_a_quote_waits_for_its_deal_only_if_that_comes_and_any_order_ends_the_same() {
    let mut ends = Vec::new();
    for (create, deals_first) in [(true, true), (true, false), (false, true), (false, false)] {
        let (shop, acme) = with_acme().await;
        deals_come(&shop, create);
        let open = deal(&shop, "Open", "qualifiedtobuy");
        link(&shop, ("deals", &open), ("companies", &acme));
        let fleet = quote_of(&shop, &acme, "Fleet");
        link(&shop, ("quotes", &fleet), ("deals", &open));
        let choose = ["import", NAME, "deals", "--select", open.as_str()];
        let deals = &choose[..if create { 3 } else { 5 }];
        if deals_first {
            shop.result(deals).await.unwrap();
            assert_eq!(news(&quotes(&shop).await), "created 1");
        } else {
            let document = quotes(&shop).await;
            match create {
                true => {
                    assert_eq!(counts(&document), "waiting 1");
                    let (_, _, message) = stopped(&document, &fleet);
                    assert!(message.contains(&format!("deal {open}")), "{message}");
                }
                false => {
                    assert_eq!(counts(&document), "created 1");
                    assert_eq!(record(&shop, &fleet, "ticket_id").await, None);
                }
            }
            shop.result(deals).await.unwrap();
            let expected = if create { "created 1" } else { "updated 1" };
            assert_eq!(news(&quotes(&shop).await), expected);
        }
        let ticket = linked(&shop, "ticket", &open).await;
        assert!(ticket.is_some());
        assert_eq!(record(&shop, &fleet, "ticket_id").await, ticket);
        assert_eq!(news(&quotes(&shop).await), "");
        let contents = shop.records().unwrap().contents().await.unwrap();
        // Ids of HubSpot differ from shop to shop.
        ends.push(
            contents
                .replace(&open, "D")
                .replace(&fleet, "Q")
                .replace(&acme, "C"),
        );
    }
    ends.dedup();
    assert_eq!(ends.len(), 1, "{ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_whose_deal_company_and_contact_are_gone_is_nobodys_and_says_so() {
    let (shop, acme) = with_acme().await;
    deals_come(&shop, true);
    let fleet = quote_of(&shop, &acme, "Fleet");
    let open = deal(&shop, "Open", "qualifiedtobuy");
    let ada = [("email", "ada@acme.example")];
    let ada = shop.sim.create("contacts", ada).unwrap();
    link(&shop, ("quotes", &fleet), ("deals", &open));
    link(&shop, ("quotes", &fleet), ("contacts", &ada));
    for (kind, id) in [("companies", &acme), ("deals", &open), ("contacts", &ada)] {
        shop.sim.archive(kind, id).unwrap();
    }
    let document = quotes(&shop).await;
    let (outcome, code, _) = stopped(&document, &fleet);
    assert_eq!(
        (outcome.as_str(), code.as_str()),
        ("skipped", "no-customer")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_of_several_companies_is_not_guessed() {
    let (shop, acme) = with_acme().await;
    let bolt = shop.sim.create_company([("name", "Bolt")]).unwrap();
    import(&shop, "companies").await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    shop.sim
        .link(("quotes", &fleet), ("companies", &bolt), false)
        .unwrap();
    let document = quotes(&shop).await;
    let (outcome, code, message) = stopped(&document, &fleet);
    assert_eq!(
        (outcome.as_str(), code.as_str()),
        ("skipped", "ambiguous-company")
    );
    assert!(
        message.contains(&acme) && message.contains(&bolt),
        "{message}"
    );
    shop.sim
        .unlink(("quotes", &fleet), ("companies", &bolt))
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "created 1");
}
