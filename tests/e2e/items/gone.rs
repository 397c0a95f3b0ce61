//! Products that were deleted for good, and what takes their place.

use halo_tests::kit::NAME;
use serde_json::json;

use super::{item_of, product, products, with_rows};
use crate::shop::{counts, reason};

#[tokio::test(flavor = "multi_thread")]
async fn s40_an_item_of_a_product_that_is_gone_goes_to_a_new_one_of_its_sku() {
    let shop = with_rows(json!([
        { "property": "price", "field": "baseprice" },
        { "property": "hs_sku", "field": "internalreference" },
    ]))
    .await;
    let halo = shop.records().unwrap();
    let old = product(&shop, &[("name", "Pump"), ("hs_sku", "P-1")]);
    products(&shop).await;
    let item = item_of(&halo, &old).await;
    shop.sim.archive("products", &old).unwrap();
    shop.sim.purge("products", &old).unwrap();
    let new = [("name", "Pump 2"), ("hs_sku", "P-1"), ("price", "9")];
    let new = product(&shop, &new);
    // Before anyone knows that the old one is gone, the new one waits.
    let document = products(&shop).await;
    assert_eq!(counts(&document), "conflict 1");
    let full = ["import", NAME, "products", "--full"];
    let document = shop.result(&full).await.unwrap().remove(0);
    assert!(
        reason(&document, &old).contains("not even in its recycling bin"),
        "{document}"
    );
    products(&shop).await;
    assert_eq!(item_of(&halo, &new).await, item);
    assert_eq!(halo.field("item", item, "baseprice").await.unwrap(), "9");
    assert_eq!(halo.all("item").await.unwrap().len(), 1);
    let document = shop.result(&full).await.unwrap().remove(0);
    assert_eq!(counts(&document), "unchanged 1");
}
