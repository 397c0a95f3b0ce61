//! What becomes of lines that are changed, added and removed on either side.

use super::*;

const CABLE: [(&str, &str); 3] = [("name", "Cable"), ("price", "5"), ("quantity", "1")];
const DOCK: [(&str, &str); 3] = [("name", "Dock"), ("price", "90"), ("quantity", "2")];

#[tokio::test(flavor = "multi_thread")]
async fn s47_changed_added_and_removed_lines_arrive_as_that() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    let other = quote_of(&shop, &acme, "Other");
    line(&shop, &other, &CABLE);
    let cable = line(&shop, &fleet, &CABLE);
    let dock = line(&shop, &fleet, &DOCK);
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    let names = ["name", "current_quantity"];
    let first = halo.linked("quotation-line", &cable).await.unwrap();
    // Changed: the quote's own stamp stays.
    shop.sim
        .edit("line_items", &cable, [("quantity", "7")])
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(lines_of(&shop, &fleet, &names).await, ["Cable 7", "Dock 2"]);
    assert_eq!(halo.linked("quotation-line", &cable).await.unwrap(), first);
    // Added.
    line(
        &shop,
        &fleet,
        &[("name", "Mouse"), ("price", "9"), ("quantity", "3")],
    );
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        ["Cable 7", "Dock 2", "Mouse 3"]
    );
    // Removed, and taken off the quote.
    shop.sim.archive("line_items", &dock).unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        ["Cable 7", "Mouse 3"]
    );
    shop.sim
        .unlink(("quotes", &fleet), ("line_items", &cable))
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    assert_eq!(lines_of(&shop, &fleet, &names).await, ["Mouse 3"]);
    assert_eq!(lines_of(&shop, &other, &names).await, ["Cable 1"]);
    assert_eq!(news(&quotes(&shop).await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_people_in_halo_stays_and_one_that_they_removed_stays_away() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    let cable = line(&shop, &fleet, &CABLE);
    let dock = line(&shop, &fleet, &DOCK);
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    let own = quotation(&halo, &fleet).await;
    let of = format!("quotation:{own}");
    let fields = [("name", "Our own"), ("quotation_id", &of)];
    halo.add("quotation-line", &fields).await.unwrap();
    let there = halo.linked("quotation-line", &dock).await.unwrap().unwrap();
    halo.remove("quotation-line", there).await.unwrap();
    shop.sim
        .edit("line_items", &cable, [("quantity", "7")])
        .unwrap();
    quotes(&shop).await;
    shop.result(&["import", NAME, "quotes", "--full"])
        .await
        .unwrap();
    let names = ["name", "current_quantity"];
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        ["Cable 7", "Our own "]
    );
    // HubSpot changed it since: it is wanted there.
    shop.sim
        .edit("line_items", &dock, [("quantity", "5")])
        .unwrap();
    quotes(&shop).await;
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        ["Cable 7", "Dock 5", "Our own "]
    );
    shop.sim.archive("line_items", &dock).unwrap();
    quotes(&shop).await;
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        ["Cable 7", "Our own "]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_quantity_or_in_another_currency_goes_in_and_that_is_said() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    shop.sim
        .edit("quotes", &fleet, [("hs_currency", "EUR")])
        .unwrap();
    line(&shop, &fleet, &[("name", "Cable"), ("price", "5")]);
    let dollars = [("hs_line_item_currency_code", "USD")];
    let dock: Vec<(&str, &str)> = DOCK.into_iter().chain(dollars).collect();
    line(&shop, &fleet, &dock);
    let document = quotes(&shop).await;
    assert_eq!(counts(&document), "created 1");
    let report = shop.halo(&["report", NAME]).await.unwrap().stdout;
    for expected in [
        "Its line \"Cable\" has no quantity",
        "is in USD, the quote in EUR",
    ] {
        assert!(report.contains(expected), "{report}");
    }
    let names = ["name", "current_quantity", "current_price"];
    assert_eq!(
        lines_of(&shop, &fleet, &names).await,
        ["Cable  5", "Dock 2 90"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_finds_its_item_when_its_product_comes_later_and_keeps_it_when_that_is_gone() {
    let (shop, acme) = with_acme().await;
    let laptop = shop.sim.create("products", [("name", "Laptop")]).unwrap();
    let fleet = quote_of(&shop, &acme, "Fleet");
    let properties = [("hs_product_id", laptop.as_str()), ("quantity", "1")];
    line(&shop, &fleet, &properties);
    assert_eq!(news(&quotes(&shop).await), "created 1");
    assert_eq!(lines_of(&shop, &fleet, &["item_id"]).await, [""]);
    assert_eq!(news(&quotes(&shop).await), "");
    assert_eq!(counts(&import(&shop, "products").await), "created 1");
    let document = quotes(&shop).await;
    assert_eq!(news(&document), "updated 1", "{document}");
    let halo = shop.records().unwrap();
    let item = halo.linked("item", &laptop).await.unwrap().unwrap();
    let items = lines_of(&shop, &fleet, &["item_id"]).await;
    assert!(items[0].ends_with(&item.to_string()), "{items:?}");
    shop.sim.archive("products", &laptop).unwrap();
    shop.result(&["import", NAME, "quotes", "--full"])
        .await
        .unwrap();
    assert_eq!(lines_of(&shop, &fleet, &["item_id"]).await, items);
}
