//! Cases of the brake's decisions.

use super::*;

const BRAKE: Brake = Brake {
    share: 20,
    above: 50,
};

fn tally(base: u64) -> Tally {
    Tally {
        subject: "companies".to_owned(),
        kind: "customer".to_owned(),
        since: 1,
        base,
        confirms: None,
        allowed: 0,
        changed: 0,
        wanted: 0,
    }
}

fn preview(run: RunId, shown: u64) -> Confirmed {
    Confirmed {
        preview: Some(run),
        shown: [("customer".to_owned(), shown)].into(),
        named: 0,
    }
}

#[test]
fn a_share_is_taken_of_more_than_a_few_and_rounded_down() {
    for (share, base, limit) in [
        (20, 0, None),
        (20, 50, None),
        (20, 51, Some(10)),
        (20, 54, Some(10)),
        (20, 55, Some(11)),
        (20, 1_000, Some(200)),
        (0, 51, Some(0)),
        (99, 100, Some(99)),
        (100, 1_000, None),
        (20, u64::MAX, Some(u64::MAX / 5)),
    ] {
        let brake = Brake { share, ..BRAKE };
        assert_eq!(brake.limit(&tally(base)), limit, "{share} % of {base}");
    }
}

#[test]
fn the_base_is_what_is_linked_or_where_that_is_little_all_there_is() {
    for (linked, all, base) in [(0, 60, 60), (50, 900, 900), (51, 900, 51), (0, 0, 0)] {
        assert_eq!(BRAKE.base(linked, all), base, "{linked} of {all}");
    }
}

#[test]
fn an_import_that_goes_on_keeps_its_count_and_the_stricter_base() {
    for (before, now, base) in [
        (100, 1_000, 100),
        (1_000, 100, 100),
        (100, 10, 100),
        (10, 100, 100),
        (10, 20, 20),
    ] {
        let before = Tally {
            changed: 7,
            since: 1,
            ..tally(before)
        };
        let fresh = Tally {
            since: 9,
            ..tally(now)
        };
        let opened = BRAKE.open(Some(&before), fresh, &Confirmed::default());
        assert_eq!((opened.changed, opened.since, opened.base), (7, 1, base));
    }
}

#[test]
fn a_confirmed_preview_allows_what_it_showed_and_the_share_of_that_on_top() {
    let refused = Tally {
        changed: 20,
        wanted: 120,
        ..tally(100)
    };
    assert!(BRAKE.is_pulled(&refused));
    let opened = |before: &Tally, confirmed| BRAKE.open(Some(before), tally(100), &confirmed);
    let confirmed = opened(&refused, preview(7, 80));
    assert_eq!(BRAKE.limit(&confirmed), Some(20 + 80 + 16));
    assert!(!BRAKE.is_pulled(&confirmed));
    // It goes on under what was confirmed, whoever starts it; and is counted on.
    let interrupted = Tally {
        changed: 60,
        ..confirmed
    };
    for again in [Confirmed::default(), preview(7, 80)] {
        assert_eq!(opened(&interrupted, again), interrupted);
    }
    // A preview that shows nothing confirms nothing.
    let nothing = opened(&refused, preview(2, 0));
    assert_eq!(BRAKE.limit(&nothing), Some(20));
    // Nor does one of few take away what needs no confirming.
    let few = BRAKE.open(None, tally(100), &preview(7, 3));
    assert_eq!(BRAKE.limit(&few), Some(20));
    // The same preview once more is no new confirmation.
    let refused_again = Tally {
        wanted: 130,
        ..interrupted
    };
    assert!(BRAKE.is_pulled(&opened(&refused_again, preview(7, 80))));
    assert!(!BRAKE.is_pulled(&opened(&refused_again, preview(8, 50))));
}

#[test]
fn rows_that_a_person_has_named_are_confirmed() {
    let named = Confirmed {
        named: 60,
        ..Confirmed::default()
    };
    let opened = BRAKE.open(None, tally(100), &named);
    assert_eq!(BRAKE.limit(&opened), Some(72));
}

#[test]
fn what_was_refused_stays_refused_until_the_share_allows_it() {
    let refused = Tally {
        wanted: 21,
        ..tally(100)
    };
    for (share, is_pulled) in [(20, true), (21, false), (100, false), (5, true)] {
        let brake = Brake { share, ..BRAKE };
        assert_eq!(brake.is_pulled(&refused), is_pulled, "{share} %");
    }
    assert!(!BRAKE.is_pulled(&tally(100)));
}

#[test]
fn a_preview_asks_exactly_where_an_import_would_stop() {
    let shown = |changes: u64| [("customer".to_owned(), changes)].into();
    let asked = |tally: Tally, changes| {
        let question = BRAKE.question(&[tally], &shown(changes))?;
        Some(question.to_string())
    };
    assert_eq!(asked(tally(100), 20), None);
    assert_eq!(
        asked(tally(100), 21).as_deref(),
        Some("This would change 21 of 100 records of kind customer, more than 20 %")
    );
    let begun = Tally {
        changed: 15,
        ..tally(100)
    };
    assert_eq!(asked(begun.clone(), 5), None);
    assert!(asked(begun, 6).is_some());
    let refused = Tally {
        changed: 20,
        wanted: 21,
        ..tally(100)
    };
    assert_eq!(
        asked(refused, 3).as_deref(),
        Some(
            "This would change 3 of 100 records of kind customer, and the import that it goes on with was stopped after 20"
        )
    );
    assert_eq!(asked(tally(50), 50), None);
}

#[test]
fn the_refusal_says_how_many_of_how_many_and_both_commands() {
    let refused = Tally {
        changed: 12,
        wanted: 61,
        ..tally(100)
    };
    let failure = BRAKE.refusal("crm", "companies", &refused);
    for part in [
        "at least 61 of 100 records of kind customer",
        "more than 20 %",
        "12 have been changed",
        "`halo-host preview crm companies`",
        "`halo-host import crm companies --preview ID`",
    ] {
        assert!(failure.message.contains(part), "{part} in {failure}");
    }
    assert_eq!(failure.code, "brake");
    assert_eq!(failure.attributes["would-change"], "61");
}
