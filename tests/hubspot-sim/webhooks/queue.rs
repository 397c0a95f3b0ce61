//! Batches of events: which one is sent next, and when one that nobody took is sent
//! again. Times are those of [`super::super::clock::Clock::elapsed_ms`], so that a test
//! moves a day ahead at once.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How often a batch is sent again; HubSpot spreads that over a day.
pub const RETRIES: u32 = 10;

/// How deliveries go. The defaults are HubSpot's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookOptions {
    /// The most events of one request.
    pub batch: usize,
    /// The most requests under way.
    pub concurrency: usize,
    /// How long an answer may take, in milliseconds of the machine's clock.
    pub timeout_ms: u64,
    /// How long it takes until the first repeat, in milliseconds; each further one takes
    /// twice as long, and all of them are spread by chance.
    pub retry_ms: u64,
    /// Send so many requests twice.
    pub duplicates: u64,
    /// Mix events before they are put into requests, and send requests in any order.
    pub shuffle: bool,
    /// Take so many answers for lost: the request is sent again though it was taken.
    pub lose_answers: u64,
    /// Send nothing for now.
    pub paused: bool,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self {
            batch: 100,
            concurrency: 10,
            timeout_ms: 5_000,
            // Doubled nine times these are 17 hours.
            retry_ms: 60_000,
            duplicates: 0,
            shuffle: false,
            lose_answers: 0,
            paused: false,
        }
    }
}

/// How deliveries stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookStats {
    /// Events made.
    pub events: u64,
    /// Requests sent, repeats included.
    pub requests: u64,
    /// Requests that were answered with 2xx.
    pub answered: u64,
    /// Requests that are repeats.
    pub retried: u64,
    /// Batches that nobody took, the last time either.
    pub given_up: u64,
    /// Requests without an answer: refused, reset, or too late.
    pub unanswered: u64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Batches that are to be sent, first or again.
    pub waiting: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// The most requests under way at one time.
    pub peak_in_flight: u64,
}

impl WebhookStats {
    /// Whether everything was taken or given up.
    pub fn is_settled(&self) -> bool {
        self.waiting == 0 && self.in_flight == 0
    }
}

/// Events that are sent together, each time.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    events: Vec<Value>,
    /// How often it was sent already.
    attempt: u32,
    due_ms: i64,
}

impl Batch {
    /// The body of a request.
    pub fn body(&self) -> String {
        let number = |event: &Value| {
            let mut event = event.clone();
            event["attemptNumber"] = json!(self.attempt);
            event
        };
        Value::Array(self.events.iter().map(number).collect()).to_string()
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With this status.
    Answered(u16),
    /// Without an answer that counts.
    Unanswered,
}

/// What is to be delivered.
#[derive(Debug, Default)]
pub struct Queue {
    fresh: Vec<Value>,
    batches: Vec<Batch>,
    stats: WebhookStats,
}

impl Queue {
    /// Adds events; they are put into batches when one is taken, so that what comes at
    /// one time goes together.
    pub fn add(&mut self, events: Vec<Value>) {
        self.stats.events += events.len() as u64;
        self.fresh.extend(events);
    }

    /// The next batch that is due, if one may be sent.
    pub fn next(
        &mut self,
        now_ms: i64,
        options: &mut WebhookOptions,
        rng: &mut StdRng,
    ) -> Option<Batch> {
        if options.paused || self.stats.in_flight >= options.concurrency as u64 {
            return None;
        }
        self.form(now_ms, options, rng);
        let due: Vec<usize> = (0..self.batches.len())
            .filter(|at| self.batches[*at].due_ms <= now_ms)
            .collect();
        let at = match options.shuffle {
            true => due.choose(rng),
            false => due.first(),
        };
        let batch = self.batches.remove(*at?);
        self.stats.in_flight += 1;
        self.stats.peak_in_flight = self.stats.peak_in_flight.max(self.stats.in_flight);
        self.stats.requests += 1;
        self.stats.retried += u64::from(batch.attempt > 0);
        Some(batch)
    }

    fn form(&mut self, now_ms: i64, options: &mut WebhookOptions, rng: &mut StdRng) {
        let mut events = std::mem::take(&mut self.fresh);
        if options.shuffle {
            events.shuffle(rng);
        }
        for events in events.chunks(options.batch.max(1)) {
            let batch = Batch {
                events: events.to_vec(),
                attempt: 0,
                due_ms: now_ms,
            };
            if options.duplicates > 0 {
                options.duplicates -= 1;
                self.batches.push(batch.clone());
            }
            self.batches.push(batch);
        }
    }

