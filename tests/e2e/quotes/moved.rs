//! Lines that go from one quote to another, and quotes that go and come back.

use super::*;

const CABLE: [(&str, &str); 3] = [("name", "Cable"), ("price", "5"), ("quantity", "1")];

/// A line goes from one quote to another.
fn move_line(shop: &Workshop, line: &str, from: &str, to: &str) {
    let line = ("line_items", line);
    shop.sim.unlink(("quotes", from), line).unwrap();
    shop.sim.link(("quotes", to), line, false).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_goes_to_another_quote_is_the_same_line_there_and_nothing_stops() {
    let (shop, acme) = with_acme().await;
    let first = quote_of(&shop, &acme, "First");
    let second = quote_of(&shop, &acme, "Second");
    let [there, back] = [&first, &second].map(|quote| line(&shop, quote, &CABLE));
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    let before = halo.linked("quotation-line", &there).await.unwrap();
    // Both ways, as one of the two quotes is planned before the other.
    move_line(&shop, &there, &first, &second);
    move_line(&shop, &back, &second, &first);
    shop.sim
        .edit("line_items", &there, [("quantity", "3")])
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 2");
    let names = ["name", "current_quantity"];
    assert_eq!(lines_of(&shop, &first, &names).await, ["Cable 1"]);
    assert_eq!(lines_of(&shop, &second, &names).await, ["Cable 3"]);
    assert_eq!(halo.linked("quotation-line", &there).await.unwrap(), before);
    assert_eq!(news(&quotes(&shop).await), "");
    assert_eq!(halo.all("quotation-line").await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_quote_that_is_not_imported_yet_goes_from_its_old_one_all_the_same() {
    let (shop, acme) = with_acme().await;
    let first = quote_of(&shop, &acme, "First");
    let bolt = shop.sim.create_company([("name", "Bolt")]).unwrap();
    let second = quote_of(&shop, &bolt, "Second");
    let cable = line(&shop, &first, &CABLE);
    quotes(&shop).await;
    move_line(&shop, &cable, &first, &second);
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    assert_eq!(halo.all("quotation-line").await.unwrap().len(), 0);
    import(&shop, "companies").await;
    assert_eq!(news(&quotes(&shop).await), "created 1");
    assert_eq!(lines_of(&shop, &second, &["name"]).await, ["Cable"]);
    assert_eq!(lines_of(&shop, &first, &["name"]).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_was_deleted_and_restored_untouched_goes_on_with_the_next_list() {
    let (shop, acme) = with_acme().await;
    let fleet = quote_of(&shop, &acme, "Fleet");
    let cable = line(&shop, &fleet, &CABLE);
    quotes(&shop).await;
    let halo = shop.records().unwrap();
    let contents = halo.contents().await.unwrap();
    shop.sim.archive("quotes", &fleet).unwrap();
    quotes(&shop).await;
    shop.sim.restore("quotes", &fleet).unwrap();
    shop.result(&["import", NAME, "quotes", "--full"])
        .await
        .unwrap();
    assert_eq!(halo.contents().await.unwrap(), contents);
    // It is followed again, and so are its lines.
    shop.sim
        .edit("line_items", &cable, [("quantity", "2")])
        .unwrap();
    assert_eq!(news(&quotes(&shop).await), "updated 1");
    let quantity = lines_of(&shop, &fleet, &["current_quantity"]).await;
    assert_eq!(quantity, ["2"]);
}
