//! Wherever an import of quotes ends, the next one goes on: no line is doubled or lost.

use std::time::Instant;

use halo_tests::hubspot_sim::SimOptions;
use halo_tests::kit::Records;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

const ENTITIES: [&str; 4] = ["companies", "contacts", "products", "deals"];
/// Kills of the first import, and of one after changes.
const KILLS: usize = 4;

/// An account with quotes of four lines, with all that they refer to in Halo.
async fn account() -> Workshop {
    let options = SimOptions {
        companies: 20,
        contacts: 40,
        deals: 120,
        products: 20,
        quotes: 240,
        lines: 4,
        limit_per_10s: None,
        search_limit_per_second: None,
        ..SimOptions::default()
    };
    let mut shop = Workshop::open(crate::shop::program(), options)
        .await
        .unwrap();
    shop.work_over(crate::records());
    shop.connect().await.unwrap();
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "item-group": 1 });
    settings["deals"]["create"] = json!(true);
    shop.write("settings.json", &settings.to_string()).unwrap();
    for entity in ENTITIES {
        import(&shop, entity).await;
    }
    shop
}

/// Of each tenth quote a line is changed, one is removed and one is added.
fn change(shop: &Workshop) {
    let all = shop.sim.snapshot("quotes").unwrap();
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    let lines = shop.sim.snapshot("line_items").unwrap();
    for (number, quote) in all.iter().enumerate().step_by(10) {
        let own = &lines[number * 4..];
        shop.sim
            .edit("line_items", &id(&own[0]), [("quantity", "77")])
            .unwrap();
        shop.sim.archive("line_items", &id(&own[1])).unwrap();
        line(shop, &id(quote), &[("name", "More"), ("quantity", "1")]);
    }
}

async fn contents(shop: &Workshop) -> Vec<String> {
    let contents = shop.records().unwrap().contents().await.unwrap();
    contents.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_quotes_killed_at_any_moment_end_like_clean_ones_and_no_line_is_doubled() {
    let seed = std::env::var("HALO_KILL_SEED")
        .ok()
        .map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    println!("HALO_KILL_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let (clean, shop) = tokio::join!(account(), account());
    let mut killed = 0;
    for with_changes in [false, true] {
        if with_changes {
            change(&clean);
            change(&shop);
        }
        let begun = Instant::now();
        quotes(&clean).await;
        let whole = begun.elapsed();
        for _ in 0..KILLS {
            let mut import = shop.command(&["import", NAME, "quotes"]).spawn().unwrap();
            tokio::time::sleep(whole.mul_f64(rng.random_range(0.2..0.9))).await;
            killed += usize::from(import.try_wait().unwrap().is_none());
            import.kill().await.unwrap();
        }
        quotes(&shop).await;
        assert_eq!(contents(&shop).await, contents(&clean).await);
    }
    assert!(killed > 0, "it was too quick to be killed");
    let halo = shop.records().unwrap();
    let made = halo.all("quotation").await.unwrap().len();
    assert!(made > 200, "{made}");
    let lines = halo.all("quotation-line").await.unwrap().len();
    assert_eq!(lines, made * 4);
    // And a list of everything has nothing to mend.
    let before = halo.journal_length().await.unwrap();
    shop.result(&["import", NAME, "quotes", "--full"])
        .await
        .unwrap();
    assert_eq!(halo.journal_length().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_whichever_answer_is_lost_the_lines_are_those_of_the_quote_and_follow_it() {
    let (mut shop, acme) = with_acme().await;
    let properties = |name: &'static str| [("name", name), ("price", "5"), ("quantity", "1")];
    let names = ["name", "current_quantity"];
    let old = quote_of(&shop, &acme, "Old");
    let mut gone = line(&shop, &old, &properties("Gone 0"));
    let kept = line(&shop, &old, &properties("Kept"));
    quotes(&shop).await;
    let mut call = 0;
    loop {
        call += 1;
        // A quote is new, and of another one a line is changed, removed and added.
        let new = quote_of(&shop, &acme, "New");
        for name in ["Cable", "Dock"] {
            line(&shop, &new, &properties(name));
        }
        let quantity = format!("{call}0");
        let changed = [("quantity", quantity.as_str())];
        shop.sim.edit("line_items", &kept, changed).unwrap();
        shop.sim.archive("line_items", &gone).unwrap();
        gone = line(&shop, &old, &properties("Gone"));
        shop.work_over(Records::Outage {
            call,
            stands: call % 4,
        });
        let ended = shop.halo(&["import", NAME, "quotes"]).await.unwrap();
        shop.work_over(crate::records());
        // HubSpot changes once more what may have been written.
        let quantity = format!("{call}1");
        let changed = [("quantity", quantity.as_str())];
        shop.sim.edit("line_items", &kept, changed).unwrap();
        quotes(&shop).await;
        let expected = ["Gone 1".to_owned(), format!("Kept {quantity}")];
        assert_eq!(lines_of(&shop, &old, &names).await, expected, "{call}");
        let expected = ["Cable 1", "Dock 1"];
        assert_eq!(lines_of(&shop, &new, &names).await, expected, "{call}");
        let halo = shop.records().unwrap();
        let lines = halo.all("quotation-line").await.unwrap().len() as u64;
        assert_eq!(lines, 2 + 2 * call, "{call}");
        if ended.code == Some(0) {
            break;
        }
        assert_eq!(ended.code, Some(5), "{ended:?}");
    }
    println!("{call} calls");
    assert!(call > 5, "{call}");
}
