//! Rate budgets: never more than `limit` calls within **any** window of time.
//!
//! Each bucket remembers when its calls were sent. This is not a token bucket: one
//! that allows a burst of 190 calls and refills 190 in 10 s admits 379 calls in its
//! first 10 s, and the remote counts windows.
//!
//! A call takes a place in its window when it is admitted, and the window counts
//! from the moment it was sent: between the two it may have waited for a connection
//! (name look-up, TCP, TLS), and stamps from before that would let two bursts meet
//! at the remote. A call that was never sent gives its place back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::routes::Bucket;

/// Added to every window: the way to the remote takes a different time for each
/// call, so a late first call and a quick last one are nearer together there than
/// here. 50 ms is above the usual variance of a good line and costs half a percent
/// of a 10 s window.
pub const ARRIVAL_MARGIN: Duration = Duration::from_millis(50);

/// How much of a budget is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls that count now.
    pub used: u32,
    /// Calls that may count at once.
    pub limit: u32,
    /// How many calls had to wait.
    pub waits: u64,
    /// How long they waited, all together.
    pub waited: Duration,
}

/// The budgets of one connection; all its calls share them (a clone is the same
/// budgets).
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    lines: Arc<[Arc<Line>]>,
}

impl Budgets {
    /// Unused budgets.
    pub fn new(buckets: &[Bucket]) -> Self {
        let lines = buckets.iter().map(|bucket| {
            Arc::new(Line {
                name: bucket.name.clone(),
                turn: tokio::sync::Mutex::new(()),
                changed: Notify::new(),
                window: Mutex::new(Window::new(
                    bucket.limit,
                    Duration::from_millis(bucket.window_ms).saturating_add(ARRIVAL_MARGIN),
                )),
            })
        });
        Self {
            lines: lines.collect(),
        }
    }

    /// Waits for a place, first come first served; `bucket` is an index as
    /// [`classify`](super::RouteRules::classify) answers it, and one that does not
    /// exist has no budget. Dropping the future leaves the queue and nothing behind.
    pub async fn acquire(&self, bucket: Option<usize>) -> Permit {
        let Some(line) = bucket.and_then(|index| self.lines.get(index)) else {
            return Permit {
                line: None,
                waited: Duration::ZERO,
            };
        };
        let asked = Instant::now();
        // The lock is fair, so it is the queue: only its holder looks at the window.
        let _turn = line.turn.lock().await;
        loop {
            let now = Instant::now();
            let turn = line.window().admit(now);
            match turn {
                Turn::Now => {
                    let waited = worth_noting(now.duration_since(asked));
                    line.window().note_wait(waited);
                    return Permit {
                        line: Some(Arc::clone(line)),
                        waited,
                    };
                }
                Turn::At(time) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(time) => {}
                        () = line.changed.notified() => {}
                    }
                }
                Turn::WhenSent => line.changed.notified().await,
            }
        }
    }

    /// Admits nothing to a bucket before `until`: what to do after an answer that
    /// says "too many requests". An earlier penalty that lasts longer stays.
    pub fn penalise(&self, bucket: Option<usize>, until: Instant) {
        if let Some(line) = bucket.and_then(|index| self.lines.get(index)) {
            let mut window = line.window();
            window.closed_until = Some(window.closed_until.map_or(until, |t| t.max(until)));
        }
    }

    /// The use of each bucket, by name.
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        let now = Instant::now();
        let usage = |line: &Arc<Line>| (line.name.clone(), line.window().usage(now));
        self.lines.iter().map(usage).collect()
    }
}

/// Below a millisecond it is the time of taking a lock, not of waiting.
fn worth_noting(waited: Duration) -> Duration {
    if waited < Duration::from_millis(1) {
        Duration::ZERO
    } else {
        waited
    }
}

/// A place in a window. [`sent`](Permit::sent) starts its time; dropped before, it
/// is free again.
#[derive(Debug)]
#[must_use = "a permit that is dropped gives its place back"]
pub struct Permit {
    line: Option<Arc<Line>>,
    waited: Duration,
}

impl Permit {
    /// How long the call waited for its place.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The request is on its way, or may be: it counts from now on.
    pub fn sent(mut self) {
        if let Some(line) = self.line.take() {
            line.window().sent(Instant::now());
            line.changed.notify_one();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.window().give_back();
            line.changed.notify_one();
        }
    }
}

#[derive(Debug)]
struct Line {
    name: String,
    turn: tokio::sync::Mutex<()>,
    /// Wakes the one at the head of the queue: a place was given back or stamped.
    changed: Notify,
    window: Mutex<Window>,
}

impl Line {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Turn {
    Now,
    At(Instant),
    /// All places are with calls that wait for a connection.
    WhenSent,
}

#[derive(Debug)]
struct Window {
    limit: u32,
    span: Duration,
    /// Admitted and not yet sent.
    unsent: u32,
    /// When the others were sent, oldest first.
    stamps: VecDeque<Instant>,
    closed_until: Option<Instant>,
    waits: u64,
    waited: Duration,
}

impl Window {
    fn new(limit: u32, span: Duration) -> Self {
        Self {
            limit,
            span,
            unsent: 0,
            stamps: VecDeque::new(),
            closed_until: None,
            waits: 0,
            waited: Duration::ZERO,
        }
    }

    /// Admitting looks back only, yet holds for every window: of the calls that one
    /// window holds, take the one admitted last. The others were admitted before it,
    /// so each was then unsent or had its stamp within the span, and was counted.
    fn admit(&mut self, now: Instant) -> Turn {
        self.forget(now);
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Turn::At(until);
        }
        if self.used() < self.limit {
            self.unsent += 1;
            return Turn::Now;
        }
        match self.stamps.front() {
            Some(oldest) => Turn::At(*oldest + self.span),
            None => Turn::WhenSent,
        }
    }

