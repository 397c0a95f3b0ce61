//! Events come in any order and more than once; what is in Halo then is what reading the
//! object once would bring. Each sequence of events has a deal of its own, so that all of
//! them are applied together, the first events first.

use std::collections::BTreeMap;
use std::sync::Arc;

use halo_host::capability::{Stop, Unwatched};
use halo_host::clock::Clock;
use halo_host::events;
use halo_host::store::NewEvent;

use super::*;

/// What may be told of a deal.
const EVENTS: [&str; 5] = ["created", "changed", "deleted", "restored", "merged"];

/// All sequences of events up to a length, repeats included. With `HALO_ORDERS=5` that
/// are 3,905 of each kind.
fn sequences() -> Vec<Vec<usize>> {
    let length = std::env::var("HALO_ORDERS").map_or(3, |text| text.parse().unwrap());
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut last = vec![Vec::new()];
    for _ in 0..length {
        let longer = last.iter().flat_map(|known| {
            (0..EVENTS.len()).map(|event| known.iter().copied().chain([event]).collect())
        });
        last = longer.collect::<Vec<Vec<usize>>>();
        all.extend(last.iter().cloned());
    }
    all
}

/// An event as the connector keeps it.
fn told(deal: &str, event: usize) -> Value {
    let what = match EVENTS[event] {
        "changed" => json!({ "kind": "changed", "property": "amount" }),
        "merged" => json!({ "kind": "merged", "ids": ["1"] }),
        kind => json!({ "kind": kind }),
    };
    json!({ "object": { "type": "deal", "id": deal }, "what": what, "occurred-at": 1 })
}

/// How a deal is when its events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Now {
    /// It is there, and Halo has had it before.
    Changed,
    /// Halo has had it, and it was deleted.
    Deleted,
    /// Halo has had it, it was deleted and restored.
    Restored,
    /// Halo has had a deal that was merged with another one into it.
    Survivor,
    /// Halo has not had it.
    New,
}

const STATES: [Now; 5] = [
    Now::Changed,
    Now::Deleted,
    Now::Restored,
    Now::Survivor,
    Now::New,
];

#[tokio::test(flavor = "multi_thread")]
async fn s58_any_events_in_any_order_and_repeated_end_as_reading_the_deal_once_does() {
    let shop = unconnected(0).await;
    apply(&shop, &["deals"], &json!({}));
    shop.connect().await.unwrap();
    let sequences = sequences();
    let mut deals = Vec::new();
    for sequence in &sequences {
        for now in STATES {
            deals.push((now, deal(&shop, "Chairs", "qualifiedtobuy"), sequence));
        }
    }
    let had = deals.iter().filter(|(now, ..)| *now != Now::New);
    let had: Vec<&str> = had.map(|(_, id, _)| id.as_str()).collect();
    for some in had.chunks(1_000) {
        let select = some.join(",");
        let arguments = ["import", NAME, "deals", "--select", &select];
        shop.result(&arguments).await.unwrap();
    }
    // HubSpot's side is as it will stay, before the first event comes.
    for (now, id, _) in &mut deals {
        match now {
            Now::Changed | Now::New => {
                shop.sim.edit("deals", id, [("amount", "7")]).unwrap();
            }
            Now::Deleted => shop.sim.archive("deals", id).unwrap(),
            Now::Restored => {
                shop.sim.archive("deals", id).unwrap();
                shop.sim.restore("deals", id).unwrap();
                shop.sim.edit("deals", id, [("amount", "7")]).unwrap();
            }
            Now::Survivor => {
                let other = deal(&shop, "Tables", "qualifiedtobuy");
                *id = shop.sim.merge("deals", id, &other).unwrap();
                shop.sim.edit("deals", id, [("amount", "7")]).unwrap();
            }
        }
    }
    let host = shop.host(Clock::default()).await.unwrap();
    let connection = host.connection(NAME).await.unwrap();
    let account = connection.account().await.unwrap().unwrap();
    for round in 0..sequences.last().unwrap().len() {
        let all = deals.iter().filter_map(|(_, id, sequence)| {
            let event = *sequence.get(round)?;
            Some(NewEvent {
                connection: NAME.to_owned(),
                account: account.clone(),
                object: format!("deal/{id}"),
                dedupe: format!("{id} {round}"),
                payload: told(id, event).to_string().into_bytes(),
            })
        });
        let all: Vec<NewEvent> = all.collect();
        host.store.inbox_add(all, host.clock.now()).await.unwrap();
        let run = events::run(&connection, Arc::new(Unwatched), Stop::default()).await;
        assert_eq!(run.unwrap().unwrap().state, "done");
    }
    let halo = shop.records().unwrap();
    let mut wrong = BTreeMap::new();
    for (now, id, sequence) in &deals {
        let ticket = halo.linked("ticket", id).await.unwrap();
        let field = async |name: &str| match ticket {
            Some(ticket) => halo.field("ticket", ticket, name).await.unwrap(),
            None => "no ticket".to_owned(),
        };
        let is = [field("oppvalue").await, field("hasbeenclosed").await];
        let told: Vec<&str> = sequence.iter().map(|event| EVENTS[*event]).collect();
        let expected = match now {
            Now::Deleted => ["", "true"],
            Now::New if !told.contains(&"created") => ["no ticket"; 2],
            _ => ["7", ""],
        };
        if is != expected {
            wrong.insert(format!("{now:?} {told:?}"), is);
        }
    }
    assert!(wrong.is_empty(), "{} are wrong: {wrong:#?}", wrong.len());
    let tickets = deals.iter().filter(|(now, _, sequence)| {
        *now != Now::New || sequence.iter().any(|event| EVENTS[*event] == "created")
    });
    assert_eq!(count(&shop, "ticket").await, tickets.count());
}
