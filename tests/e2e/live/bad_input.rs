//! Whatever is sent to the address of webhooks, by HubSpot or by anybody else: it is
//! answered and counted, and what comes after it is served.

use halo_host::store::{InboxCounts, Store as _};

use super::raw::{Raw, counted, head, post, signature, signed};
use super::*;

/// Bytes of 100 MB, in pieces.
const PIECE: usize = 1_000_000;
const PIECES: usize = 100;
/// What one body may have, as the host says.
const BODY: usize = 8 * 1024 * 1024;

/// An event of the connected account.
fn event(shop: &Workshop, id: &str) -> Value {
    json!({
        "eventId": 1, "subscriptionId": 2, "portalId": shop.sim.portal_id(), "appId": 3,
        "occurredAt": shop.sim.now_ms(), "subscriptionType": "product.creation",
        "attemptNumber": 0, "objectId": id, "changeFlag": "CREATED", "changeSource": "CRM_UI",
    })
}

/// Everything that the inbox holds.
async fn inbox(shop: &Workshop) -> InboxCounts {
    let halo = shop.records().unwrap();
    halo.store.inbox_counts(NAME).await.unwrap()
}

fn sum(counts: &InboxCounts) -> u64 {
    counts.waiting + counts.retry + counts.rejected + counts.applied + counts.ignored
}

