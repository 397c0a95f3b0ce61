//! Webhooks: what the app has subscribed to, the events of each change, and their
//! delivery as HubSpot does it: late, in batches, signed, again when nobody takes them,
//! and in no order.
//!
//! | module | what it is | I/O |
//! |---|---|---|
//! | `subscriptions` | what there is to subscribe to | no |
//! | `events` | the events of a change | no |
//! | `queue` | batches: which is sent next, and when again | no |
//! | `signature` | the headers by which an app knows HubSpot | no |
//! | `delivery` | sends | yes |
//! | `control`, `handle` | how tests set it up | no |

pub mod control;
pub mod delivery;
mod events;
mod handle;
pub mod queue;
pub mod signature;
pub mod subscriptions;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::account::Account;
use super::writes::Writer;
use queue::Queue;
pub use queue::{WebhookOptions, WebhookStats};
use subscriptions::Subscription;

/// Webhooks draw from numbers of their own, so that a run with them has the same
/// records as one without.
const SEED: u64 = 0x7765_6268_6f6f_6b73;

/// The webhooks of the one app.
#[derive(Debug)]
pub struct Webhooks {
    /// Where events go; without it there are none.
    pub target: Option<String>,
    /// What the app wants to know.
    pub subscriptions: Vec<Subscription>,
    /// How deliveries go.
    pub options: WebhookOptions,
    /// What is to be delivered.
    pub queue: Queue,
    rng: StdRng,
}

impl Webhooks {
    /// Nothing is subscribed to.
    pub fn new(seed: u64) -> Self {
        Self {
            target: None,
            subscriptions: Vec::new(),
            options: WebhookOptions::default(),
            queue: Queue::default(),
            rng: StdRng::seed_from_u64(seed ^ SEED),
        }
    }
}

impl Account {
    /// Sets the target and the whole set of subscriptions, as uploading an app's project
    /// does. Changes from now on have events; none without a target.
    pub fn subscribe(&mut self, target: Option<String>, subscriptions: Vec<Subscription>) {
        self.collect(Writer::User);
        let on = target.is_some();
        for store in &mut self.stores {
            store.changes.switch(on);
        }
        self.links.changes.switch(on);
        self.webhooks.target = target;
        self.webhooks.subscriptions = subscriptions;
    }

    /// Makes events of what has changed since it was last called; all of it was done by
    /// this writer.
    pub fn collect(&mut self, writer: Writer) {
        let events = self.new_events(writer);
        self.webhooks.queue.add(events);
    }

    /// How deliveries stand.
    pub fn webhook_stats(&mut self) -> WebhookStats {
        self.collect(Writer::User);
        self.webhooks.queue.stats()
    }
}
