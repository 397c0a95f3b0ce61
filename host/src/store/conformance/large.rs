//! Small questions with huge answers.

use super::*;
use crate::store::{ANSWER_LIMIT, Expectation, StateWrite};

on_every_store! {
    an_answer_of_records_that_would_be_too_large_is_refused,
    an_answer_of_state_that_would_be_too_large_is_refused,
}

const MEGABYTE: usize = 1024 * 1024;
/// How often a megabyte may be asked for, and how often not.
const FITS: usize = ANSWER_LIMIT / MEGABYTE - 1;
const TOO_OFTEN: usize = ANSWER_LIMIT / MEGABYTE;

fn is_too_large<T>(answer: Result<Vec<T>>) -> bool {
    matches!(answer, Err(StoreError::TooLarge))
}

async fn an_answer_of_records_that_would_be_too_large_is_refused(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let mut large = customer("1", "Acme");
    large
        .fields
        .insert("notes".to_owned(), text(&"n".repeat(MEGABYTE)));
    let id = upsert(store, &scope, large).await.unwrap().id;
    for (times, refused) in [(FITS, false), (TOO_OFTEN, true)] {
        let read = store.read(&scope, "customer", &vec![id; times]).await;
        assert_eq!(is_too_large(read), refused);
        let resolved = store
            .resolve(&scope, "customer", &vec!["1".to_owned(); times])
            .await;
        assert_eq!(is_too_large(resolved), refused);
        let names = vec!["acme".to_owned(); times];
        let found = store.find(&scope, "customer", "name", &names).await;
        assert_eq!(is_too_large(found), refused);
    }
}

async fn an_answer_of_state_that_would_be_too_large_is_refused(hosts: &Hosts) {
    let (store, scope) = (&*hosts.one, real("crm"));
    let write = |key: usize| StateWrite {
        key: format!("{key:03}"),
        value: Some(vec![0; MEGABYTE]),
        expected: Expectation::Anything,
    };
    let writes: Vec<_> = (0..TOO_OFTEN).map(write).collect();
    store.state_commit(&scope, &writes).await.unwrap();
    for (times, refused) in [(FITS, false), (TOO_OFTEN, true)] {
        let got = store
            .state_get(&scope, &vec!["000".to_owned(); times])
            .await;
        assert_eq!(is_too_large(got), refused);
        let limit = u32::try_from(times).unwrap();
        let scanned = store.state_scan(&scope, "", None, limit).await;
        assert_eq!(is_too_large(scanned), refused);
    }
}
