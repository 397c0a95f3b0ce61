//! What HubSpot does not take: the record is rejected in one sentence with its name, the
//! field and the reason, stays listed until somebody acts, and the others arrive.

use halo_tests::hubspot_sim::{FaultKind, FaultMatch, FaultRule};

use super::*;

/// A shop whose companies have one more row, beside that of `CFSeats`.
async fn mapped(property: &str, field: &str, type_name: &str) -> Workshop {
    let shop = with(json!({ "companies": "both" })).await;
    let halo = shop.records().unwrap();
    halo.custom_field("customer", field, type_name)
        .await
        .unwrap();
    rows(
        &shop,
        &[("numberofemployees", "CFSeats"), (property, field)],
    );
    shop
}

/// Settings with these rows of companies, all with a tick.
fn rows(shop: &Workshop, rows: &[(&str, &str)]) {
    let rows: Vec<Value> = rows
        .iter()
        .map(|(property, field)| json!({ "property": property, "field": field, "sync-back": true }))
        .collect();
    let mut settings = shop.settings(json!({ "fields": rows }));
    settings["sync-back"] = json!({ "companies": "both", "contacts": "both" });
    shop.write("settings.json", &settings.to_string()).unwrap();
}

/// The reason of the only rejected row, which the outbox lists again and again.
async fn rejected(shop: &Workshop, document: &Value) -> String {
    let row = |document: &Value| -> Vec<String> {
        let mut found = Vec::new();
        sentences(document, &mut found);
        found
    };
    assert!(document.to_string().contains("rejected"), "{document}");
    for _ in 0..2 {
        push(shop).await;
    }
    let outbox = shop.result(&["outbox", NAME]).await.unwrap().remove(0);
    let told = row(&outbox);
    assert_eq!(told.len(), 1, "{outbox}");
    told[0].clone()
}

/// The number of the first change in a document.
fn sequence(document: &Value) -> Option<String> {
    match document {
        Value::Object(members) => match members.get("sequence") {
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => members.values().find_map(sequence),
        },
        Value::Array(values) => values.iter().find_map(sequence),
        _ => None,
    }
}

