//! Webhooks, in-process.

use super::queue::{WebhookOptions, WebhookStats};
use super::signature;
use super::subscriptions::Wanted;
use crate::hubspot_sim::handle::{SimError, SimHandle, kind_of};
use crate::hubspot_sim::writes::Writer;

impl SimHandle {
    /// Sets where events go and the whole set of subscriptions, in the form of HubSpot's
    /// calls: `[{"subscriptionType": "deal.creation"}]`. Changes from now on have events.
    pub fn subscribe(
        &self,
        target: &str,
        subscriptions: &serde_json::Value,
    ) -> Result<(), SimError> {
        let wanted: Vec<Wanted> =
            serde_json::from_value(subscriptions.clone()).map_err(|problem| {
                SimError::Refused(format!("these are no subscriptions: {problem}"))
            })?;
        let mut account = self.shared.lock();
        let set = account.set_up_webhooks(Some(target), &wanted);
        set.map_err(SimError::Refused)
    }

    /// Ends all subscriptions; what was not delivered yet stays undelivered.
    pub fn unsubscribe(&self) {
        let mut account = self.shared.lock();
        account.subscribe(None, Vec::new());
    }

    /// How deliveries stand, what has just changed included.
    pub fn webhook_stats(&self) -> WebhookStats {
        self.shared.lock().webhook_stats()
    }

    /// Changes how deliveries go.
    pub fn webhook_options(&self, change: impl FnOnce(&mut WebhookOptions)) {
        change(&mut self.shared.lock().webhooks.options);
    }

    /// Forgets what is to be delivered, and starts the counters again.
    pub fn reset_webhooks(&self) {
        let mut account = self.shared.lock();
        account.collect(Writer::User);
        account.webhooks.queue.reset();
    }

    /// The headers that HubSpot would send with this body at this time of the
    /// simulation, for a test that delivers by itself.
    pub fn sign(&self, target: &str, body: &str) -> Vec<(&'static str, String)> {
        self.sign_at(target, body, self.now_ms())
    }

    /// The same at another time.
    pub fn sign_at(&self, target: &str, body: &str, now_ms: i64) -> Vec<(&'static str, String)> {
        signature::headers(self.client_secret(), target, body, now_ms)
    }

    /// Deletes a record for good by the wish of its person, whether it was in the
    /// recycling bin or not.
    pub fn forget(&self, object_type: &str, id: &str) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        let mut account = self.shared.lock();
        account.user_forget(kind, id).map_err(SimError::Refused)
    }
}
