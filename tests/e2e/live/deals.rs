//! Deals: followed once they are in Halo, made when they are new, and what becomes of a
//! deleted one.

use super::*;

const OPEN: &str = "qualifiedtobuy";

#[tokio::test(flavor = "multi_thread")]
async fn s57_s58_a_new_deal_is_one_ticket_without_anybodys_choice_and_is_followed() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    let new = deal(&shop, "Chairs", OPEN);
    shop.sim.edit("deals", &new, [("amount", "500")]).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "ticket").await, 1);
    assert_eq!(field(&shop, "ticket", &new, "summary").await, "Chairs");
    assert_eq!(field(&shop, "ticket", &new, "oppvalue").await, "500");
    shop.sim.edit("deals", &new, [("amount", "700")]).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "ticket", &new, "oppvalue").await, "700");
    // S61: also when it closes.
    let won = [("dealstage", "closedwon")];
    shop.sim.edit("deals", &new, won).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "ticket", &new, "hasbeenclosed").await, "true");
    assert_eq!(shop.sim.stats().writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s58_out_of_order_and_twice_is_one_ticket_all_the_same() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    shop.sim.webhook_options(|options| {
        options.duplicates = 10;
        options.lose_answers = 5;
        options.shuffle = true;
    });
    let deals: Vec<String> = (0..20)
        .map(|n| {
            let id = deal(&shop, &format!("Deal {n}"), OPEN);
            shop.sim.edit("deals", &id, [("amount", "9")]).unwrap();
            id
        })
        .collect();
    shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "ticket").await, deals.len());
    for deal in &deals {
        assert_eq!(field(&shop, "ticket", deal, "oppvalue").await, "9");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s56_a14_a_deal_that_was_not_chosen_stays_out_and_a_closed_new_one_too() {
    let (shop, serving) = live(&[], json!({})).await;
    let old = deal(&shop, "Old", OPEN);
    import(&shop, "deals").await;
    drop(serving);
    apply(&shop, &["deals"], &json!({}));
    shop.subscribe().await.unwrap();
    let _serving = shop.serve().await.unwrap();
    shop.sim.edit("deals", &old, [("amount", "1")]).unwrap();
    let closed = deal(&shop, "Lost", "closedlost");
    shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "ticket").await, 0);
    // A14: reopened, it stays out until somebody chooses it.
    shop.sim
        .edit("deals", &closed, [("dealstage", OPEN)])
        .unwrap();
    let counts = shop.caught_up().await.unwrap();
    assert_eq!(count(&shop, "ticket").await, 0);
    assert!(counts.ignored >= 2, "{counts:?}");
    let inbox = shop.result(&["inbox", NAME]).await.unwrap().remove(0);
    let of = |id: &str| {
        let events = inbox["events"].as_array().unwrap().iter();
        let own = events.filter(|event| event["object"] == format!("deal/{id}"));
        own.map(|event| {
            event["failure"]["code"]
                .as_str()
                .unwrap_or("none")
                .to_owned()
        })
        .collect::<Vec<String>>()
    };
    assert_eq!(of(&old), ["not-selected"]);
    assert_eq!(of(&closed).last().unwrap(), "closed");
    let select = ["import", NAME, "deals", "--select", &old];
    shop.result(&select).await.unwrap();
    assert_eq!(count(&shop, "ticket").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s59_a15_a_deleted_deals_ticket_is_closed_and_opened_when_it_is_restored() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    let own = deal(&shop, "Chairs", OPEN);
    shop.caught_up().await.unwrap();
    shop.sim.archive("deals", &own).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "ticket", &own, "hasbeenclosed").await, "true");
    assert_ne!(field(&shop, "ticket", &own, "dateclosed").await, "");
    shop.sim.restore("deals", &own).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "ticket", &own, "hasbeenclosed").await, "");
    assert_eq!(field(&shop, "ticket", &own, "dateclosed").await, "");
    shop.sim.edit("deals", &own, [("amount", "70")]).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(field(&shop, "ticket", &own, "oppvalue").await, "70");
    assert_eq!(count(&shop, "ticket").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s59_a15_by_the_setting_a_deleted_deals_ticket_is_removed_or_left() {
    for (setting, left) in [("remove", 0), ("leave", 1)] {
        let more = json!({ "deals": { "deleted": setting } });
        let (shop, _serving) = live(&["deals"], more).await;
        let own = deal(&shop, "Chairs", OPEN);
        shop.caught_up().await.unwrap();
        shop.sim.archive("deals", &own).unwrap();
        shop.caught_up().await.unwrap();
        assert_eq!(count(&shop, "ticket").await, left, "{setting}");
        if left == 1 {
            assert_eq!(field(&shop, "ticket", &own, "hasbeenclosed").await, "");
        }
        shop.sim.restore("deals", &own).unwrap();
        shop.caught_up().await.unwrap();
        assert_eq!(count(&shop, "ticket").await, 1, "{setting}");
        assert_eq!(field(&shop, "ticket", &own, "summary").await, "Chairs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s59_deleting_a_deal_that_is_not_in_halo_does_nothing() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    let before = shop.records().unwrap().contents().await.unwrap();
    let closed = deal(&shop, "Lost", "closedlost");
    shop.sim.archive("deals", &closed).unwrap();
    shop.sim.restore("deals", &closed).unwrap();
    shop.caught_up().await.unwrap();
    assert_eq!(shop.records().unwrap().contents().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s60_a16_an_edited_ticket_is_not_sent_without_a_both_way_row() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    let own = deal(&shop, "Chairs", OPEN);
    shop.caught_up().await.unwrap();
    let halo = shop.records().unwrap();
    let ticket = id(&halo, "ticket", &own).await.unwrap();
    halo.edit("ticket", ticket, &[("summary", "Ours"), ("oppvalue", "3")])
        .await
        .unwrap();
    shop.result(&["push", NAME]).await.unwrap();
    assert_eq!(shop.sim.stats().writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_deals_that_were_merged_stay_two_until_people_merge_them() {
    let (shop, _serving) = live(&["deals"], json!({})).await;
    let (one, two) = (deal(&shop, "Chairs", OPEN), deal(&shop, "Tables", OPEN));
    shop.caught_up().await.unwrap();
    let survivor = shop.sim.merge("deals", &one, &two).unwrap();
    shop.sim
        .edit("deals", &survivor, [("amount", "8")])
        .unwrap();
    shop.caught_up().await.unwrap();
    // Two tickets, of which nobody but people can make one.
    assert_eq!(count(&shop, "ticket").await, 2);
}