/// Every `message` in a document.
fn sentences(document: &Value, found: &mut Vec<String>) {
    match document {
        Value::Object(members) => {
            if let Some(Value::String(message)) = members.get("message") {
                found.push(message.clone());
            }
            members.values().for_each(|value| sentences(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| sentences(value, found)),
        _ => {}
    }
}

fn assert_names(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is not in {sentence}");
    }
}

/// Edits the field of one customer and the seats of another; answers the sentence of the
/// one that is rejected. The other one has arrived.
async fn edit_and_push(
    shop: &Workshop,
    (acme, bolt): (u64, &str),
    field: &str,
    value: &str,
) -> String {
    let halo = shop.records().unwrap();
    let other = halo.linked("customer", bolt).await.unwrap().unwrap();
    edit(&halo, "customer", acme, field, value).await;
    edit(&halo, "customer", other, "CFSeats", "20").await;
    let document = push(shop).await;
    let seats = self::value(shop, "companies", bolt, "numberofemployees");
    assert_eq!(seats, "20", "the others arrive");
    rejected(shop, &document).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_that_is_not_there_or_cannot_be_written_stops_the_record_that_was_edited() {
    for (property, reason) in [
        ("no_such_property", "have no property \"no_such_property\""),
        ("hs_object_source_id", "is read-only in HubSpot"),
        ("hs_num_open_deals", "HubSpot"),
    ] {
        let shop = mapped(property, "CFOdd", "text").await;
        // The import passes over such rows, too.
        apply(&shop, json!({ "companies": "both" }));
        let (_, acme) = company(&shop, "Acme").await;
        let (bolt, _) = company(&shop, "Bolt").await;
        rows(
            &shop,
            &[("numberofemployees", "CFSeats"), (property, "CFOdd")],
        );
        let told = edit_and_push(&shop, (acme, &bolt), "CFOdd", "x").await;
        assert_names(&told, &["(Acme)", "\"CFOdd\"", property, reason]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_that_becomes_read_only_meanwhile_is_refused_in_hubspots_words() {
    let shop = mapped("account_tag", "CFTag", "text").await;
    let tag = json!({ "name": "account_tag", "label": "Tag", "type": "string",
        "fieldType": "text", "groupName": "companyinformation" });
    shop.sim.define_property("companies", &tag).unwrap();
    let (_, acme) = company(&shop, "Acme").await;
    let (bolt, _) = company(&shop, "Bolt").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", acme, "CFTag", "a").await;
    push(&shop).await;
    shop.sim.lock_property("companies", "account_tag").unwrap();
    let told = edit_and_push(&shop, (acme, &bolt), "CFTag", "b").await;
    assert_names(&told, &["(Acme)", "\"CFTag\"", "account_tag", "read only"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_option_that_hubspot_does_not_know_is_named_with_those_that_it_knows() {
    let shop = mapped("support_tier", "CFTier", "text").await;
    let halo = shop.records().unwrap();
    let choices = [("1", "Gold"), ("2", "Silver"), ("3", "Tin")];
    halo.choice_field("customer", "CFLevel", "choice", &choices)
        .await
        .unwrap();
    rows(
        &shop,
        &[
            ("numberofemployees", "CFSeats"),
            ("support_tier", "CFLevel"),
        ],
    );
    let (_, acme) = company(&shop, "Acme").await;
    let (bolt, _) = company(&shop, "Bolt").await;
    // Known before it is sent: no option stands for Tin.
    let told = edit_and_push(&shop, (acme, &bolt), "CFLevel", "3").await;
    assert_names(&told, &["(Acme)", "Tin"]);
    // Gone since the options were read: HubSpot refuses it.
    let options = json!([{ "label": "Bronze", "value": "bronze" }]);
    let tier = json!({ "name": "support_tier", "label": "Support tier", "type": "enumeration",
        "fieldType": "select", "groupName": "companyinformation", "options": options });
    shop.sim.define_property("companies", &tier).unwrap();
    edit(&halo, "customer", acme, "CFLevel", "1").await;
    let document = push(&shop).await;
    let told = rejected(&shop, &document).await;
    assert_names(
        &told,
        &[
            "(Acme)",
            "\"CFLevel\"",
            "gold was not one of the allowed options: [bronze]",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifecycle_stage_that_would_go_back_stays_and_that_is_no_success() {
    let shop = with(json!({ "companies": "both" })).await;
    let halo = shop.records().unwrap();
    let stages = [("lead", "Lead"), ("customer", "Customer")];
    halo.choice_field("customer", "CFStage", "choice", &stages)
        .await
        .unwrap();
    rows(
        &shop,
        &[
            ("numberofemployees", "CFSeats"),
            ("lifecyclestage", "CFStage"),
        ],
    );
    let acme = [("name", "Acme"), ("lifecyclestage", "customer")];
    let acme = shop.sim.create_company(acme).unwrap();
    let (bolt, _) = company(&shop, "Bolt").await;
    let own = halo.linked("customer", &acme).await.unwrap().unwrap();
    edit(&halo, "customer", own, "CFSeats", "7").await;
    let told = edit_and_push(&shop, (own, &bolt), "CFStage", "lead").await;
    assert_names(
        &told,
        &[
            "(Acme)",
            "\"CFStage\"",
            "\"customer\" stays",
            "\"lead\"",
            "other fields were sent",
        ],
    );
    assert_eq!(
        value(&shop, "companies", &acme, "lifecyclestage"),
        "customer"
    );
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "7");
    // Forward it goes.
    shop.sim
        .edit("companies", &bolt, [("lifecyclestage", "lead")])
        .unwrap();
    import(&shop, "companies").await;
    let other = halo.linked("customer", &bolt).await.unwrap().unwrap();
    edit(&halo, "customer", other, "CFStage", "customer").await;
    push(&shop).await;
    assert_eq!(
        value(&shop, "companies", &bolt, "lifecyclestage"),
        "customer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_another_contact_has_is_refused_with_and_without_its_id() {
    for names_it in [true, false] {
        let shop = with(json!({ "contacts": "both" })).await;
        let mut settings = shop.settings(json!({}));
        settings["contacts"]["fields"] = json!([
            { "property": "email", "field": "emailaddress", "sync-back": true },
        ]);
        settings["sync-back"] = json!({ "contacts": "both" });
        shop.write("settings.json", &settings.to_string()).unwrap();
        let (acme, _) = company(&shop, "Acme").await;
        let (ada, user) = contact(&shop, "ada@acme.example", &acme).await;
        let taken = [("email", "taken@acme.example"), ("firstname", "Other")];
        let other = shop.sim.create("contacts", taken).unwrap();
        let halo = shop.records().unwrap();
        edit(&halo, "user", user, "emailaddress", "taken@acme.example").await;
        if !names_it {
            let body = json!({ "status": "error", "message": "Contact already exists",
                "correlationId": "c-1", "category": "CONFLICT" });
            shop.sim.fail(FaultRule {
                matches: FaultMatch {
                    path_contains: Some("batch/update".to_owned()),
                    ..FaultMatch::default()
                },
                nth: 1,
                every: 1,
                count: 1,
                kind: FaultKind::Status {
                    status: 409,
                    body: Some(body.clone()),
                    after: false,
                    retry_after: None,
                },
            });
        }
        let document = push(&shop).await;
        let told = rejected(&shop, &document).await;
        assert_names(
            &told,
            &["user", "\"emailaddress\"", "Contact already exists"],
        );
        assert_eq!(told.contains(&other), names_it, "{told}");
        assert_eq!(value(&shop, "contacts", &ada, "email"), "ada@acme.example");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_archived_is_told_and_one_that_was_merged_is_followed() {
    let shop = with(json!({ "companies": "on-update" })).await;
    let (acme, own) = company(&shop, "Acme").await;
    let (bolt, other) = company(&shop, "Bolt").await;
    let stray = shop.sim.create_company([("name", "Acme again")]).unwrap();
    let survivor = shop.sim.merge("companies", &acme, &stray).unwrap();
    assert_ne!(survivor, acme);
    shop.sim.archive("companies", &bolt).unwrap();
    let halo = shop.records().unwrap();
    edit(&halo, "customer", own, "CFSeats", "20").await;
    edit(&halo, "customer", other, "CFSeats", "20").await;
    let document = push(&shop).await;
    assert_eq!(
        value(&shop, "companies", &survivor, "numberofemployees"),
        "20"
    );
    let told = rejected(&shop, &document).await;
    assert_names(
        &told,
        &["(Bolt)", &bolt, "does not exist in HubSpot any more"],
    );
    // Its customer is the survivor's at the next import, and nothing is sent again.
    import(&shop, "companies").await;
    assert_eq!(halo.linked("customer", &survivor).await.unwrap(), Some(own));
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_whose_companies_became_one_do_not_write_over_each_other() {
    let shop = with(json!({ "companies": "on-update" })).await;
    let (acme, own) = company(&shop, "Acme").await;
    let (bolt, other) = company(&shop, "Bolt").await;
    let survivor = shop.sim.merge("companies", &acme, &bolt).unwrap();
    let halo = shop.records().unwrap();
    edit(&halo, "customer", other, "CFSeats", "99").await;
    let document = push(&shop).await;
    assert_eq!(
        value(&shop, "companies", &survivor, "numberofemployees"),
        ""
    );
    let told = rejected(&shop, &document).await;
    assert_names(&told, &["was merged", &format!("customer {own}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_for_writing_rejects_each_record_and_names_the_scope() {
    let shop = with(json!({ "companies": "both", "contacts": "both" })).await;
    let (acme, own) = company(&shop, "Acme").await;
    let (ada, user) = contact(&shop, "ada@acme.example", &acme).await;
    shop.sim
        .set_without_scopes(&["crm.objects.companies.write"]);
    let halo = shop.records().unwrap();
    edit(&halo, "customer", own, "CFSeats", "20").await;
    edit(&halo, "user", user, "CFJob", "Owner").await;
    let document = push(&shop).await;
    assert_eq!(value(&shop, "contacts", &ada, "jobtitle"), "Owner");
    let told = rejected(&shop, &document).await;
    let customer = format!("customer {own}");
    assert_names(&told, &[&customer, "the scope crm.objects.companies.write"]);
    // Given back, somebody asks for it once more.
    shop.sim.set_without_scopes(&[]);
    shop.halo(&["outbox", NAME, "retry", "all"]).await.unwrap();
    push(&shop).await;
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "20");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_that_the_account_demands_of_new_companies_is_named_and_the_others_arrive() {
    let shop = mapped("industry", "CFIndustry", "text").await;
    rows(
        &shop,
        &[("numberofemployees", "CFSeats"), ("city", "CFAbout")],
    );
    shop.sim.require("companies", &["city"]).unwrap();
    let halo = shop.records().unwrap();
    let top = ("toplevel_id", "top-level:1");
    for (name, city) in [("Acme", ""), ("Bolt", "Berlin"), ("Crow", "Rome")] {
        let fields = [("name", name), top, ("CFAbout", city)];
        let fields = if city.is_empty() {
            &fields[..2]
        } else {
            &fields[..]
        };
        halo.add("customer", fields).await.unwrap();
    }
    let document = push(&shop).await;
    assert_eq!(count(&shop, "companies"), 2);
    let told = rejected(&shop, &document).await;
    assert_names(&told, &["(Acme)", "\"CFAbout\"", "city", "required"]);
    // Filled in, it goes by itself.
    let acme = halo.all("customer").await.unwrap()[0].id;
    edit(&halo, "customer", acme, "CFAbout", "Bonn").await;
    push(&shop).await;
    assert_eq!(count(&shop, "companies"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_refused_and_somebody_may_drop_the_change() {
    let shop = mapped("description", "CFStory", "memo").await;
    let (acme, own) = company(&shop, "Acme").await;
    let (bolt, _) = company(&shop, "Bolt").await;
    let long = "a story ".repeat(9_000);
    let told = edit_and_push(&shop, (own, &bolt), "CFStory", &long).await;
    assert_names(&told, &["(Acme)", "\"CFStory\"", "longer than 65536"]);
    assert!(told.len() < 1_000, "{}", told.len());
    assert_eq!(value(&shop, "companies", &acme, "description"), "");
    let listed = shop.result(&["outbox", NAME]).await.unwrap().remove(0);
    let id = sequence(&listed).unwrap_or_else(|| panic!("{listed}"));
    shop.result(&["outbox", NAME, "drop", &id]).await.unwrap();
    let outbox = shop.halo(&["outbox", NAME]).await.unwrap();
    assert!(!outbox.stdout.contains("Acme"), "{}", outbox.stdout);
}
