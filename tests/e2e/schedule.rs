//! Tasks that a connector sets: they survive restarts and are called when they are
//! due, the missed ones once.

use std::time::Duration;

use halo_host::capability::Stop;
use halo_host::clock::Clock;
use halo_host::server::due::run_due_of;
use halo_host::store::{RunMode, Scope};

use crate::hostile::cell::{Cell, NAME, open_host};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn tasks_survive_a_restart_and_missed_ones_are_called_once() {
    let Cell { folder, .. } = {
        let cell = Cell::open().await;
        cell.run("plan", RunMode::Import).await.unwrap();
        cell
    };
    // `once` and `beat`, called so far; and what is still planned.
    for (ahead, strokes, planned) in [
        (HOUR / 2, (0, 0), 2),
        (HOUR + HOUR / 4, (1, 1), 1),
        (HOUR + HOUR / 3, (1, 1), 1),
        (HOUR * 10, (1, 2), 1),
        (HOUR * 11, (1, 3), 1),
    ] {
        let clock = Clock::default();
        clock.advance(ahead);
        let host = open_host(folder.path(), clock).await;
        for _ in 0..2 {
            run_due_of(&host, NAME, &Stop::default()).await.unwrap();
        }
        let scope = Scope {
            connection: NAME.to_owned(),
            layer: 0,
            run: None,
            cause: String::new(),
            lane: None,
        };
        let keys = ["once".to_owned(), "beat".to_owned()];
        let found = host.store.state_get(&scope, &keys).await.unwrap();
        let counted: Vec<usize> = found
            .into_iter()
            .map(|entry| entry.map_or(0, |entry| entry.value.len()))
            .collect();
        assert_eq!((counted[0], counted[1]), strokes, "after {ahead:?}");
        assert_eq!(host.store.tasks(NAME).await.unwrap().len(), planned);
    }
}
