//! Quotes with very many lines, and with very long texts.

use super::*;

/// More than HubSpot tells at once of what belongs to an object.
const LINES: usize = 620;

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_of_more_lines_than_hubspot_tells_at_once_has_them_all() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    let other = quote_of(&shop, &acme, "Other");
    let ids: Vec<String> = (0..LINES)
        .map(|number| {
            let name = format!("Cable {number}");
            let properties = [("name", name.as_str()), ("price", "5"), ("quantity", "1")];
            line(&shop, &fleet, &properties)
        })
        .collect();
    line(&shop, &other, &[("name", "Dock"), ("quantity", "1")]);
    // By a list, then by a search, each of which tells but the first of them.
    assert_eq!(news(&quotes(&shop).await), "created 2");
    let halo = shop.records().unwrap();
    let contents = halo.contents().await.unwrap();
    let lines = async || halo.all("quotation-line").await.unwrap().len();
    assert_eq!(lines().await, LINES + 1);
    for arguments in [3, 4] {
        let full = ["import", NAME, "quotes", "--full"];
        shop.result(&full[..arguments]).await.unwrap();
        assert_eq!(halo.contents().await.unwrap(), contents);
    }
    let last = ids.last().unwrap();
    shop.sim
        .edit("line_items", last, [("quantity", "7")])
        .unwrap();
    shop.sim.archive("line_items", &ids[LINES - 2]).unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(lines().await, LINES);
    let own = halo.linked("quotation-line", last).await.unwrap().unwrap();
    let quantity = halo.field("quotation-line", own, "current_quantity").await;
    assert_eq!(quantity.unwrap(), "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_with_more_text_than_can_be_remembered_stops_alone_until_it_is_shortened() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    let other = quote_of(&shop, &acme, "Other");
    line(&shop, &other, &[("name", "Dock"), ("quantity", "1")]);
    let long = "x".repeat(60_000);
    let lines: Vec<String> = (0..20)
        .map(|_| {
            let properties = [("name", "Cable"), ("description", &long), ("quantity", "1")];
            line(&shop, &fleet, &properties)
        })
        .collect();
    let document = quotes(&shop).await;
    assert_eq!(counts(&document), "created 1, failed 1");
    let (_, code, message) = stopped(&document, &fleet);
    assert_eq!(code, "too-large");
    assert!(message.contains("Shorten the descriptions"), "{message}");
    let halo = shop.records().unwrap();
    assert_eq!(halo.linked("quotation", &fleet).await.unwrap(), None);
    for line in &lines[10..] {
        let short = [("description", "short")];
        shop.sim.edit("line_items", line, short).unwrap();
    }
    assert_eq!(news(&quotes(&shop).await), "created 1");
    assert_eq!(halo.all("quotation-line").await.unwrap().len(), 21);
}