/// Whether the host is still whole: the next product arrives.
async fn serves(shop: &Workshop, serving: &mut Serving) {
    let before = count(shop, "item").await;
    let name = format!("Chair {before}");
    let chair = [("name", name.as_str()), ("price", "4")];
    let chair = shop.sim.create("products", chair).unwrap();
    shop.caught_up().await.unwrap();
    assert!(serving.is_alive());
    assert_eq!(field(shop, "item", &chair, "baseprice").await, "4");
    assert_eq!(count(shop, "item").await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_list_of_events_is_refused_and_what_is_wrong_in_one_spoils_no_other() {
    let (shop, mut serving) = live(&["items"], json!({})).await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let many = format!("[{}{{}}]", "{},".repeat(9_999));
    let refused = [
        (String::new(), 400),
        ("nonsense".to_owned(), 400),
        ("{}".to_owned(), 400),
        ("null".to_owned(), 400),
        ("[1]".to_owned(), 400),
        ("[{}".to_owned(), 400),
        ("[{}] []".to_owned(), 400),
        ("[{\"objectId\":\u{0}}]".to_owned(), 400),
        (deep(100_000), 400),
        (many, 413),
    ];
    for (body, status) in &refused {
        let got = signed(&shop, body).await;
        assert_eq!(got.status, *status, "{:.40}: {got:?}", body);
    }
    let not_text = [b"[{\"subscriptionType\":\"".as_slice(), &[0xff], b"\"}]"].concat();
    assert_eq!(post(&shop, NAME, &[], &not_text).await.status, 401);
    assert_eq!(
        counted(&shop, "requests-refused").await,
        refused.len() as u64 + 1
    );
    assert_eq!(sum(&inbox(&shop).await), 0);

    let good = event(&shop, "18014398509481985");
    let mut wrong = Vec::new();
    for member in good.as_object().unwrap().keys() {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(member);
        without["objectId"] = json!(5);
        wrong.push(without);
        for other in [
            json!(null),
            json!({"a": [1]}),
            json!(-1),
            json!(1.5),
            json!(""),
        ] {
            let mut changed = good.clone();
            changed["objectId"] = json!(5);
            changed[member] = other;
            wrong.push(changed);
        }
    }
    // Beyond what a number of 64 bits holds.
    for id in ["18446744073709551616", "99999999999999999999999999", "1e3"] {
        let body = event(&shop, "ID").to_string();
        wrong.push(serde_json::from_str(&body.replace("\"ID\"", id)).unwrap());
    }
    let mut nested = format!("{{\"unknown\":{},", deep(50_000));
    nested.push_str(good.to_string().trim_start_matches('{'));
    let wrong: Vec<String> = wrong.iter().map(Value::to_string).collect();
    let got = signed(&shop, &format!("[{},{nested}]", wrong.join(","))).await;
    assert_eq!(got.status, 204, "{got:?}");
    let counts = shop.caught_up().await.unwrap();
    assert_eq!((counts.rejected, counts.applied), (0, 0), "{counts:?}");
    let listed = shop.result(&["inbox", NAME]).await.unwrap().remove(0);
    let objects = listed["events"].as_array().unwrap().iter();
    let objects = objects.map(|event| event["object"].as_str().unwrap());
    let objects: std::collections::BTreeSet<&str> = objects.collect();
    // The last number that is not the next one's, as floats would have it.
    assert_eq!(
        objects,
        ["product/18014398509481985", "product/5"].into(),
        "{listed:#}"
    );
    serves(&shop, &mut serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_or_not_now_is_refused_and_nothing_is_stored() {
    let (shop, mut serving) = live(&["items"], json!({})).await;
    let chair = shop.sim.create("products", [("name", "Stool")]).unwrap();
    shop.caught_up().await.unwrap();
    let (stored, requests) = (sum(&inbox(&shop).await), counted(&shop, "requests").await);
    let body = Value::Array(vec![event(&shop, &chair)]).to_string();
    let good = signature(&shop, &body);
    let with = |name: &str, value: &str| {
        let mut headers = good.clone();
        headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            let known = good.iter().find(|(known, _)| *known == name).unwrap().0;
            headers.push((known, value.to_owned()));
        }
        headers
    };
    let (v3, timestamp) = ("x-hubspot-signature-v3", "x-hubspot-request-timestamp");
    let now = shop.sim.now_ms();
    let mut twice = good.clone();
    twice.extend(
        with(timestamp, "")
            .into_iter()
            .filter(|(name, _)| *name == v3),
    );
    let bad = [
        Vec::new(),
        with(v3, ""),
        with(v3, "AAAA"),
        with(v3, "no base64 ä"),
        with(timestamp, ""),
        with(timestamp, "soon"),
        with(timestamp, "-1"),
        with(timestamp, "99999999999999999999999"),
        with(timestamp, &(now + 1).to_string()),
        with(timestamp, &(now + 600_000).to_string()),
        twice,
    ];
    for headers in &bad {
        let got = post(&shop, NAME, headers, body.as_bytes()).await;
        assert_eq!(got.status, 401, "{headers:?}: {got:?}");
    }
    let forged = body.replace(&chair, "7");
    assert_eq!(
        post(&shop, NAME, &good, forged.as_bytes()).await.status,
        401
    );
    // Rightly signed, at a time that is yet to come, or long past.
    let target = format!("{}/webhooks/{NAME}", shop.address().unwrap());
    for apart in [301_000, -301_000] {
        let headers = shop.sim.sign_at(&target, &body, shop.sim.now_ms() + apart);
        let got = post(&shop, NAME, &headers, body.as_bytes()).await;
        assert_eq!(got.status, 401, "{apart}: {got:?}");
    }
    assert_eq!(sum(&inbox(&shop).await), stored);
    let refused = bad.len() as u64 + 3;
    assert_eq!(counted(&shop, "requests-refused").await, refused);
    assert_eq!(counted(&shop, "requests").await, requests + refused);
    // The same request within five minutes is taken as often as it comes, and is one.
    for known in 0..3 {
        let got = post(&shop, NAME, &good, body.as_bytes()).await;
        assert_eq!(got.status, 204, "{got:?}");
        // Asked before anybody else looks: whoever takes an event into the inbox counts it.
        assert_eq!(counted(&shop, "events-known-already").await, known);
        shop.caught_up().await.unwrap();
    }
    assert_eq!(sum(&inbox(&shop).await), stored + 1);
    assert_eq!(count(&shop, "item").await, 1);
    serves(&shop, &mut serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_an_account_that_nobody_is_connected_to_are_counted_and_dropped() {
    let (shop, mut serving) = live(&["items"], json!({})).await;
    let strange = (1..=50).map(|n| {
        let mut event = event(&shop, "1");
        event["portalId"] = json!(n);
        event
    });
    let body = Value::Array(strange.collect()).to_string();
    assert_eq!(signed(&shop, &body).await.status, 204);
    assert_eq!(counted(&shop, "events-of-unknown-accounts").await, 50);
    assert_eq!(sum(&inbox(&shop).await), 0);
    assert_eq!(count(&shop, "item").await, 0);
    serves(&shop, &mut serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_are_refused_however_they_come() {
    let (shop, mut serving) = live(&["items"], json!({})).await;
    let before = resident(&serving);
    let announced = format!(
        "{}content-length: {}\r\n\r\n",
        head(NAME, &[]),
        PIECE * PIECES
    );
    let mut raw = Raw::open(&shop).await;
    raw.send(announced.as_bytes()).await;
    // Before any of it has come.
    let got = raw.read().await;
    assert_eq!(got.status, 413, "{got:?}");
    let chunked = format!("{}transfer-encoding: chunked\r\n\r\n", head(NAME, &[]));
    let piece = [
        format!("{PIECE:x}\r\n").as_bytes(),
        &vec![b'['; PIECE],
        b"\r\n",
    ]
    .concat();
    for (start, piece) in [(&announced, vec![b' '; PIECE]), (&chunked, piece)] {
        let mut raw = Raw::open(&shop).await;
        raw.send(start.as_bytes()).await;
        let got = raw.pour(&piece, PIECES).await;
        assert_eq!(got.status, 413, "{got:?}");
    }
    let mut raw = Raw::open(&shop).await;
    raw.send(chunked.as_bytes()).await;
    raw.send(b"no number\r\n").await;
    let got = raw.read().await;
    assert_eq!(got.status, 400, "{got:?}");
    assert_eq!(counted(&shop, "requests-refused").await, 4);
    let grown = resident(&serving).saturating_sub(before);
    assert!(grown < 4 * BODY as u64, "{grown} bytes more");
    serves(&shop, &mut serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_refused() {
    let (shop, mut serving) = live(&["items"], json!({})).await;
    let long: Vec<(String, String)> = vec![("x-long".to_owned(), "x".repeat(100_000))];
    let many = (0..5_000).map(|n| (format!("x-{n}"), "1".to_owned()));
    for flood in [long, many.collect()] {
        let flood: Vec<(&str, String)> = { flood.iter() }
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let mut raw = Raw::open(&shop).await;
        raw.send(head(NAME, &flood).as_bytes()).await;
        let got = raw.pour(b"\r\n", 1).await;
        assert_eq!(got.status, 431, "{got:?}");
    }
    serves(&shop, &mut serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_slowly_is_cut_off_and_holds_nobody_up() {
    let (shop, mut serving) = live(&["items"], json!({})).await;
    let body = format!("{}content-length: 100\r\n\r\n[", head(NAME, &[]));
    let chunked = format!(
        "{}transfer-encoding: chunked\r\n\r\n1\r\n[\r\n",
        head(NAME, &[])
    );
    // Nothing, half a head, and a body that does not end: each of them often.
    let starts = ["", "POST /webhooks/", &head(NAME, &[]), &body, &chunked];
    let mut slow = tokio::task::JoinSet::new();
    for start in starts.iter().flat_map(|start| [start; 40]) {
        let mut raw = Raw::open(&shop).await;
        raw.send(start.as_bytes()).await;
        slow.spawn(raw.read());
    }
    serves(&shop, &mut serving).await;
    assert_eq!(shop.sim.webhook_stats().unanswered, 0);
    let ended = slow.join_all().await;
    let mut statuses: Vec<u16> = ended.iter().map(|got| got.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [0, 408], "{statuses:?}");
    assert_eq!(counted(&shop, "requests-refused").await, 80);
    serves(&shop, &mut serving).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_bodies_than_there_is_room_for_are_told_to_come_again_before_memory_grows() {
    const AT_ONCE: usize = 60;
    let (shop, mut serving) = live(&["items"], json!({})).await;
    serves(&shop, &mut serving).await;
    let before = resident(&serving);
    let piece = vec![b' '; BODY - 1];
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let mut raw = Raw::open(&shop).await;
        let head = format!("{}content-length: {BODY}\r\n\r\n", head(NAME, &[]));
        let piece = piece.clone();
        under_way.spawn(async move {
            raw.send(head.as_bytes()).await;
            raw.pour(&piece, 1).await
        });
    }
    let mut busy = 0;
    let mut peak = 0;
    while let Some(got) = under_way.join_next().await {
        let got = got.unwrap();
        match got.status {
            503 => {
                assert!(got.text.contains("retry-after: 5"), "{got:?}");
                busy += 1;
            }
            // It had room, and did not send the end of its body.
            408 => {}
            other => panic!("{other}: {got:?}"),
        }
        peak = peak.max(resident(&serving));
    }
    assert!(busy >= AT_ONCE - 10, "{busy}");
    let grown = peak.saturating_sub(before);
    println!("{busy} of {AT_ONCE} were told to come again; {grown} bytes more");
    // All the room there is, each body in a buffer that has grown by doubling.
    assert!(grown < 2 * 64 * 1024 * 1024, "{grown} bytes more");
    assert_eq!(
        counted(&shop, "requests-told-to-come-again").await,
        busy as u64
    );
    serves(&shop, &mut serving).await;
}

/// The memory that a host holds now; 0 where the system does not say.
fn resident(serving: &Serving) -> u64 {
    let Some(id) = serving.id() else { return 0 };
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.map_or(0, |kilobytes: u64| kilobytes * 1024)
}
