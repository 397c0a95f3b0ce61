//! Generated deals, products, quotes and line items.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Portal, ids, unlimited};
use crate::hubspot_sim::SimOptions;

fn sales() -> SimOptions {
    SimOptions {
        companies: 40,
        contacts: 120,
        deals: 80,
        products: 30,
        quotes: 40,
        lines: 6,
        seed: 5,
        ..unlimited()
    }
}

fn of<'a>(rows: &'a [Value], name: &str) -> BTreeSet<&'a str> {
    let value = |row: &'a Value| row["properties"][name].as_str();
    rows.iter().filter_map(value).collect()
}

#[test]
fn what_is_sold_hangs_together() {
    let portal = Portal::new(sales());
    let [deals, products, quotes, lines] = [2, 3, 4, 5].map(|kind| portal.0.snapshot(kind));
    assert_eq!(
        [deals.len(), products.len(), quotes.len(), lines.len()],
        [80, 30, 40, 240]
    );
    assert_eq!(of(&deals, "pipeline").len(), 2);
    assert_eq!(of(&deals, "hs_is_closed_won").len(), 2);
    assert_eq!(of(&deals, "hs_is_closed_lost").len(), 2);
    assert!(of(&deals, "hubspot_owner_id").len() > 2);
    assert!(of(&deals, "deal_currency_code").len() > 1);
    assert_eq!(of(&products, "name").len(), 30);
    assert!(of(&quotes, "hs_status").len() == 4);
    assert!(of(&lines, "hs_product_id").is_subset(&of(&products, "hs_object_id")));
    for quote in &quotes {
        let id = quote["id"].as_str().unwrap().parse().unwrap();
        let key = (4, id);
        let lines = portal.0.links.ids(key, 5);
        let sum: f64 = lines
            .iter()
            .map(|line| portal.0.value((5, *line), "amount").parse::<f64>().unwrap())
            .sum();
        let told: f64 = portal.0.value(key, "hs_quote_amount").parse().unwrap();
        assert!((sum - told).abs() < 0.001);
        if let Some(deal) = portal.0.links.ids(key, 2).first() {
            let companies = portal.0.links.ids((2, *deal), 0);
            assert_eq!(portal.0.links.ids(key, 0), companies);
            assert_eq!(
                portal.0.value((2, *deal), "hs_primary_associated_company"),
                companies[0].to_string()
            );
        }
    }
}

#[test]
fn the_same_seed_sells_the_same_and_companies_do_not_depend_on_it() {
    let (a, b) = (Portal::new(sales()), Portal::new(sales()));
    let plain = Portal::new(SimOptions {
        deals: 0,
        products: 0,
        quotes: 0,
        ..sales()
    });
    for kind in 0..6 {
        assert_eq!(a.0.snapshot(kind), b.0.snapshot(kind));
    }
    let names = |portal: &Portal| {
        let rows = portal.0.snapshot(0);
        let names = rows.iter().map(|row| row["properties"]["name"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&a), names(&plain));
    let other = Portal::new(SimOptions { seed: 6, ..sales() });
    assert_ne!(a.0.snapshot(5), other.0.snapshot(5));
}

/// The shortest of several times that a list page, a batch read and a batch read of
/// associations take; the best, as other tests run beside.
fn times(portal: &mut Portal) -> [Duration; 3] {
    let list = "/crm/objects/2026-09/line_items?limit=100&associations=quotes";
    let inputs: Vec<Value> = ids(&portal.get(list).1)
        .iter()
        .map(|id| json!({ "id": id }))
        .collect();
    assert_eq!(inputs.len(), 100);
    let body = json!({"inputs": inputs, "properties": ["name", "price", "amount"]});
    [
        ("GET", list),
        ("POST", "/crm/v3/objects/line_items/batch/read"),
        (
            "POST",
            "/crm/associations/2026-09/line_items/quotes/batch/read",
        ),
    ]
    .map(|(method, target)| {
        let once = |_| {
            let started = Instant::now();
            assert_eq!(portal.call(method, target, body.clone()).0, 200);
            started.elapsed()
        };
        (0..7).map(once).min().unwrap_or_default()
    })
}

#[test]
fn pages_of_a_large_account_cost_no_more_than_those_of_a_small_one() {
    let portal = |quotes: usize| {
        Portal::new(SimOptions {
            products: 300,
            quotes,
            lines: 20,
            ..unlimited()
        })
    };
    let few = times(&mut portal(10));
    let many = times(&mut portal(2500));
    for (few, many) in few.into_iter().zip(many) {
        assert!(many < few * 10, "{many:?} instead of {few:?}");
    }
}
