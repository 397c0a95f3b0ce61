//! Items to products, row by row in its own direction (S38, S39, S42), and both-way
//! fields of deals (S52, A16).

use super::*;

/// Settings with these rows of products, sent back always.
fn rows(shop: &Workshop, direction: &str) {
    let mut settings = shop.settings(json!({}));
    settings["products"] = json!({ "item-group": 1, "fields": [
        { "property": "price", "field": "baseprice", "direction": direction },
        { "property": "description", "field": "description" },
    ] });
    settings["deals"]["create"] = json!(true);
    settings["deals"]["fields"] = json!([
        { "property": "description", "field": "CFWhy", "direction": direction },
    ]);
    if direction == "halo-to-hubspot" {
        settings["deals"]["fields"] = json!([]);
    }
    settings["sync-back"] = json!({ "products": "both", "deals": "on-update" });
    shop.write("settings.json", &settings.to_string()).unwrap();
}

async fn shop(direction: &str) -> Workshop {
    let shop = unconnected(0).await;
    let halo = shop.records().unwrap();
    halo.custom_field("ticket", "CFWhy", "memo").await.unwrap();
    rows(&shop, direction);
    shop.connect().await.unwrap();
    shop
}

async fn item(shop: &Workshop, product: &str) -> u64 {
    let halo = shop.records().unwrap();
    halo.linked("item", product).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_s38_a_bidirectional_row_brings_each_sides_change_to_the_other_once() {
    let shop = shop("bidirectional").await;
    let laptop = [("name", "Laptop"), ("price", "10")];
    let laptop = shop.sim.create("products", laptop).unwrap();
    import(&shop, "products").await;
    let own = item(&shop, &laptop).await;
    let halo = shop.records().unwrap();
    edit(&halo, "item", own, "baseprice", "12.50").await;
    edit(&halo, "item", own, "description", "Ours").await;
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 1);
    assert_eq!(value(&shop, "products", &laptop, "price"), "12.50");
    assert_eq!(value(&shop, "products", &laptop, "description"), "");
    shop.sim
        .edit("products", &laptop, [("price", "14")])
        .unwrap();
    shop.sim.reset_stats();
    import(&shop, "products").await;
    push(&shop).await;
    let price = halo.field("item", own, "baseprice").await.unwrap();
    assert_eq!(price, "14");
    assert_eq!(shop.sim.stats().writes, 0, "nothing echoes");
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_a9_a_row_that_only_goes_out_overwrites_hubspot_and_never_comes() {
    let shop = shop("halo-to-hubspot").await;
    let laptop = [("name", "Laptop"), ("price", "10")];
    let laptop = shop.sim.create("products", laptop).unwrap();
    import(&shop, "products").await;
    let own = item(&shop, &laptop).await;
    let halo = shop.records().unwrap();
    assert_eq!(halo.field("item", own, "baseprice").await.unwrap(), "");
    edit(&halo, "item", own, "baseprice", "12").await;
    push(&shop).await;
    assert_eq!(value(&shop, "products", &laptop, "price"), "12");
    shop.sim
        .edit("products", &laptop, [("price", "99")])
        .unwrap();
    import(&shop, "products").await;
    assert_eq!(halo.field("item", own, "baseprice").await.unwrap(), "12");
    // With the next change of the item.
    edit(&halo, "item", own, "description", "Ours").await;
    push(&shop).await;
    assert_eq!(value(&shop, "products", &laptop, "price"), "12");
}

#[tokio::test(flavor = "multi_thread")]
async fn s42_an_item_that_is_made_in_halo_is_one_product() {
    let shop = shop("bidirectional").await;
    let halo = shop.records().unwrap();
    let fields = [
        ("name", "Dock"),
        ("baseprice", "90"),
        ("assetgroup_id", "item-group:1"),
    ];
    let own = halo.add("item", &fields).await.unwrap();
    push(&shop).await;
    push(&shop).await;
    let products = shop.sim.snapshot("products").unwrap();
    assert_eq!(products.len(), 1);
    assert_eq!(products[0]["properties"]["name"], "Dock");
    assert_eq!(products[0]["properties"]["price"], "90");
    import(&shop, "products").await;
    assert_eq!(halo.all("item").await.unwrap().len(), 1);
    let product = products[0]["id"].as_str().unwrap();
    assert_eq!(halo.linked("item", product).await.unwrap(), Some(own));
}

#[tokio::test(flavor = "multi_thread")]
async fn s52_a16_a_both_way_field_of_a_deal_goes_back_and_no_ticket_makes_a_deal() {
    let shop = shop("bidirectional").await;
    let deal = [("dealname", "Fleet"), ("dealstage", "qualifiedtobuy")];
    let deal = shop.sim.create("deals", deal).unwrap();
    import(&shop, "deals").await;
    let halo = shop.records().unwrap();
    let ticket = halo.linked("ticket", &deal).await.unwrap().unwrap();
    edit(&halo, "ticket", ticket, "CFWhy", "Ours").await;
    edit(&halo, "ticket", ticket, "summary", "Our fleet").await;
    let fields = [("summary", "A call"), ("tickettype_id", "ticket-type:1")];
    halo.add("ticket", &fields).await.unwrap();
    shop.sim.reset_stats();
    push(&shop).await;
    assert_eq!(shop.sim.stats().writes, 1);
    assert_eq!(value(&shop, "deals", &deal, "description"), "Ours");
    assert_eq!(value(&shop, "deals", &deal, "dealname"), "Fleet");
    assert_eq!(count(&shop, "deals"), 1);
}
