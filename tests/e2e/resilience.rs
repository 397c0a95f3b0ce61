//! A HubSpot that stumbles: each fault is survived, or the run says when to go on.

use std::time::Duration;

use halo_tests::hubspot_sim::{FaultKind, FaultRule};

use crate::shop::{connected, counts, import};

#[tokio::test(flavor = "multi_thread")]
async fn single_stumbles_are_survived_within_the_run() {
    let faults = [
        FaultKind::HtmlError(502),
        FaultKind::ResetBefore,
        FaultKind::ResetAfter,
        FaultKind::TruncatedBody,
        FaultKind::ExpiredToken,
    ];
    for fault in faults {
        let shop = connected(450).await;
        shop.sim.fail(
            FaultRule::once(fault.clone())
                .on_method("GET")
                .on_path("/companies")
                .nth(2),
        );
        assert_eq!(counts(&import(&shop).await), "created 450", "{fault:?}");
        assert_eq!(shop.sim.stats().faults, 1, "{fault:?}");
        let customers = shop.records().unwrap().all("customer").await.unwrap().len();
        assert_eq!(customers, 450, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_for_as_long_as_its_policy_or_its_header_says() {
    // Without a header: a second, and ten.
    for (policy, retry_after, least) in [
        ("SECONDLY", None, 1),
        ("TEN_SECONDLY_ROLLING", Some(2), 2),
        ("TEN_SECONDLY_ROLLING", None, 10),
    ] {
        let shop = connected(250).await;
        let limited = FaultKind::RateLimited {
            policy: policy.to_owned(),
            retry_after,
        };
        shop.sim.fail(
            FaultRule::once(limited)
                .on_method("GET")
                .on_path("/companies")
                .nth(2),
        );
        let begun = std::time::Instant::now();
        assert_eq!(counts(&import(&shop).await), "created 250");
        assert!(begun.elapsed() >= Duration::from_secs(least), "{policy}");
        assert_eq!(shop.sim.stats().rate_limited, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_records_is_waited_for_and_a_moving_account_ends_the_run_with_the_time() {
    let shop = connected(250).await;
    let answer = |status, retry_after| FaultKind::Status {
        status,
        body: None,
        after: false,
        retry_after,
    };
    let on_second = |kind| {
        FaultRule::once(kind)
            .on_method("GET")
            .on_path("/companies")
            .nth(2)
    };
    shop.sim.fail(on_second(answer(423, None)));
    assert_eq!(counts(&import(&shop).await), "created 250");
    // 477: HubSpot moves the account to another region, for up to a day.
    let full = ["import", "hubspot", "companies", "--full"];
    shop.sim.fail(on_second(answer(477, Some(7_200))));
    let ended = shop.halo(&full).await.unwrap();
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.stderr.contains("asks to wait until"), "{ended:?}");
    let status = shop.halo(&["status", "hubspot"]).await.unwrap();
    assert!(status.stdout.contains("asks to wait until"), "{status:?}");
    // The next one goes on where it was.
    assert_eq!(counts(&import(&shop).await), "unchanged 150");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_limit_ends_the_run_with_the_time_to_go_on_and_keeps_what_was_done() {
    let shop = connected(450).await;
    let daily = FaultKind::RateLimited {
        policy: "DAILY".to_owned(),
        retry_after: None,
    };
    let rule = FaultRule::once(daily)
        .on_method("GET")
        .on_path("/companies")
        .nth(3)
        .times(0);
    shop.sim.fail(rule);
    let ended = shop
        .halo(&["import", "hubspot", "companies"])
        .await
        .unwrap();
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.stderr.contains("UTC"), "it names the time: {ended:?}");
    assert_eq!(
        shop.records().unwrap().all("customer").await.unwrap().len(),
        200
    );
    shop.sim.clear_faults();
    assert_eq!(counts(&import(&shop).await), "created 250");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_hubspot_is_waited_for() {
    let shop = connected(150).await;
    let slow = FaultRule::once(FaultKind::Latency(3_000))
        .on_method("GET")
        .on_path("/companies");
    shop.sim.fail(slow);
    assert_eq!(counts(&import(&shop).await), "created 150");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_the_index_shows_late_are_found_by_the_overlap() {
    let shop = connected(50).await;
    import(&shop).await;
    shop.sim.set_search_lag(Duration::from_secs(30));
    let id = shop.sim.snapshot("companies").unwrap()[3]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    shop.sim
        .edit("companies", &id, [("phone", "+1 555 0100")])
        .unwrap();
    import(&shop).await;
    // The index catches up; the change is older than the last watermark by now.
    shop.sim.advance_clock(Duration::from_secs(60));
    assert_eq!(counts(&import(&shop).await), "updated 1");
}
