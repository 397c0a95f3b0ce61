//! Imports and previews at the page.

use halo_tests::kit::{Answer, Serving, Visitor, Workshop};
use serde_json::json;

use super::{NAME, PASSWORD};
use crate::shop::empty;

/// A connected host with ten deals and room for them, and an administrator.
async fn served() -> (Workshop, Serving, Visitor, Vec<String>) {
    let shop = empty().await;
    let mut settings = shop.settings(json!({}));
    settings["deals"] = json!({ "ticket-type": 1 });
    shop.write("settings.json", &settings.to_string()).unwrap();
    let company = shop.sim.create("companies", [("name", "ACME")]).unwrap();
    let deals: Vec<String> = (0..10)
        .map(|n| {
            let (name, amount) = (format!("Deal {n}"), (n * 100).to_string());
            let properties = [
                ("dealname", name.as_str()),
                (
                    "dealstage",
                    if n % 2 == 0 {
                        "qualifiedtobuy"
                    } else {
                        "presentationscheduled"
                    },
                ),
                ("amount", &amount),
            ];
            let deal = shop.sim.create("deals", properties).unwrap();
            shop.sim
                .link(("deals", &deal), ("companies", &company), true)
                .unwrap();
            deal
        })
        .collect();
    shop.administrator(NAME, PASSWORD).await.unwrap();
    let serving = shop.serve().await.unwrap();
    let mut visitor = Visitor::of(&shop.address().unwrap());
    visitor.sign_in(NAME, PASSWORD).await.unwrap();
    (shop, serving, visitor, deals)
}

