//! Fields that both sides changed since they last agreed: previews and dry runs say so
//! before it happens, with the winner and the loser's value (S67).

use super::*;
use crate::shop::note;

/// A customer and its company, each with its own change of the seats; and a change of
/// Halo alone, of another row.
async fn world(winner: &str) -> (Workshop, String, u64) {
    let back = json!({ "companies": "on-update", "conflicts": winner });
    let shop = with(back.clone()).await;
    let mut settings = shop.settings(json!({ "fields": [
        { "property": "numberofemployees", "field": "CFSeats", "sync-back": true },
        { "property": "description", "field": "CFAbout", "sync-back": true },
    ] }));
    settings["sync-back"] = back;
    shop.write("settings.json", &settings.to_string()).unwrap();
    let acme = [("name", "Acme"), ("numberofemployees", "10")];
    let acme = shop.sim.create_company(acme).unwrap();
    import(&shop, "companies").await;
    let halo = shop.records().unwrap();
    let own = halo.linked("customer", &acme).await.unwrap().unwrap();
    edit(&halo, "customer", own, "CFSeats", "20").await;
    let theirs = [("numberofemployees", "30")];
    shop.sim.edit("companies", &acme, theirs).unwrap();
    (shop, acme, own)
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_a_preview_and_a_dry_run_name_winner_and_loser_before_anything_is_written() {
    for (winner, says_preview) in [
        (
            "hubspot",
            ["HubSpot's \"30\" comes", "Halo's \"20\" is lost"],
        ),
        (
            "halo",
            ["Halo's \"20\" stays", "HubSpot's \"30\" does not come"],
        ),
    ] {
        let (shop, acme, own) = world(winner).await;
        let arguments = ["preview", NAME, "companies"];
        let preview = shop.result(&arguments).await.unwrap().remove(0);
        let told = preview.to_string();
        for part in says_preview {
            let part = part.replace('"', "\\\"");
            assert!(told.contains(&part), "{part}: {told}");
        }
        let dry = shop.halo(&["push", NAME, "--dry-run"]).await.unwrap();
        let told = format!("{}{}", dry.stdout, dry.stderr);
        match winner {
            "hubspot" => assert!(
                told.contains("\"30\" stays, Halo's \"20\" is not sent"),
                "{told}"
            ),
            _ => assert!(told.contains("\"numberofemployees\": \"20\""), "{told}"),
        }
        assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "30");
        let halo = shop.records().unwrap();
        assert_eq!(halo.field("customer", own, "CFSeats").await.unwrap(), "20");
        // The import says it too, and only once.
        let document = import(&shop, "companies").await;
        assert!(
            note(&document, &acme).contains("on both sides"),
            "{document}"
        );
        let document = import(&shop, "companies").await;
        assert!(
            !document.to_string().contains("on both sides"),
            "{document}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_a_dry_run_says_it_also_where_another_field_of_the_record_is_sent() {
    let (shop, acme, own) = world("hubspot").await;
    let halo = shop.records().unwrap();
    edit(&halo, "customer", own, "CFAbout", "Ours").await;
    let dry = shop.halo(&["push", NAME, "--dry-run"]).await.unwrap();
    let told = format!("{}{}", dry.stdout, dry.stderr);
    for part in [
        "\"description\": \"Ours\"",
        "\"30\" stays, Halo's \"20\" is not sent",
    ] {
        assert!(
            told.contains(part) || told.contains(&part.replace('"', "\\\"")),
            "{part}: {told}"
        );
    }
    push(&shop).await;
    assert_eq!(value(&shop, "companies", &acme, "description"), "Ours");
    assert_eq!(value(&shop, "companies", &acme, "numberofemployees"), "30");
    let messages = shop.halo(&["messages", NAME]).await.unwrap().stdout;
    assert!(messages.contains("is not sent"), "{messages}");
}
