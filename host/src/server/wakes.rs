//! Wakes what works for a connection, when something has come in for it.

use std::collections::BTreeMap;

use tokio::sync::Notify;

/// One bell for each connection.
#[derive(Debug)]
pub struct Wakes(BTreeMap<String, Notify>);

impl Wakes {
    /// For these connections.
    pub fn of<'a>(names: impl Iterator<Item = &'a String>) -> Wakes {
        Wakes(names.map(|name| (name.clone(), Notify::new())).collect())
    }

    /// Rings; who is at work looks once more when it is done.
    pub fn wake(&self, connection: &str) {
        if let Some(bell) = self.0.get(connection) {
            bell.notify_one();
        }
    }

    /// Waits for the bell of a connection.
    pub async fn woken(&self, connection: &str) {
        match self.0.get(connection) {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }
}