    /// A batch that was sent: it is done, or sent again, or given up.
    pub fn ended(
        &mut self,
        mut batch: Batch,
        mut how: Ended,
        now_ms: i64,
        options: &mut WebhookOptions,
        rng: &mut StdRng,
    ) {
        self.stats.in_flight = self.stats.in_flight.saturating_sub(1);
        if options.lose_answers > 0 {
            options.lose_answers -= 1;
            how = Ended::Unanswered;
        }
        match how {
            Ended::Answered(status) => *self.stats.statuses.entry(status).or_default() += 1,
            Ended::Unanswered => self.stats.unanswered += 1,
        }
        if matches!(how, Ended::Answered(200..=299)) {
            self.stats.answered += 1;
        } else if batch.attempt >= RETRIES {
            self.stats.given_up += 1;
        } else {
            batch.due_ms = now_ms + pause(batch.attempt, options.retry_ms, rng);
            batch.attempt += 1;
            self.batches.push(batch);
        }
    }

    /// How it stands.
    pub fn stats(&self) -> WebhookStats {
        WebhookStats {
            waiting: self.batches.len() as u64 + u64::from(!self.fresh.is_empty()),
            ..self.stats.clone()
        }
    }

    /// Forgets what is to be delivered, and starts the counters again.
    pub fn reset(&mut self) {
        let in_flight = self.stats.in_flight;
        *self = Self::default();
        self.stats.in_flight = in_flight;
    }
}

/// Until the next repeat: twice as long each time, give or take a half.
fn pause(attempt: u32, first_ms: u64, rng: &mut StdRng) -> i64 {
    let doubled = first_ms.saturating_mul(1 << attempt.min(RETRIES));
    let spread = rng.random_range(50..=150);
    i64::try_from(doubled.saturating_mul(spread) / 100).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn events(count: usize) -> Vec<Value> {
        (0..count).map(|n| json!({"objectId": n})).collect()
    }

    #[test]
    fn events_go_in_batches_of_a_hundred_and_ten_at_one_time() {
        let (mut queue, mut options) = (Queue::default(), WebhookOptions::default());
        let mut rng = StdRng::seed_from_u64(1);
        queue.add(events(1_150));
        let mut under_way = Vec::new();
        while let Some(batch) = queue.next(0, &mut options, &mut rng) {
            under_way.push(batch);
        }
        assert_eq!(under_way.len(), 10);
        assert!(under_way.iter().all(|batch| batch.events.len() == 100));
        assert_eq!(queue.stats().waiting, 2);
        let done = Ended::Answered(204);
        queue.ended(under_way.remove(0), done, 0, &mut options, &mut rng);
        assert_eq!(
            queue.next(0, &mut options, &mut rng).unwrap().events.len(),
            100
        );
    }

    #[test]
    fn what_nobody_takes_is_sent_ten_times_again_within_a_day_and_then_given_up() {
        let (mut queue, mut options) = (Queue::default(), WebhookOptions::default());
        let mut rng = StdRng::seed_from_u64(2);
        queue.add(events(3));
        let (mut now, mut sent) = (0, 0);
        while !queue.stats().is_settled() {
            if let Some(batch) = queue.next(now, &mut options, &mut rng) {
                let number = format!("\"attemptNumber\":{sent}");
                assert!(batch.body().contains(&number), "{}", batch.body());
                sent += 1;
                let how = [
                    Ended::Unanswered,
                    Ended::Answered(401),
                    Ended::Answered(503),
                ];
                queue.ended(batch, how[sent % 3], now, &mut options, &mut rng);
            } else {
                now += 60_000;
            }
        }
        let stats = queue.stats();
        assert_eq!((stats.requests, stats.retried, stats.given_up), (11, 10, 1));
        let hours = now / 3_600_000;
        assert!((8..=26).contains(&hours), "{hours}");
    }

    #[test]
    fn duplicates_lost_answers_and_disorder_come_on_demand() {
        let mut queue = Queue::default();
        let mut options = WebhookOptions {
            batch: 10,
            duplicates: 1,
            lose_answers: 1,
            shuffle: true,
            retry_ms: 10,
            ..WebhookOptions::default()
        };
        let mut rng = StdRng::seed_from_u64(3);
        queue.add(events(20));
        let mut order = Vec::new();
        let mut now = 0;
        while !queue.stats().is_settled() {
            match queue.next(now, &mut options, &mut rng) {
                Some(batch) => {
                    order.extend(batch.events.iter().map(|event| event["objectId"].clone()));
                    let done = Ended::Answered(200);
                    queue.ended(batch, done, now, &mut options, &mut rng);
                }
                None => now += 1,
            }
        }
        // Two batches, one of them twice, and one again as its answer was lost.
        assert_eq!(order.len(), 40);
        assert_ne!(
            order[..10],
            events(10)
                .iter()
                .map(|e| e["objectId"].clone())
                .collect::<Vec<_>>()[..]
        );
        let stats = queue.stats();
        assert_eq!((stats.answered, stats.unanswered, stats.retried), (3, 1, 1));
    }
}
