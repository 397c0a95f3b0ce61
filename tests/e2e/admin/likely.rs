//! Likely pairs of the mapping table at the page: looked for, accepted, refused, and never
//! applied by themselves. What the connector takes for likely is in `likely_pairs`.

use std::time::{Duration, Instant};

use halo_tests::kit::{Answer, Visitor, Workshop};
use serde_json::{Value, json};

use super::settings::{kept, served};
use crate::shop::import;

const LIKELY: &str = "/admin/hubspot/likely?at=/companies/customers";

/// A search that takes longer has lost its way.
const PATIENCE: Duration = Duration::from_secs(60);

async fn act(visitor: &mut Visitor, fields: &[(&str, &str)]) -> Answer {
    visitor.submit(LIKELY, fields).await.unwrap()
}

/// Looks for rows and waits until that has ended; answers the page.
async fn looked(visitor: &mut Visitor) -> String {
    let answer = act(visitor, &[("do", "search")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    ended(visitor).await
}

async fn ended(visitor: &mut Visitor) -> String {
    let begun = Instant::now();
    loop {
        let page = visitor.get(LIKELY).await.unwrap().text;
        if !page.contains("Looking: ") {
            return page;
        }
        assert!(begun.elapsed() < PATIENCE, "it is still looking");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The names under which the rows of a page are chosen, and what stands in each.
fn rows(page: &str) -> Vec<(String, String)> {
    let rows = page.split("name=\"pair\" value=\"").skip(1);
    rows.map(|rest| {
        let (name, rest) = rest.split_once('"').unwrap();
        let text = rest.split("</tr>").next().unwrap();
        (name.to_owned(), text.to_owned())
    })
    .collect()
}

fn row_of(page: &str, shown: &str) -> String {
    let rows = rows(page);
    let found = rows.iter().find(|(_, text)| text.contains(shown));
    let (name, _) = found.unwrap_or_else(|| panic!("{shown} is not in {page}"));
    name.clone()
}

async fn table(shop: &Workshop) -> Value {
    kept(shop).await["settings"]["companies"]["customers"].clone()
}

async fn company(shop: &Workshop, name: &str, domain: &str) -> String {
    let properties = [
        ("name", name),
        ("domain", domain),
        ("lifecyclestage", "customer"),
    ];
    shop.sim.create_company(properties).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_likely_pairs_come_with_their_evidence_and_are_accepted_or_refused_by_a_person() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let halo = shop.records().unwrap();
    let ltd = [("name", "Birch Ltd"), ("domain", "birch.example")];
    let birch = halo.add("customer", &ltd).await.unwrap();
    let cedar = [("name", "Cedar <script> GmbH")];
    halo.add("customer", &cedar).await.unwrap();
    let of_birch = company(&shop, "Birch Inc.", "birch.example").await;
    let of_cedar = company(&shop, "Cedar <script>", "cedar.example").await;
    company(&shop, "Elsewhere", "elsewhere.example").await;
    let journal = halo.journal_length().await.unwrap();

    let page = visitor.get(LIKELY).await.unwrap().text;
    assert!(page.contains("Nobody has looked yet."), "{page}");
    let page = looked(&mut visitor).await;
    assert!(
        page.contains("3 of 3 looked at, 2 likely pairs found"),
        "{page}"
    );
    let found = rows(&page);
    assert_eq!(found.len(), 2, "{page}");
    // The one with two kinds of evidence comes first.
    for shown in [
        "Birch Inc.",
        "Birch Ltd",
        &of_birch,
        "birch.example",
        "strong",
    ] {
        assert!(found[0].1.contains(shown), "{shown}: {}", found[0].1);
    }
    assert!(found[1].1.contains("Cedar &lt;script&gt;") && !found[1].1.contains("strong"));
    // Nothing is applied by itself.
    assert_eq!(table(&shop).await, Value::Null);
    assert_eq!(halo.journal_length().await.unwrap(), journal);

    let cedar = row_of(&page, &of_cedar);
    assert_eq!(
        act(&mut visitor, &[("do", "refuse"), ("pair", &cedar)])
            .await
            .status,
        303
    );
    let birch_row = row_of(&page, &of_birch);
    let answer = act(&mut visitor, &[("do", "accept"), ("pair", &birch_row)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let expected = json!([{ "company": of_birch, "customer": birch }]);
    assert_eq!(table(&shop).await, expected);
    let history = visitor.get("/admin/hubspot/history").await.unwrap().text;
    assert!(history.contains(super::NAME), "{history}");

    // What was refused is not found again, until somebody lets it be.
    let page = looked(&mut visitor).await;
    assert!(page.contains("There is nothing to decide."), "{page}");
    let (_, rest) = page.split_once("name=\"refused\" value=\"").unwrap();
    let refused = rest.split('"').next().unwrap().to_owned();
    let again = act(
        &mut visitor,
        &[("do", "offer-again"), ("refused", &refused)],
    )
    .await;
    assert_eq!(again.status, 303);
    assert_eq!(rows(&looked(&mut visitor).await).len(), 1);

    import(&shop).await;
    assert_eq!(
        halo.linked("customer", &of_birch).await.unwrap(),
        Some(birch)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a25_all_strong_pairs_are_accepted_at_once_but_for_those_that_name_the_same() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let halo = shop.records().unwrap();
    for name in ["Birch", "Cedar", "Dogwood", "Elm"] {
        let (called, domain) = (
            format!("{name} Ltd"),
            format!("{}.example", name.to_lowercase()),
        );
        let fields = [("name", called.as_str()), ("domain", &domain)];
        halo.add("customer", &fields).await.unwrap();
    }
    for (name, domain) in [
        ("Birch Inc", "birch.example"),
        ("Cedar Inc", "cedar.example"),
        // Two companies for one customer.
        ("Cedar GmbH", "cedar.example"),
        ("Dogwood Inc", "dogwood.example"),
        // One kind of evidence.
        ("Elm Inc", "elsewhere.example"),
    ] {
        company(&shop, name, domain).await;
    }
    let page = looked(&mut visitor).await;
    assert_eq!(rows(&page).len(), 5, "{page}");
    let answer = act(&mut visitor, &[("do", "accept-strong")]).await;
    let to = answer.header("location").to_owned();
    assert!(
        to.ends_with("&accepted=2&left=2&gone=0"),
        "{to} {}",
        answer.text
    );
    let page = visitor.get(&to).await.unwrap().text;
    assert!(
        page.contains("2 rows were added to the table. 2 were left for you"),
        "{page}"
    );
    assert_eq!(rows(&page).len(), 3, "{page}");
    assert_eq!(table(&shop).await.as_array().unwrap().len(), 2);
    // One revision for all of them.
    assert_eq!(kept(&shop).await["revision"], 2);

    // Both of a pair that name the same: nothing is half-added.
    let both: Vec<(String, String)> = { rows(&page).into_iter() }
        .filter(|(_, text)| text.contains("Cedar"))
        .collect();
    let fields = [("do", "accept"), ("pair", &both[0].0), ("pair", &both[1].0)];
    let answer = act(&mut visitor, &fields).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(
        answer.text.contains("Nothing was added."),
        "{}",
        answer.text
    );
    assert_eq!(table(&shop).await.as_array().unwrap().len(), 2);
    let answer = act(&mut visitor, &[("do", "accept"), ("pair", &both[0].0)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    // The other one has lost its customer, but may have another; it stays until refused.
    assert_eq!(
        act(&mut visitor, &[("do", "accept")]).await.status,
        409,
        "nothing ticked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_stopped_goes_on_where_it_was_and_finds_what_one_in_a_single_go_does() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let halo = shop.records().unwrap();
    for n in 0..450 {
        company(&shop, &format!("Company {n} Inc"), "").await;
        if n % 50 == 1 {
            let name = format!("Company {n} Ltd");
            halo.add("customer", &[("name", &name)]).await.unwrap();
        }
    }
    shop.sim.set_latency(Duration::from_millis(200));
    assert_eq!(act(&mut visitor, &[("do", "search")]).await.status, 303);
    // A second start changes nothing of the one that is under way.
    assert_eq!(act(&mut visitor, &[("do", "search")]).await.status, 303);
    let begun = Instant::now();
    loop {
        let page = visitor.get(LIKELY).await.unwrap().text;
        if page.contains("200 of 450 looked at") {
            // What others may name yet is not accepted at once.
            assert!(!page.contains("accept-strong"), "{page}");
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(act(&mut visitor, &[("do", "stop")]).await.status, 303);
    let page = ended(&mut visitor).await;
    assert!(
        page.contains("200 of 450 looked at, 4 likely pairs found, then stopped."),
        "{page}"
    );
    let early = act(&mut visitor, &[("do", "accept-strong")]).await;
    assert_eq!(early.status, 409, "{}", early.text);
    shop.sim.set_latency(Duration::ZERO);
    assert_eq!(act(&mut visitor, &[("do", "go-on")]).await.status, 303);
    let page = ended(&mut visitor).await;
    assert!(
        page.contains("450 of 450 looked at, 9 likely pairs found."),
        "{page}"
    );
    let in_parts = rows(&page);
    let again = looked(&mut visitor).await;
    assert!(
        again.contains("450 of 450 looked at, 9 likely pairs found."),
        "{again}"
    );
    assert_eq!(rows(&again), in_parts);

    // Somebody else has decided: it is said, and the rest is done.
    let (first, second) = (&in_parts[0].0, &in_parts[1].0);
    act(&mut visitor, &[("do", "refuse"), ("pair", first)]).await;
    let both = [("do", "refuse"), ("pair", first), ("pair", second)];
    let answer = act(&mut visitor, &both).await;
    let to = answer.header("location").to_owned();
    let page = visitor.get(&to).await.unwrap().text;
    assert!(
        page.contains("1 of what was ticked had been decided"),
        "{to}: {page}"
    );
    assert_eq!(rows(&page).len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_likely_pairs_tells_why_it_ended_and_nothing_strange_is_taken() {
    let (shop, _serving, mut visitor) = served(json!({})).await;
    let halo = shop.records().unwrap();
    let fields = [("name", "Birch Ltd")];
    halo.add("customer", &fields).await.unwrap();
    company(&shop, "Birch Inc", "birch.example").await;
    shop.result(&["disconnect", "hubspot"]).await.unwrap();
    let page = looked(&mut visitor).await;
    assert!(page.contains("0 looked at, 0 likely pairs found"), "{page}");
    assert!(page.contains("role=\"alert\""), "{page}");
    shop.connect().await.unwrap();
    let page = looked(&mut visitor).await;
    assert!(!page.contains("role=\"alert\""), "{page}");
    assert_eq!(rows(&page).len(), 1, "{page}");

    // Addresses and forms that nobody has made.
    for (path, status) in [
        ("/admin/hubspot/likely?at=/companies/fields", 404),
        ("/admin/hubspot/likely?at=/nothing", 404),
        ("/admin/hubspot/likely", 404),
        ("/admin/nobody/likely?at=/companies/customers", 404),
        ("/admin/hubspot/likely?at=/companies/customers&after=~", 200),
    ] {
        assert_eq!(visitor.get(path).await.unwrap().status, status, "{path}");
    }
    assert_eq!(act(&mut visitor, &[("do", "anything")]).await.status, 400);
    let unknown = [("do", "accept"), ("pair", "8:0011"), ("pair", "../x")];
    let answer = act(&mut visitor, &unknown).await;
    assert!(
        answer
            .header("location")
            .ends_with("&accepted=0&left=0&gone=2"),
        "{}",
        answer.text
    );
    assert_eq!(table(&shop).await, Value::Null);

    // Their evidence names people.
    let forgotten = ["forget", "hubspot", "companies", "1"];
    let told = shop.result(&forgotten).await.unwrap();
    assert_eq!(told[0]["likely"], 1, "{told:?}");
    assert_eq!(rows(&visitor.get(LIKELY).await.unwrap().text).len(), 0);
}