    fn sent(&mut self, now: Instant) {
        self.give_back();
        self.stamps.push_back(now);
    }

    fn give_back(&mut self) {
        self.unsent = self.unsent.saturating_sub(1);
    }

    fn used(&self) -> u32 {
        let stamped = u32::try_from(self.stamps.len()).unwrap_or(u32::MAX);
        stamped.saturating_add(self.unsent)
    }

    fn forget(&mut self, now: Instant) {
        let span = self.span;
        while self.stamps.front().is_some_and(|t| *t + span <= now) {
            self.stamps.pop_front();
        }
    }

    fn note_wait(&mut self, waited: Duration) {
        if !waited.is_zero() {
            self.waits += 1;
            self.waited += waited;
        }
    }

    fn usage(&mut self, now: Instant) -> Usage {
        self.forget(now);
        Usage {
            used: self.used(),
            limit: self.limit,
            waits: self.waits,
            waited: self.waited,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn budgets(limit: u32, window_ms: u64) -> Budgets {
        Budgets::new(&[Bucket {
            name: "calls".to_owned(),
            limit,
            window_ms,
        }])
    }

    fn most_within(stamps: &[Instant], span: Duration) -> usize {
        let within = |start: &Instant| {
            stamps
                .iter()
                .filter(|t| **t >= *start && **t - *start < span)
                .count()
        };
        stamps.iter().map(within).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_never_admits_more_than_its_limit() {
        for seed in 0..40 {
            let mut random = SmallRng::seed_from_u64(seed);
            let limit = random.random_range(1..20);
            let window_ms = random.random_range(10..2_000);
            let budgets = budgets(limit, window_ms);
            let sent = Arc::new(Mutex::new(Vec::new()));
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..random.random_range(1..150) {
                let start = Duration::from_millis(random.random_range(0..window_ms * 3));
                let connecting = Duration::from_millis(random.random_range(0..window_ms * 2));
                let connecting = if random.random_bool(0.5) {
                    Duration::ZERO
                } else {
                    connecting
                };
                let fails = random.random_bool(0.1);
                let cancelled = random.random_bool(0.1);
                let (budgets, sent) = (budgets.clone(), Arc::clone(&sent));
                calls.spawn(async move {
                    tokio::time::sleep(start).await;
                    let call = async {
                        let permit = budgets.acquire(Some(0)).await;
                        tokio::time::sleep(connecting).await;
                        if !fails {
                            sent.lock().unwrap().push(Instant::now());
                            permit.sent();
                        }
                    };
                    if cancelled {
                        tokio::time::timeout(Duration::from_millis(window_ms / 2), call)
                            .await
                            .ok();
                    } else {
                        call.await;
                    }
                });
            }
            while let Some(done) = calls.join_next().await {
                done.unwrap();
            }
            let mut sent = sent.lock().unwrap().clone();
            sent.sort();
            let span = Duration::from_millis(window_ms) + ARRIVAL_MARGIN;
            let most = most_within(&sent, span);
            assert!(
                most <= limit as usize,
                "seed {seed}: {most} calls, limit {limit}"
            );
            tokio::time::sleep(span).await;
            assert_eq!(
                budgets.usage()["calls"].used,
                0,
                "seed {seed}: a place was lost"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_window_is_used_to_its_limit_and_the_next_call_waits_for_it() {
        let budgets = budgets(190, 10_000);
        let start = Instant::now();
        for _ in 0..190 {
            budgets.acquire(Some(0)).await.sent();
        }
        assert_eq!(Instant::now(), start);
        let permit = budgets.acquire(Some(0)).await;
        assert_eq!(permit.waited(), Duration::from_millis(10_050));
        permit.sent();
        let usage = budgets.usage()["calls"];
        assert_eq!((usage.used, usage.limit, usage.waits), (1, 190, 1));
        assert_eq!(usage.waited, Duration::from_millis(10_050));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_admitted_in_the_order_they_asked() {
        let budgets = budgets(1, 100);
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..8_u64 {
            let (budgets, order) = (budgets.clone(), Arc::clone(&order));
            calls.spawn(async move {
                tokio::time::sleep(Duration::from_millis(number)).await;
                let permit = budgets.acquire(Some(0)).await;
                order.lock().unwrap().push(number);
                permit.sent();
            });
        }
        while calls.join_next().await.is_some() {}
        assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_penalty_holds_everybody_back_until_its_end() {
        let budgets = budgets(5, 100);
        let start = Instant::now();
        budgets.penalise(Some(0), start + Duration::from_secs(3));
        budgets.penalise(Some(0), start + Duration::from_secs(1));
        budgets.acquire(Some(0)).await.sent();
        assert_eq!(start.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_was_never_sent_gives_its_place_back() {
        let budgets = budgets(1, 60_000);
        let start = Instant::now();
        drop(budgets.acquire(Some(0)).await);
        let held = budgets.acquire(Some(0)).await;
        let (waiting, ()) = tokio::join!(budgets.acquire(Some(0)), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(held);
        });
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        waiting.sent();
    }

    #[tokio::test]
    async fn a_bucket_that_is_not_there_has_no_budget() {
        let budgets = Budgets::default();
        for _ in 0..1_000 {
            budgets.acquire(None).await.sent();
            budgets.acquire(Some(3)).await.sent();
        }
        assert!(budgets.usage().is_empty());
    }
}
