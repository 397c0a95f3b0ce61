//! From an empty host to what was chosen, by hand: map, preview, choose, import, see.

use halo_tests::kit::Workshop;
use halo_tests::kit::chromium::Window;
use serde_json::json;

use crate::{Desk, axe};

/// Text that would be a script if any page took it for one.
const SCRIPT: &str = "<script>document.title = 'owned'</script>";

/// A host whose settings are stored and say no more than where the simulated HubSpot is.
async fn stored(shop: &Workshop) {
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let own = text.replace("settings-file = \"settings.json\"\n", "");
    assert_ne!(own, text);
    shop.write("halo.toml", &own).unwrap();
    let settings = shop.settings(json!({})).to_string();
    shop.write("settings.json", &settings).unwrap();
    let apply = ["settings", "hubspot", "apply", "settings.json"];
    shop.result(&apply).await.unwrap();
    shop.connect().await.unwrap();
}

/// Chooses in a list by its name.
async fn choose(window: &Window, name: &str, value: &str) {
    let list = window.element(&format!("select[name='{name}']")).await;
    list.unwrap().select_by_value(value).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s55_mapped_previewed_and_of_ten_deals_three_ticked_by_hand() {
    let desk = Desk::with(async |shop| {
        stored(shop).await;
        let halo = shop.records().unwrap();
        halo.custom_field("customer", "CFCity", "text")
            .await
            .unwrap();
        halo.add("customer", &[("name", SCRIPT)]).await.unwrap();
    })
    .await;
    let (window, shop) = (&desk.window, &desk.shop);
    let halo = shop.records().unwrap();
    let sim = &shop.sim;
    let company = sim
        .create("companies", [("name", SCRIPT), ("city", "Graz")])
        .unwrap();
    let mut deals = Vec::new();
    for n in 0..10 {
        let name = format!("Deal {n}");
        let stage = [("dealname", name.as_str()), ("dealstage", "qualifiedtobuy")];
        let deal = sim.create("deals", stage).unwrap();
        sim.link(("deals", &deal), ("companies", &company), true)
            .unwrap();
        deals.push(deal);
    }

    desk.visit("/admin/hubspot/settings/companies").await;
    window
        .fill("[name='/companies/fields/0/property']", "city")
        .await
        .unwrap();
    choose(window, "/companies/fields/0/field", "CFCity").await;
    window.press("Save").await.unwrap();
    window.sees("Saved as revision 2").await.unwrap();
    axe::accessible(window).await;
    window.click("a[href*='/table?at=']").await.unwrap();
    window.sees("Add a row").await.unwrap();
    choose(window, "/company", &company).await;
    choose(window, "/customer", "1").await;
    window.press("Add").await.unwrap();
    window.sees("Saved as revision 3").await.unwrap();
    window.sees(SCRIPT).await.unwrap();
    axe::accessible(window).await;
    desk.visit("/admin/hubspot/settings/deals").await;
    choose(window, "/deals/unmapped-stages", "keep").await;
    window.press("Save").await.unwrap();
    window.sees("Saved as revision 4").await.unwrap();

    desk.visit("/admin/hubspot/settings/companies").await;
    window.press("Import companies").await.unwrap();
    window.sees("1 updated").await.unwrap();
    window.sees(SCRIPT).await.unwrap();
    assert_eq!(halo.field("customer", 1, "CFCity").await.unwrap(), "Graz");
    desk.visit("/admin/hubspot/settings/deals").await;
    window.press("Preview deals").await.unwrap();
    window.sees("10 to be created").await.unwrap();
    axe::accessible(window).await;
    let ticked = [&deals[2], &deals[3], &deals[9]];
    for deal in ticked {
        window
            .click(&format!("input[name=key][value='{deal}']"))
            .await
            .unwrap();
    }
    window.press("Import what is ticked").await.unwrap();
    window.sees("3 created").await.unwrap();
    for deal in &deals {
        let ticket = halo.linked("ticket", deal).await.unwrap();
        assert_eq!(ticket.is_some(), ticked.contains(&deal), "{deal}");
    }
    for page in [
        "activity",
        "activity/journal",
        "history",
        "activity/waiting",
    ] {
        desk.visit(&format!("/admin/hubspot/{page}")).await;
        let title = window.script("return document.title").await.unwrap();
        assert_ne!(title, "owned", "{page}");
    }
    desk.is_calm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_likely_pairs_are_looked_for_ticked_all_at_once_and_accepted() {
    let desk = Desk::with(async |shop| {
        stored(shop).await;
        let halo = shop.records().unwrap();
        for (company, customer) in [
            ("Birch Inc", "Birch Ltd"),
            (SCRIPT, &format!("{SCRIPT} Ltd")),
        ] {
            shop.sim.create_company([("name", company)]).unwrap();
            halo.add("customer", &[("name", customer)]).await.unwrap();
        }
    })
    .await;
    let window = &desk.window;
    desk.visit("/admin/hubspot/settings/companies").await;
    window.click("a[href*='/table?at=']").await.unwrap();
    window.click("a[href*='/likely?at=']").await.unwrap();
    window.sees("Nobody has looked yet.").await.unwrap();
    axe::accessible(window).await;
    window.press("Look for likely pairs").await.unwrap();
    // The page keeps itself up to date until then.
    window.sees("2 likely pairs found.").await.unwrap();
    window.sees("Both are called “birch”").await.unwrap();
    window.sees(SCRIPT).await.unwrap();
    axe::accessible(window).await;
    window.click("[data-tick-all] input").await.unwrap();
    window.press("Accept what is ticked").await.unwrap();
    window
        .sees("2 rows were added to the table.")
        .await
        .unwrap();
    window.sees("There is nothing to decide.").await.unwrap();
    window.click("main a[href*='/table?at=']").await.unwrap();
    window.sees("2 of 2 rows").await.unwrap();
    desk.is_calm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_at_its_field_and_what_was_typed_is_still_there() {
    let desk = Desk::with(stored).await;
    let window = &desk.window;
    desk.visit("/admin/hubspot/settings/connection").await;
    let field = "[name='/sync/sweep-hours']";
    window.fill(field, "many").await.unwrap();
    window.press("Save").await.unwrap();
    window.sees("Nothing was saved.").await.unwrap();
    axe::accessible(window).await;
    window.click(".notice a").await.unwrap();
    let typed = format!("return document.querySelector(\"{field}\").value");
    assert_eq!(window.script(&typed).await.unwrap(), "many");
    window.fill(field, "12").await.unwrap();
    window.press("Save").await.unwrap();
    window.sees("Saved as revision 2").await.unwrap();
    desk.is_calm().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_row_offers_only_fields_that_fit_its_property_and_ways_that_it_allows() {
    let desk = Desk::with(async |shop| {
        stored(shop).await;
        let halo = shop.records().unwrap();
        halo.custom_field("item", "CFNote", "memo").await.unwrap();
        halo.custom_field("item", "CFTicked", "checkbox")
            .await
            .unwrap();
    })
    .await;
    let window = &desk.window;
    desk.visit("/admin/hubspot/settings/products").await;
    let add = "button[data-add='/products/fields']";
    window.click(add).await.unwrap();
    let row = "tbody[data-rows='/products/fields'] tr:last-child";
    window
        .fill(&format!("{row} [data-property]"), "name\t")
        .await
        .unwrap();
    let offered = |column: &str| {
        format!(
            "return [...document.querySelectorAll(\"{row} {column} option\")].filter((option) => !option.hidden).map((option) => option.value).join(' ')"
        )
    };
    let fields = window.script(&offered("select[data-field]")).await.unwrap();
    let fields: Vec<&str> = fields.as_str().unwrap().split(' ').collect();
    assert!(
        fields.contains(&"CFNote") && fields.contains(&"name"),
        "{fields:?}"
    );
    assert!(
        !fields.contains(&"CFTicked") && !fields.contains(&"baseprice"),
        "{fields:?}"
    );
    let read_only = "hs_lastmodifieddate\t";
    window
        .fill(&format!("{row} [data-property]"), read_only)
        .await
        .unwrap();
    let ways = window
        .script(&offered("select[name$='/direction']"))
        .await
        .unwrap();
    assert_eq!(ways, "hubspot-to-halo");
    desk.is_calm().await;
}
