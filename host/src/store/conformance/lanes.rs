//! Lanes: one holder at a time, and none that was overtaken writes.

use super::*;
use crate::store::{Expectation, StateWrite};

on_every_store! {
    a_lane_has_one_holder_until_it_ends_or_is_given_back,
    one_of_many_who_ask_at_once_gets_the_lane,
    a_holder_that_was_overtaken_cannot_write,
    a_lane_that_was_given_back_writes_no_more,
    an_ended_lane_that_nobody_took_can_be_renewed,
    the_number_of_a_lane_only_grows,
}

async fn a_lane_has_one_holder_until_it_ends_or_is_given_back(hosts: &Hosts) {
    let lane = lane(&*hosts.one, "crm", NOW).await;
    let ask = |now| hosts.two.acquire_lane("crm", "two", now, 1_000);
    let held = LaneAnswer::Held {
        holder: "test".to_owned(),
        expires: NOW + 1_000,
    };
    assert_eq!(ask(NOW + 999).await.unwrap(), held);
    hosts.one.renew_lane(&lane, NOW + 500, 1_000).await.unwrap();
    assert!(matches!(
        ask(NOW + 1_499).await.unwrap(),
        LaneAnswer::Held { .. }
    ));
    assert!(matches!(
        ask(NOW + 1_500).await.unwrap(),
        LaneAnswer::Granted(_)
    ));
    // Too late: it is no longer ours, and the new holder keeps it.
    hosts.one.release_lane(&lane).await.unwrap();
    assert!(is_fenced(
        hosts.one.renew_lane(&lane, NOW + 1_600, 1_000).await
    ));
    assert!(matches!(
        ask(NOW + 1_600).await.unwrap(),
        LaneAnswer::Held { .. }
    ));
    // Another connection has a lane of its own.
    super::lane(&*hosts.one, "shop", NOW).await;
}

async fn one_of_many_who_ask_at_once_gets_the_lane(hosts: &Hosts) {
    let asking: Vec<_> = (0..20)
        .map(|n| {
            let store = if n % 2 == 0 {
                hosts.one.clone()
            } else {
                hosts.two.clone()
            };
            tokio::spawn(
                async move { store.acquire_lane("crm", "many", NOW, 1_000).await.unwrap() },
            )
        })
        .collect();
    let mut granted = 0;
    for answer in asking {
        granted += usize::from(matches!(answer.await.unwrap(), LaneAnswer::Granted(_)));
    }
    assert_eq!(granted, 1);
}

fn under(lane: &Lane) -> Scope {
    Scope {
        lane: Some(lane.clone()),
        ..real("crm")
    }
}

fn mark() -> [StateWrite; 1] {
    [StateWrite {
        key: "mark".to_owned(),
        value: Some(vec![1]),
        expected: Expectation::Anything,
    }]
}

async fn a_holder_that_was_overtaken_cannot_write(hosts: &Hosts) {
    let old = lane(&*hosts.one, "crm", NOW).await;
    let row = || [customer("1", "Acme")];
    hosts.one.upsert(&under(&old), &row(), NOW).await.unwrap();
    let new = lane(&*hosts.two, "crm", NOW + 1_000).await;
    let late = [customer("2", "Late")];
    assert!(is_fenced(hosts.one.upsert(&under(&old), &late, NOW).await));
    assert!(is_fenced(
        hosts.one.state_commit(&under(&old), &mark()).await
    ));
    assert_eq!(hosts.one.count("customer").await.unwrap(), 1);
    let marks = hosts
        .one
        .state_get(&real("crm"), &["mark".to_owned()])
        .await
        .unwrap();
    assert_eq!(marks, [None]);
    hosts.two.upsert(&under(&new), &row(), NOW).await.unwrap();
    hosts.two.state_commit(&under(&new), &mark()).await.unwrap();
}

async fn a_lane_that_was_given_back_writes_no_more(hosts: &Hosts) {
    let lane = lane(&*hosts.one, "crm", NOW).await;
    hosts.one.release_lane(&lane).await.unwrap();
    assert!(is_fenced(
        hosts.one.state_commit(&under(&lane), &mark()).await
    ));
    assert!(is_fenced(hosts.one.renew_lane(&lane, NOW, 1_000).await));
    super::lane(&*hosts.two, "crm", NOW).await;
}

async fn an_ended_lane_that_nobody_took_can_be_renewed(hosts: &Hosts) {
    let lane = lane(&*hosts.one, "crm", NOW).await;
    hosts
        .one
        .renew_lane(&lane, NOW + 5_000, 1_000)
        .await
        .unwrap();
    hosts
        .one
        .state_commit(&under(&lane), &mark())
        .await
        .unwrap();
    let answer = hosts
        .two
        .acquire_lane("crm", "two", NOW + 5_500, 1_000)
        .await
        .unwrap();
    assert!(matches!(answer, LaneAnswer::Held { .. }));
}

async fn the_number_of_a_lane_only_grows(hosts: &Hosts) {
    let mut last = 0;
    for n in 0..3 {
        let lane = lane(&*hosts.one, "crm", NOW + n * 10_000).await;
        assert!(lane.fence > last);
        last = lane.fence;
        hosts.one.release_lane(&lane).await.unwrap();
    }
}