/// Starts a run and waits until its page says that it has ended.
async fn run(visitor: &mut Visitor, fields: &[(&str, &str)]) -> (String, Answer) {
    let started = visitor.submit("/admin/hubspot/runs", fields).await.unwrap();
    assert_eq!(started.status, 303, "{}", started.text);
    let path = started.header("location").to_owned();
    loop {
        let page = visitor.get(&path).await.unwrap();
        if !page.text.contains("data-live=") {
            return (path, page);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s53_s55_of_ten_deals_that_are_previewed_the_three_that_are_ticked_are_imported() {
    let (shop, _serving, mut visitor, deals) = served().await;
    let companies = [("entity", "companies"), ("mode", "import")];
    let (_, page) = run(&mut visitor, &companies).await;
    assert!(page.text.contains("1 created"), "{}", page.text);
    let (path, page) = run(&mut visitor, &[("entity", "deals"), ("mode", "preview")]).await;
    assert!(page.text.contains("10 to be created"), "{}", page.text);
    let halo = shop.records().unwrap();
    assert_eq!(halo.all("ticket").await.unwrap().len(), 0);
    let preview = path.rsplit('/').next().unwrap();
    let ticked = [&deals[1], &deals[4], &deals[8]];
    let fields = [
        ("entity", "deals"),
        ("mode", "import"),
        ("preview", preview),
        ("which", "ticked"),
        ("key", ticked[0]),
        ("key", ticked[1]),
        ("key", ticked[2]),
    ];
    let (path, page) = run(&mut visitor, &fields).await;
    assert!(page.text.contains("3 created"), "{}", page.text);
    for deal in &deals {
        let ticket = halo.linked("ticket", deal).await.unwrap();
        assert_eq!(ticket.is_some(), ticked.contains(&deal), "{deal}");
    }
    let csv = visitor.get(&format!("{path}/rows.csv")).await.unwrap();
    assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
    assert!(csv.text.contains("Deal 4,created"), "{}", csv.text);
    // To go on with it is to ask for these three again.
    let run_number = path.rsplit('/').next().unwrap();
    let again = [
        ("entity", "deals"),
        ("mode", "import"),
        ("again", run_number),
    ];
    let (_, page) = run(&mut visitor, &again).await;
    assert!(page.text.contains("All 3"), "{}", page.text);
    assert_eq!(halo.all("ticket").await.unwrap().len(), 3);
    // Nothing ticked is nothing imported.
    let none = visitor
        .submit("/admin/hubspot/runs", &fields[..4])
        .await
        .unwrap();
    assert_eq!(none.status, 409);
    assert!(none.text.contains("Nothing was chosen"), "{}", none.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_a_preview_is_filtered_and_sorted_and_all_that_match_are_imported() {
    let (shop, _serving, mut visitor, deals) = served().await;
    run(&mut visitor, &[("entity", "companies"), ("mode", "import")]).await;
    let (path, page) = run(&mut visitor, &[("entity", "deals"), ("mode", "preview")]).await;
    assert!(page.text.contains("amount"), "{}", page.text);
    let query = "f1=amount&o1=%3E%3D&v1=700&sort=-amount";
    let page = visitor.get(&format!("{path}?{query}")).await.unwrap();
    assert!(page.text.contains("3 rows match."), "{}", page.text);
    let at = |name: &str| page.text.find(name).unwrap_or(usize::MAX);
    assert!(
        at("Deal 9") < at("Deal 8") && at("Deal 8") < at("Deal 7"),
        "{}",
        page.text
    );
    assert_eq!(at("Deal 6"), usize::MAX);
    let preview = path.rsplit('/').next().unwrap();
    let fields = [
        ("entity", "deals"),
        ("mode", "import"),
        ("preview", preview),
        ("which", "matching"),
        ("where", "amount>=700"),
    ];
    let (_, page) = run(&mut visitor, &fields).await;
    assert!(page.text.contains("3 created"), "{}", page.text);
    let halo = shop.records().unwrap();
    for (n, deal) in deals.iter().enumerate() {
        let ticket = halo.linked("ticket", deal).await.unwrap();
        assert_eq!(ticket.is_some(), n >= 7, "{deal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s53_a_preview_is_confirmed_once_and_what_it_did_otherwise_is_told() {
    let (shop, _serving, mut visitor, deals) = served().await;
    run(&mut visitor, &[("entity", "companies"), ("mode", "import")]).await;
    let (path, _) = run(&mut visitor, &[("entity", "deals"), ("mode", "preview")]).await;
    shop.sim
        .edit("deals", &deals[0], [("dealname", "<b>Renamed</b>")])
        .unwrap();
    let preview = path.rsplit('/').next().unwrap();
    let all = [
        ("entity", "deals"),
        ("mode", "import"),
        ("preview", preview),
        ("which", "all"),
    ];
    let (_, page) = run(&mut visitor, &all).await;
    assert!(page.text.contains("10 created"), "{}", page.text);
    assert!(
        page.text.contains("&lt;b&gt;Renamed&lt;/b&gt;"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("Otherwise than the preview showed"),
        "{}",
        page.text
    );
    let again = visitor.submit("/admin/hubspot/runs", &all).await.unwrap();
    assert_eq!(again.status, 409);
    assert!(
        again.text.contains("was imported already"),
        "{}",
        again.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_what_cannot_run_says_why_at_once() {
    let (shop, _serving, mut visitor, _) = served().await;
    shop.result(&["disconnect", "hubspot"]).await.unwrap();
    let fields = [("entity", "companies"), ("mode", "import")];
    let (_, page) = run(&mut visitor, &fields).await;
    assert!(
        page.text.to_lowercase().contains("not connected"),
        "{}",
        page.text
    );
    let unknown = [("entity", "secrets"), ("mode", "import")];
    let answer = visitor
        .submit("/admin/hubspot/runs", &unknown)
        .await
        .unwrap();
    assert_eq!(answer.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_value_is_there_is_told_by_the_journal_of_its_record() {
    let (shop, _serving, mut visitor, _) = served().await;
    run(&mut visitor, &[("entity", "companies"), ("mode", "import")]).await;
    let halo = shop.records().unwrap();
    let customer = halo.all("customer").await.unwrap().remove(0).id;
    let edit = [
        "edit",
        "customer",
        &customer.to_string(),
        "main_phonenumber=<i>1</i>",
    ];
    shop.result(&edit).await.unwrap();
    let path = format!("/admin/hubspot/activity/journal?kind=customer&record={customer}");
    let page = visitor.get(&path).await.unwrap();
    for told in [
        "ACME",
        "import companies",
        "&lt;i&gt;1&lt;/i&gt;",
        "on the command line",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    for path in ["", "/waiting", "/outbox", "/inbox", "/messages", "/journal"] {
        let page = visitor
            .get(&format!("/admin/hubspot/activity{path}"))
            .await
            .unwrap();
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s65_a_second_start_is_refused_and_the_first_can_still_be_stopped_and_gone_on_with() {
    let (shop, _serving, mut visitor, _) = served().await;
    for n in 0..250 {
        let name = format!("Company {n}");
        shop.sim
            .create("companies", [("name", name.as_str())])
            .unwrap();
    }
    shop.sim.set_latency(std::time::Duration::from_millis(700));
    let import = [("entity", "companies"), ("mode", "import")];
    let started = visitor
        .submit("/admin/hubspot/runs", &import)
        .await
        .unwrap();
    assert_eq!(started.status, 303, "{}", started.text);
    let path = started.header("location").to_owned();
    let second = visitor
        .submit("/admin/hubspot/runs", &import)
        .await
        .unwrap();
    assert_eq!(second.status, 409);
    assert!(second.text.contains("is under way"), "{}", second.text);
    let page = visitor.get(&path).await.unwrap();
    assert!(page.text.contains("Stop after this page"), "{}", page.text);
    let stopped = visitor.submit(&format!("{path}/stop"), &[]).await.unwrap();
    assert_eq!(stopped.status, 303, "{}", stopped.text);
    let page = loop {
        let page = visitor.get(&path).await.unwrap();
        if !page.text.contains("data-live=") {
            break page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(page.text.contains(">stopped<"), "{}", page.text);
    assert!(page.text.contains("Go on with the import"), "{}", page.text);
    shop.sim.set_latency(std::time::Duration::ZERO);
    run(&mut visitor, &import).await;
    let customers = shop.records().unwrap().all("customer").await.unwrap();
    assert_eq!(customers.len(), 251);
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_all_that_match_are_those_of_the_outcome_that_is_shown() {
    let (shop, _serving, mut visitor, deals) = served().await;
    run(&mut visitor, &[("entity", "companies"), ("mode", "import")]).await;
    let select = format!("{},{}", deals[0], deals[1]);
    let import = ["import", "hubspot", "deals", "--select", &select];
    shop.result(&import).await.unwrap();
    for deal in &deals[..2] {
        shop.sim.edit("deals", deal, [("amount", "4321")]).unwrap();
    }
    let preview = [("entity", "deals"), ("mode", "preview")];
    let (path, page) = run(&mut visitor, &preview).await;
    assert!(page.text.contains("2 to be updated"), "{}", page.text);
    let query = "outcome=created&name=Deal";
    let page = visitor.get(&format!("{path}?{query}")).await.unwrap();
    assert!(
        page.text.contains("Import all that match (8)"),
        "{}",
        page.text
    );
    let number = path.rsplit('/').next().unwrap();
    let fields = [
        ("entity", "deals"),
        ("mode", "import"),
        ("preview", number),
        ("which", "matching"),
        ("outcome", "created"),
        ("where", "name~Deal"),
    ];
    let (_, page) = run(&mut visitor, &fields).await;
    assert!(
        page.text.contains("8 created") && !page.text.contains("2 updated"),
        "{}",
        page.text
    );
    let halo = shop.records().unwrap();
    let first = halo.linked("ticket", &deals[0]).await.unwrap().unwrap();
    assert_eq!(halo.field("ticket", first, "oppvalue").await.unwrap(), "0");
}
