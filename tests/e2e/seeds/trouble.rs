//! What goes wrong while an entity is imported: HubSpot stumbles, the process is
//! killed or stopped, the records do not answer.

use std::time::Duration;

use halo_tests::hubspot_sim::{FaultKind, FaultRule};
use halo_tests::kit::{Records, Workshop};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Disturbed imports of one phase; then one is left alone by all but HubSpot's faults.
const DISTURBED: u32 = 2;
/// A kill comes within so long after the start: most of it is the start of the
/// process, a page takes some ten milliseconds.
const LONGEST_LIFE_MS: u64 = 900;

/// Trouble of one seed.
pub struct Trouble {
    rng: StdRng,
    records: Records,
}

impl Trouble {
    /// Over these records.
    pub fn new(records: Records, seed: u64) -> Trouble {
        Trouble {
            rng: StdRng::seed_from_u64(seed),
            records,
        }
    }

    /// Imports until one is done.
    pub async fn import(&mut self, shop: &mut Workshop, entity: &str) {
        for _ in 0..self.rng.random_range(0..=DISTURBED) {
            self.interrupted(shop, entity).await;
        }
        self.finished(shop, entity).await;
    }

    /// An import that is done in spite of HubSpot and the records.
    pub async fn finished(&mut self, shop: &mut Workshop, entity: &str) {
        shop.work_over(self.records);
        self.stumble(shop, entity);
        let import = ["import", "hubspot", entity];
        let mut ended = shop.halo(&import).await.unwrap();
        shop.sim.clear_faults();
        // Two refusals of a token one after the other are waited out.
        if ended.code == Some(5) {
            ended = shop.halo(&import).await.unwrap();
        }
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    /// An import that may come to any end.
    pub async fn interrupted(&mut self, shop: &mut Workshop, entity: &str) {
        self.stumble(shop, entity);
        shop.work_over(match self.records {
            Records::Partial(_) if self.rng.random_bool(0.5) => Records::Outage {
                call: self.rng.random_range(1..9),
                stands: self.rng.random_range(0..20),
            },
            _ => self.records,
        });
        let mut import = shop
            .command(&["import", "hubspot", entity])
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let life = Duration::from_millis(self.rng.random_range(0..LONGEST_LIFE_MS));
        let end = self.rng.random_range(0..3);
        if end > 0 {
            tokio::time::sleep(life).await;
            if end == 1 {
                import.start_kill().unwrap();
            } else {
                stop(import.id());
            }
        }
        let ended = import.wait_with_output().await.unwrap();
        // Done, stopped, told to wait, or killed.
        assert!(
            matches!(ended.status.code(), None | Some(0 | 4 | 5)),
            "{ended:?}"
        );
        shop.sim.clear_faults();
    }

    /// A fault or two of HubSpot, each of which is over when it is asked again.
    fn stumble(&mut self, shop: &Workshop, entity: &str) {
        let path = match entity {
            "quotes" if self.rng.random_bool(0.5) => "/line_items".to_owned(),
            _ => format!("/{entity}"),
        };
        for _ in 0..self.rng.random_range(0..=2) {
            let kind = match self.rng.random_range(0..7) {
                0 => FaultKind::HtmlError(502),
                1 => FaultKind::Status {
                    status: 503,
                    body: None,
                    after: false,
                    retry_after: None,
                },
                2 => FaultKind::ResetBefore,
                3 => FaultKind::ResetAfter,
                4 => FaultKind::TruncatedBody,
                5 => FaultKind::ExpiredToken,
                _ => FaultKind::RateLimited {
                    policy: "SECONDLY".to_owned(),
                    retry_after: None,
                },
            };
            let nth = self.rng.random_range(1..5);
            shop.sim.fail(FaultRule::once(kind).on_path(&path).nth(nth));
        }
    }
}

/// Asks a process to stop, if it still runs.
#[cfg(unix)]
fn stop(process: Option<u32>) {
    if let Some(process) = process {
        // It may have ended just now.
        let _ = std::process::Command::new("kill")
            .args(["-INT", &process.to_string()])
            .status();
    }
}

#[cfg(not(unix))]
fn stop(_process: Option<u32>) {}
